import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { failure, load, page, realtime } from "./loaded.js";
import { CONNECTION_ID, response, settled } from "./page.js";

beforeEach(() => load());

test("a reply for which cookies wait is given when they are there", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  page.socket.welcome();
  let reply;
  realtime.call("/login").then((value) => (reply = value));

  page.socket.say({ id: "1", status: 302, headers: { Location: "/" }, body: "", session: true });
  await settled();
  assert.equal(reply, undefined);
  arrive(204);
  await settled();

  assert.equal(reply.status, 302);
  assert.equal(page.clock.pending, 1); // the heartbeat's
});

test("a log-out that ends the socket is handed over all the same", async () => {
  page.answer = (count) => (count === 1 ? 503 : 204);
  page.socket.welcome();
  let reply;
  realtime.call("/logout").then((value) => (reply = value));

  page.socket.say({ id: "1", status: 302, headers: { Location: "/" }, body: "", session: true });
  page.socket.end(1000);
  await settled();
  assert.deepEqual([realtime.state, reply], ["closed", undefined]);
  await page.clock.pass(1_000);

  assert.equal(reply.status, 302);
  assert.equal(page.fetches.length, 2);
});

test("what waits is asked for when a reply is lost that might have told of it", async () => {
  page.socket.welcome();
  page.socket.end();
  assert.equal(page.fetches.length, 0);
  await page.clock.pass(1_000);
  page.socket.welcome();
  failure(realtime.call("/login", { method: "post" }));

  page.socket.end();

  assert.equal(page.fetches.length, 1);
});

test("fetch names the page to its own app, and to nobody else", async () => {
  await realtime.fetch("/here", { method: "POST", headers: { "X-Mine": "1" } });
  await realtime.fetch("http://other.test/there");

  const [here, there] = page.fetches.map(({ resource }) => resource);
  assert.equal(here.headers.get("X-Realtime-Connection-Id"), CONNECTION_ID);
  assert.equal(here.headers.get("X-Mine"), "1");
  assert.equal(here.method, "POST");
  assert.equal(there.headers.get("X-Realtime-Connection-Id"), null);
});

test("fetch goes on without the page's name where a redirect to another origin minds it", async () => {
  page.answer = (count) => (count === 1 ? new TypeError("Failed to fetch") : 200);

  const response = await realtime.fetch("/leads-away");

  const [first, second] = page.fetches.map(({ resource }) => resource);
  assert.equal(response.status, 200);
  assert.equal(second.url, first.url);
  assert.equal(second.headers.get("X-Realtime-Connection-Id"), null);
});

test("fetch does nothing twice that may be done only once", async () => {
  page.answer = () => new TypeError("Failed to fetch");

  await failure(realtime.fetch("/pay", { method: "post" }));

  assert.equal(page.fetches.length, 1);
});

test("fetch waits for cookies that are on their way", async () => {
  let arrive;
  page.answer = (count) => (count === 1 ? new Promise((resolve) => (arrive = resolve)) : 200);
  page.socket.welcome();
  realtime.call("/login");
  page.socket.say({ id: "1", status: 204, headers: {}, body: "", session: true });
  await settled();

  const response = realtime.fetch("/mine");
  await settled();
  assert.equal(page.fetches.length, 1);
  arrive(204);

  assert.equal((await response).status, 200);
});
