import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { load, page, realtime } from "./loaded.js";
import { response } from "./page.js";

beforeEach(() => load());

/** Let two attempts fail, after which the server is asked by HTTP. */
async function failTwice() {
  for (let count = 0; count < 2; count++) {
    page.socket.end();
    await page.clock.pass(page.clock.next);
  }
}

test("a page reloads if the server refuses its session", async () => {
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, page.state], [1, 1, "stale"]);
});

test("a page that is refused after its reloads as well is closed, and the console says why", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const { sessionStorage: storage } = page;
  for (const connectionId of ["the-next-page", "the-last-page"]) {
    page.answer = () => response(403, { "X-Realtime-Refused": "session" });
    await failTwice();
    await page.clock.pass(500);
    load({ storage, connectionId });
  }
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(60_000);

  assert.deepEqual([realtime.state, page.reloads], ["closed", 0]);
  assert.match(said.mock.calls[0].arguments[0], /see the app's log.*SameSite=None/);
});

test("a page without storage, whose reloads nobody counts, is closed when its first socket is refused", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const getItem = () => {
    throw new Error("SecurityError");
  };
  load({ storage: { getItem } });
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(60_000);

  assert.deepEqual([realtime.state, page.reloads], ["closed", 0]);
  assert.match(said.mock.calls[0].arguments[0], /see the app's log.*SameSite=None/);
});

test("a page without storage is loaded anew if its session changes after a socket was accepted", async () => {
  load({ storage: {} });
  page.socket.welcome();

  page.socket.end(4001);
  await page.clock.pass(60_000);

  assert.deepEqual([page.details("identity").length, page.reloads], [1, 1]);
});

for (const status of [401, 403, 404, 502, 0]) {
  test(`a router that answers ${status} while the app restarts does not close the client`, async () => {
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

test("a page that prevents its reloads stays connected, also where the server knows it no more", async () => {
  for (const name of ["identity", "lost"]) {
    page.document.addEventListener(`realtime:${name}`, (event) => event.preventDefault());
  }
  page.socket.welcome();

  for (let count = 0; count < 4; count++) { // log-ins and log-outs
    page.socket.end(4001);
    await page.clock.pass(2_000);
    if (realtime.state !== "closed") page.socket.welcome({ known: false });
    await page.clock.pass(10_000);
  }

  assert.deepEqual([realtime.state, page.details("identity").length], ["open", 4]);
});
