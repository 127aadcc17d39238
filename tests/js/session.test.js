import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Session } from "../../flask_realtime/javascript/session.js";
import { CONNECTION_ID, FakePage, response, settled } from "./page.js";

let page, session;

beforeEach(() => {
  page = new FakePage();
  session = new Session(page, "/_realtime/session", () => CONNECTION_ID);
});

/** Whether a promise is resolved. */
async function isSettled(promise) {
  let isSo = false;
  promise.then(() => (isSo = true));
  await settled();
  return isSo;
}

test("changes are fetched with the page's id, by a request that survives the page", async () => {
  await session.take();

  const [{ resource, options }] = page.fetches;
  assert.equal(resource, "/_realtime/session");
  assert.equal(options.method, "POST");
  assert.equal(options.headers["X-Realtime-Connection-Id"], CONNECTION_ID);
  assert.equal(options.keepalive, true);
  assert.equal(page.clock.pending, 0);
});

// A router may answer so while the app restarts, and so may a hotel's network.
for (const trouble of [503, 429, 401, 403, 404, 200, 0, new TypeError("Failed to fetch")]) {
  test(`after ${trouble} the fetch is retried with growing delays until it succeeds`, async () => {
    page.answer = (count) => (count < 4 ? trouble : 204);
    page.random = 1;
    const taken = session.take();
    await settled();

    await page.clock.pass(999);
    assert.equal(page.fetches.length, 1);
    await page.clock.pass(1);
    assert.equal(page.fetches.length, 2);
    await page.clock.pass(1_000 + 1_000);

    await taken;
    assert.equal(page.fetches.length, 4);
    assert.equal(page.clock.pending, 0);
  });
}

test("a retry has the taker's name of the first try, the next fetch has another", async () => {
  const named = () => page.fetches.map(({ options }) => options.headers["X-Realtime-Taker"]);
  page.answer = (count) => (count < 3 ? [503, new TypeError("Failed to fetch")][count - 1] : 204);
  const taken = session.take();
  await settled();
  await page.clock.pass(60_000);
  await taken;
  await new Promise((resolve) => setTimeout(resolve, 2)); // the taker's name is made from the time

  await session.take();

  const [first, second, third, next] = named();
  assert.match(String(first), /^[A-Za-z0-9_-]{1,64}$/);
  assert.deepEqual([second, third], [first, first]);
  assert.notEqual(next, first);
});

test("a refusal of the app is not retried", async () => {
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await session.take();
  await page.clock.pass(60_000);

  assert.equal(page.fetches.length, 1);
});

test("take() resolves after three seconds at the latest, and the fetch goes on", async () => {
  page.answer = (count) => (count < 5 ? 503 : 204);
  page.random = 1;
  const taken = session.take();
  await settled();

  await page.clock.pass(2_999);
  assert.equal(await isSettled(taken), false);
  await page.clock.pass(1);
  assert.equal(await isSettled(taken), true);
  await page.clock.pass(60_000);

  assert.equal(page.fetches.length, 5);
});

test("a take() during a fetch causes another fetch", async () => {
  let arrive;
  page.answer = (count) => (count === 1 ? new Promise((resolve) => (arrive = resolve)) : 204);
  const first = session.take();
  await settled();
  const second = session.take();

  arrive(204);
  await settled();
  await page.clock.pass(0);

  await Promise.all([first, second]);
  assert.equal(page.fetches.length, 2);
});

test("a take() before the next retry is served by that retry", async () => {
  page.answer = (count) => (count === 1 ? 503 : 204);
  page.random = 1;
  const first = session.take();
  await settled();
  await page.clock.pass(500);
  const second = session.take();

  await page.clock.pass(500);

  await Promise.all([first, second]);
  assert.equal(page.fetches.length, 2);
});

test("ask() during a fetch waits for that fetch", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  session.take();
  const other = session.ask();

  arrive(204);

  assert.equal(await other, "answered");
  assert.equal(page.fetches.length, 1);
});

test("the answer to ask() is none to the changes that wait meanwhile", async () => {
  let arrive;
  page.answer = (count) => (count === 1 ? new Promise((resolve) => (arrive = resolve)) : count === 2 ? 503 : 204);
  const asked = session.ask();
  const taken = session.take();
  arrive(204);
  assert.equal(await asked, "answered");

  await settled();
  await page.clock.pass(2_000);
  await taken;

  assert.equal(page.fetches.length, 3);
});

