import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { load, page, realtime } from "./loaded.js";
import { settled } from "./page.js";

beforeEach(() => load());

/** Have a call change the session, so that the page fetches the cookies. */
async function change(uri) {
  page.socket.welcome();
  realtime.call(uri, { method: "post" });
  page.socket.say({ id: "1", status: 204, headers: {}, body: null, session: "told" });
  await settled();
}

test("a change of the session is reported, and the page reloads", async () => {
  page.socket.welcome();

  page.socket.end(4001, "the session changed");
  await page.clock.pass(500);

  assert.deepEqual(page.details("identity"), [{ code: 4001, reason: "the session changed" }]);
  assert.deepEqual([page.state, page.reloads], ["stale", 1]);
});

test("the page reloads only after the cookies of a call have been set", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  await change("/log-in");
  page.socket.end(4001);
  await page.clock.pass(2_500);
  assert.deepEqual([page.reloads, page.probes.length, realtime.state], [0, 0, "stale"]);

  arrive(204);
  await page.clock.pass(0);

  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 1, "stale"]);
});

test("the page says with each try to fetch what a call has changed what the reply has told it", async () => {
  page.answer = (count) => (count === 1 ? 503 : 204);
  page.socket.welcome();
  const reply = realtime.call("/cart", { method: "post" });
  page.socket.say({ id: "1", status: 204, headers: {}, body: null, session: "of this session" });
  await settled();
  await page.clock.pass(1_000);
  await reply;

  const told = page.fetches.map(({ options }) => options.headers["X-Realtime-Session"]);
  assert.deepEqual(told, ["of this session", "of this session"]);
});

test("what a call has changed is fetched though the client is closed before an answer", async () => {
  page.answer = (count) => (count < 3 ? 503 : 204);
  await change("/log-out");

  realtime.close();
  await page.clock.pass(20_000);

  assert.deepEqual([realtime.state, page.fetches.length], ["closed", 3]);
});

test("no socket opens by the cookies of before while those of a call are on their way", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  await change("/cart");
  page.socket.end(1012);
  await page.clock.pass(2_000);
  page.fire("online");
  await settled();
  assert.equal(page.sockets.length, 1);

  arrive(204);
  await settled();

  assert.equal(page.sockets.length, 2);
});

for (const [what, show] of [
  ["brings back", () => (page.fire("pagehide"), page.fire("pageshow"))],
  ["shows in place of another", () => page.replaceBody({ socketConnectionId: "the-next-page" })],
]) {
  test(`a page that the browser ${what} amid a fetch of cookies waits for them`, async () => {
    let arrive;
    page.answer = () => new Promise((resolve) => (arrive = resolve));
    await change("/cart");
    show();
    await settled();
    assert.equal(page.sockets.length, 1);

    arrive(204);
    await settled();

    assert.equal(page.sockets.length, 2);
  });
}

test("a socket opens all the same when nobody answers who would set the cookies of a call", async () => {
  page.answer = () => new Promise(() => {});
  await change("/cart");
  page.socket.end(1012);
  await page.clock.pass(2_000);
  assert.equal(page.sockets.length, 1);

  await page.clock.pass(3_000);

  assert.equal(page.sockets.length, 2);
});

test("a page whose reload waits for the answer to a form is not closed by a second refusal", async () => {
  const visit = {};
  page.socket.welcome();
  realtime.visits.add(visit);
  page.socket.end(4001);
  await page.clock.pass(2_000);
  page.socket.accept();
  page.socket.end(4001);
  await page.clock.pass(2_000);
  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 0, "stale"]);

  realtime.visits.delete(visit);
  await page.clock.pass(10_000);

  assert.equal(page.reloads, 1);
});

test("a page that replaces one which was to be loaded anew heeds a change of the session, amid a download, too", async () => {
  const visit = {};
  page.socket.welcome();
  realtime.visits.add(visit);
  page.socket.end(4001);
  page.replaceBody({ socketConnectionId: "the-next-page" });
  page.socket.welcome();
  realtime.visits.delete(visit);
  page.fire("beforeunload"); // of a download, after which the page stays

  page.socket.end(4001);

  assert.equal(page.details("identity").length, 2);
  await page.clock.pass(20_000);
  assert.equal(page.reloads, 1);
});

