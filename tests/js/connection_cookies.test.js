import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin, connection, open, page, server } from "./connected.js";
import { settled } from "./page.js";

let arrive;

beforeEach(begin);

/** Have cookies be fetched from now on, until `arrive` is called. */
function fetchCookies() {
  server.settling = new Promise((resolve) => (arrive = resolve));
}

for (const [what, prepare] of [
  ["that was loaded", () => page.fire("DOMContentLoaded")],
  ["that the back button brings back", () => (page.fire("pagehide"), page.fire("pageshow"))],
  ["with the network back", () => page.fire("online")],
  ["whose attempt has taken long", () => (connection.open(), page.clock.sleep(2_001), page.fire("online"))],
]) {
  test(`a page ${what} opens its socket only with the cookies that are being fetched`, async () => {
    fetchCookies();
    prepare();
    await settled();
    assert.equal(connection.state, "waiting");
    const before = page.sockets.length;

    arrive();
    await settled();

    assert.deepEqual([connection.state, page.sockets.length], ["connecting", before + 1]);
  });
}

test("a script's open() waits for no cookies", () => {
  fetchCookies();

  connection.open();

  assert.equal(page.sockets.length, 1);
});

test("a socket that was closed while cookies were fetched stays closed", async () => {
  fetchCookies();
  page.fire("DOMContentLoaded");
  connection.close();

  arrive();
  await settled();

  assert.deepEqual([connection.state, page.sockets.length], ["closed", 0]);
});

test("events during the wait for cookies open one socket, and none after it has failed", async () => {
  fetchCookies();
  const first = arrive;
  page.fire("DOMContentLoaded");
  fetchCookies();
  page.fire("online");
  page.fire("visibilitychange");
  first();
  await settled();
  assert.equal(page.sockets.length, 1);
  page.socket.end();

  arrive();
  await settled();

  assert.deepEqual([connection.state, page.sockets.length, page.clock.pending], ["waiting", 1, 1]);
});

test("waits for cookies are no attempts, after two of which the server is asked by HTTP", async () => {
  open();
  fetchCookies();
  page.socket.end();
  for (let count = 0; count < 4; count++) page.fire("online");
  await settled();
  arrive();
  await settled();
  page.socket.end();
  await page.clock.pass(page.clock.next);

  assert.deepEqual([connection.state, page.sockets.length, server.asked], ["connecting", 3, 0]);
});