test("arrived() waits as long as the fetch takes", async () => {
  page.answer = (count) => (count < 9 ? 503 : 204);
  page.random = 1;
  session.take();
  const arrived = session.arrived();

  await page.clock.pass(10_000);
  assert.equal(await isSettled(arrived), false);
  await page.clock.pass(60_000);

  assert.equal(await isSettled(arrived), true);
});

test("arrived() waits for fetches of other pages, until its timeout", async () => {
  let release;
  const asked = [];
  page.navigator.locks = {
    request: (...options) => (asked.push(options), new Promise((resolve) => (release = resolve))),
  };
  const arrived = session.arrived();
  assert.equal(await isSettled(arrived), false);
  release();
  assert.equal(await isSettled(arrived), true);

  page.navigator.locks.request = () => Promise.reject(new Error("TimeoutError"));
  assert.equal(await isSettled(session.arrived()), true);

  const [[name, { mode }]] = asked;
  assert.deepEqual([name, mode], ["realtime", undefined]);
});

test("a stopped session makes no more requests, and its promises resolve", async () => {
  page.answer = () => 503;
  const taken = session.take();
  await settled();

  session.stop();
  await taken;
  await page.clock.pass(60_000);

  assert.equal(page.fetches.length, 1);
  assert.equal(page.clock.pending, 0);
});

test("a session that is stopped during a request makes no further ones", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  const taken = session.take();
  await settled();

  session.stop();
  arrive(503);
  await taken;
  await settled();

  assert.equal(page.clock.pending, 0);
});

for (const [answer, expected] of [
  [response(403, { "X-Realtime-Refused": "session" }), "refused"],
  [204, "answered"],
  [401, 401],
  [403, 403],
  [404, 404],
  [0, 0], // a redirect by a router, or by a hotel's network
  [503, 503],
  [new TypeError("Failed to fetch"), undefined],
]) {
  test(`ask() resolves with ${expected ?? "nothing"} for the answer ${answer.status ?? answer}`, async () => {
    page.answer = () => answer;

    assert.equal(await session.ask(), expected);
  });
}

test("a browser without AbortSignal.timeout, such as Safari 15, fetches changes too", async () => {
  page.AbortSignal = {};

  await session.take();
  await session.arrived();

  assert.equal(page.fetches.length, 1);
  assert.equal(page.clock.pending, 0);
});

test("changes are fetched for the page whose call has made them, also once another page is shown", async () => {
  let shown = "the-page-that-calls";
  session = new Session(page, "/_realtime/session", () => shown);
  page.answer = (count) => (count < 3 ? 503 : 204);
  const taken = session.take();
  await settled();
  shown = "a-page-of-turbo-in-its-place";
  session.take();
  const answer = session.ask(); // before a socket of that page
  await page.clock.pass(60_000);
  await Promise.all([taken, answer]);

  const headers = page.fetches.map(({ options }) => options.headers);
  const asked = headers.map((one) => one["X-Realtime-Connection-Id"]);
  assert.deepEqual(asked, ["the-page-that-calls", "the-page-that-calls", "the-page-that-calls", shown]);
  const [first, ...others] = headers.map((one) => one["X-Realtime-Taker"]);
  assert.deepEqual(others.slice(0, 2), [first, first]); // an answer may have been lost
});

test("a page without an id that is replaced by one with an id asks for none any more", async () => {
  let shown = "";
  session = new Session(page, "/_realtime/session", () => shown);
  page.answer = (count) => (count === 1 ? 503 : 204);
  const taken = session.take();
  await settled();
  shown = "a-page-of-turbo-in-its-place";
  await page.clock.pass(60_000);
  await taken;

  const asked = page.fetches.map(({ options }) => options.headers["X-Realtime-Connection-Id"]);
  assert.deepEqual(asked, ["new", shown]);
});

test("a refusal of a page that another has replaced says nothing of the page that is shown", async () => {
  let shown = "former";
  session = new Session(page, "/_realtime/session", () => shown);
  page.answer = (count) => (count < 2 ? 503 : response(403, { "X-Realtime-Refused": "session" }));
  session.take();
  await settled();
  shown = CONNECTION_ID;

  assert.equal(await session.ask(), "answered");
  assert.equal(page.fetches[1].options.headers["X-Realtime-Connection-Id"], "former");

  await page.clock.pass(60_000);
  assert.equal(await session.ask(), "refused");
});