test("a page that prevents the reload goes on under the new session", async () => {
  page.document.addEventListener("realtime:identity", (event) => event.preventDefault());
  page.socket.welcome();

  page.socket.end(4001);
  await page.clock.pass(2_000);
  page.socket.welcome();
  await page.clock.pass(20_000);

  assert.deepEqual([realtime.state, page.reloads], ["open", 0]);
});

test("a page that reloads between a log-out and a log-in reloads once more", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome();
  page.socket.end(4001);
  await page.clock.pass(500);
  load({ storage, connectionId: "the-page-of-a-stranger" });
  page.socket.accept();

  page.socket.end(4001, "the session changed");
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 1, "stale"]);
});

test("refusals while the page is being loaded anew are no changes, however long its view takes", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome();
  page.socket.end(4001);
  await page.clock.pass(500);
  for (let count = 0; count < 2; count++) {
    await page.clock.pass(2_000);
    page.socket.accept();
    page.socket.end(4001);
  }
  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 1, "stale"]);
  load({ storage, connectionId: "the-page-of-a-stranger" });
  page.socket.accept();

  page.socket.end(4001);
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 1, "stale"]);
});

test("a third change of the session in a row closes the client without a reload", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome();
  for (const connectionId of ["the-next-page", "the-last-page"]) {
    page.socket.end(4001);
    await page.clock.pass(500);
    assert.equal(page.reloads, 1);
    load({ storage, connectionId });
    page.socket.accept();
  }

  page.socket.end(4001, "the session changed");
  await page.clock.pass(60_000);

  assert.deepEqual([page.details("identity"), page.reloads, realtime.state], [[], 0, "closed"]);
  const [{ code, state }] = page.details("close");
  assert.deepEqual([code, state], [4001, "closed"]);
});

/** Have the page be turned away, and loaded anew after a while. */
async function turnAway(connectionId) {
  const { sessionStorage: storage } = page;
  page.socket.end(4001);
  await page.clock.pass(500);
  load({ storage, connectionId });
  page.socket.accept();
}

test("a page that is turned away once more asks for a session that lives, until there is one", async () => {
  page.socket.welcome();
  await turnAway("the-next-page-of-it");
  page.answer = (count) => (count < 3 ? 202 : 204);

  page.socket.end(4001);
  await page.clock.pass(500);
  assert.deepEqual([page.reloads, realtime.state], [0, "stale"]);
  await page.clock.pass(5_000);

  const told = page.fetches.map(({ options }) => options.headers["X-Realtime-Session"]);
  assert.deepEqual([told, page.reloads], [[4001, 4001, 4001], 1]);
});

test("a page that is left while it asks for a session counts as none that was loaded anew in vain", async () => {
  page.socket.welcome();
  await turnAway("the-next-page-of-it");
  const { sessionStorage: storage } = page;
  page.answer = () => 202;
  page.socket.end(4001);
  await page.clock.pass(5_000);
  load({ storage, connectionId: "a-page-by-a-link" });
  page.socket.accept();

  page.socket.end(4001);
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [1, 1, "stale"]);
});

test("a reload that another page has called off, in the same document, counts as none when the answer comes", async () => {
  let arrive;
  page.socket.welcome();
  await turnAway("the-next-page-of-it");
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  page.socket.end(4001);
  await page.clock.pass(500);
  page.replaceBody({ socketConnectionId: "a-page-by-a-link" });
  await page.clock.pass(3_000);
  page.socket.welcome();
  arrive(204);
  await settled();

  page.socket.end(4001); // a log-out, long after
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, realtime.state], [2, 1, "stale"]);
});

test("a page that its reload has brought back out of a cache is closed all the same", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome();
  page.socket.end(4001);
  await page.clock.pass(500);
  load({ storage });

  for (let count = 0; count < 4 && realtime.state !== "closed"; count++) {
    page.socket.accept();
    page.socket.end(4001);
    await page.clock.pass(4_000);
  }

  assert.deepEqual([realtime.state, page.reloads], ["closed", 0]);
});

for (const isSubscribed of [true, false]) {
  test(`after an accepted socket, a change counts as the first again; subscribed: ${isSubscribed}`, async () => {
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
