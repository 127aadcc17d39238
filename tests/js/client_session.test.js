import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { load, page, realtime } from "./loaded.js";
import { response, settled } from "./page.js";

beforeEach(() => load());

test("a session that changed is raised, and reloads the page", async () => {
  page.socket.welcome();

  page.socket.end(4001, "the session changed");
  await page.clock.pass(500);

  assert.deepEqual(page.details("identity"), [{ code: 4001, reason: "the session changed" }]);
  assert.deepEqual([page.state, page.reloads], ["stale", 1]);
});

test("a session that a call has changed arrives before the page is reloaded", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  page.socket.welcome();
  realtime.call("/log-in", { method: "post" });
  page.socket.say({ id: "1", status: 204, headers: {}, body: null, session: true });
  await settled();
  page.socket.end(4001);
  // The next attempt comes with the cookies of before, too: that is no second change.
  await page.clock.pass(2_000);
  page.socket.accept();
  page.socket.end(4001);
  await page.clock.pass(500);
  assert.deepEqual([page.reloads, page.probes.length, realtime.state], [0, 0, "stale"]);

  arrive(204);
  await page.clock.pass(0);

  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 1, "stale"]);
});

test("who prevents that goes on under the new session", async () => {
  page.document.addEventListener("realtime:identity", (event) => event.preventDefault());
  page.socket.welcome();

  page.socket.end(4001);
  await page.clock.pass(2_000);
  page.socket.welcome();
  await page.clock.pass(20_000);

  assert.deepEqual([realtime.state, page.reloads], ["open", 0]);
});

test("a session that changes again ahead of a socket that is known ends it, without a reload", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome();
  page.socket.end(4001);
  await page.clock.pass(500);
  assert.equal(page.reloads, 1);

  load({ storage });
  page.socket.accept();
  page.socket.end(4001, "the session changed");
  await page.clock.pass(60_000);

  assert.deepEqual([page.details("identity"), page.reloads, realtime.state], [[], 0, "closed"]);
  const [{ code, state }] = page.details("close");
  assert.deepEqual([code, state], [4001, "closed"]);
});

for (const isSubscribed of [true, false]) {
  test(`a socket that is known in between makes it the first again; subscribed: ${isSubscribed}`, async () => {
    const { sessionStorage: storage } = page;
    page.socket.welcome();
    page.socket.end(4001);
    await page.clock.pass(500);
    load({ storage, isSubscribed, connectionId: "the-next-page-of-it" });
    page.socket.welcome({ known: isSubscribed });

    page.socket.end(4001);
    await page.clock.pass(500);

    assert.deepEqual([page.details("identity").length, page.reloads], [1, 1]);
  });
}

/** Fail two attempts, behind which the server is asked by HTTP. */
async function failTwice() {
  for (let count = 0; count < 2; count++) {
    page.socket.end();
    await page.clock.pass(page.clock.next);
  }
}

test("a page whose session is gone reloads", async () => {
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, page.state], [1, 1, "stale"]);
});

test("one that is refused after that as well is closed, and the console says why", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const { sessionStorage: storage } = page;
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });
  await failTwice();
  await page.clock.pass(500);
  load({ storage });
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(60_000);

  assert.deepEqual([realtime.state, page.reloads], ["closed", 0]);
  assert.match(said.mock.calls[0].arguments[0], /no session cookie.*SameSite=None/);
});

for (const status of [401, 403, 404, 502, 0]) {
  test(`a router that answers ${status} for an app that restarts ends no page`, async () => {
    page.answer = () => status;
    for (let count = 0; count < 30; count++) {
      if (realtime.state === "connecting") page.socket.end();
      await page.clock.pass(12_000);
    }
    page.answer = () => 204;
    if (realtime.state === "connecting") page.socket.end();
    await page.clock.pass(12_000);

    page.socket.welcome();

    assert.deepEqual([realtime.state, page.reloads, page.details("close")], ["open", 0, []]);
  });
}
