import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { failure, load, page, realtime } from "./loaded.js";
import { CONNECTION_ID, response, settled } from "./page.js";

beforeEach(() => load());

test("a reply that changes cookies resolves after the cookies are set", async () => {
  let arrive;
  page.answer = () => new Promise((resolve) => (arrive = resolve));
  page.socket.welcome();
  let reply;
  realtime.call("/login").then((value) => (reply = value));

  page.socket.say({ id: "1", status: 302, headers: { Location: "/" }, body: "", session: "told" });
  await settled();
  assert.equal(reply, undefined);
  arrive(204);
  await settled();

  assert.equal(reply.status, 302);
  assert.equal(page.clock.pending, 1); // the timer of the heartbeat
});

test("the cookies of a log-out that closes the socket are fetched all the same", async () => {
  page.answer = (count) => (count === 1 ? 503 : 204);
  page.socket.welcome();
  let reply;
  realtime.call("/logout").then((value) => (reply = value));

  page.socket.say({ id: "1", status: 302, headers: { Location: "/" }, body: "", session: "told" });
  page.socket.end(1000);
  await settled();
  assert.deepEqual([realtime.state, reply], ["closed", undefined]);
  await page.clock.pass(1_000);

  assert.equal(reply.status, 302);
  assert.equal(page.fetches.length, 2);
});

test("changes of cookies are fetched if a reply is lost that may have announced them", async () => {
  page.socket.welcome();
  page.socket.end();
  assert.equal(page.fetches.length, 0);
  await page.clock.pass(1_000);
  page.socket.welcome();
  failure(realtime.call("/login", { method: "post" }));

  page.socket.end();
  await settled();

  assert.equal(page.fetches.length, 1);
});

test("fetch sends the page's id to its own app, and to no other origin", async () => {
  await realtime.fetch("/here", { method: "POST", headers: { "X-Mine": "1" } });
  await realtime.fetch("http://other.test/there");

  const [here, there] = page.fetches.map(({ resource }) => resource);
  assert.equal(here.headers.get("X-Realtime-Connection-Id"), CONNECTION_ID);
  assert.equal(here.headers.get("X-Mine"), "1");
  assert.equal(here.method, "POST");
  assert.equal(there.headers.get("X-Realtime-Connection-Id"), null);
});

test("fetch repeats a GET without the page's id if a redirect to another origin fails", async () => {
  page.answer = (count) => (count === 1 ? new TypeError("Failed to fetch") : 200);

  const response = await realtime.fetch("/leads-away");

  const [first, second] = page.fetches.map(({ resource }) => resource);
  assert.equal(response.status, 200);
  assert.equal(second.url, first.url);
  assert.equal(second.headers.get("X-Realtime-Connection-Id"), null);
});

test("fetch never repeats a POST", async () => {
  page.answer = () => new TypeError("Failed to fetch");

  await failure(realtime.fetch("/pay", { method: "post" }));

  assert.equal(page.fetches.length, 1);
});

test("fetch waits for cookies that are being fetched", async () => {
  let arrive;
  page.answer = (count) => (count === 1 ? new Promise((resolve) => (arrive = resolve)) : 200);
  page.socket.welcome();
  realtime.call("/login");
  page.socket.say({ id: "1", status: 204, headers: {}, body: "", session: "told" });
  await settled();

  const response = realtime.fetch("/mine");
  await settled();
  assert.equal(page.fetches.length, 1);
  arrive(204);

  assert.equal((await response).status, 200);
});
