import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin, URL, changes, connection, open, page } from "./connected.js";

beforeEach(begin);

test("it opens when the page's scripts have had their chance to listen", () => {
  assert.equal(connection.state, "waiting");

  page.fire("DOMContentLoaded");

  assert.equal(page.sockets.length, 1);
  assert.equal(page.socket.url, URL);
});

test("it opens too where its script came after the page was loaded", () => {
  page.fire("pageshow");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 1);
});

test("it greets, and is open when it was welcomed", () => {
  connection.open();
  assert.equal(connection.state, "connecting");
  page.socket.accept();
  assert.equal(connection.state, "connecting");
  assert.deepEqual(page.socket.sent, [{ hello: 1 }]);

  connection.welcome();

  assert.equal(connection.state, "open");
  assert.deepEqual(changes, [
    ["waiting", "connecting", undefined],
    ["connecting", "open", undefined],
  ]);
});

test("it takes messages when it is open, and at no other time", () => {
  assert.equal(connection.send("{}"), false);
  connection.open();
  assert.equal(connection.send("{}"), false);
  page.socket.accept();
  assert.equal(connection.send("{}"), false);
  connection.welcome();

  assert.equal(connection.send('{"a": 1}'), true);
  assert.deepEqual(page.socket.sent.at(-1), { a: 1 });
  page.socket.readyState = 2; // closing, and nobody has been told yet
  assert.equal(connection.send("{}"), false);
});

test("it opens once, however often it is told to", () => {
  open();
  connection.open();
  page.fire("DOMContentLoaded");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 1);
});

test("it comes back after its socket was lost", async () => {
  open();
  page.socket.end(1006);
  assert.deepEqual(changes.at(-1), ["open", "waiting", 1006]);

  await page.clock.pass(1_000);
  page.socket.accept();
  connection.welcome();

  assert.equal(page.sockets.length, 2);
  assert.equal(connection.state, "open");
});

test("its delays start anew only after ten good seconds", async () => {
  page.random = 1;
  open();
  await page.clock.pass(9_999);
  page.socket.end(1006);
  assert.equal(page.clock.next, 4_000); // a part of the time since it was all right for the last time
  await page.clock.pass(4_000);
  page.socket.accept();
  connection.welcome();
  await page.clock.pass(10_000);

  page.socket.end(1006);

  assert.equal(page.clock.next, 1_000);
});

test("it stays away when the server ends the log-in", async () => {
  open();

  page.socket.end(1000, "logged out");
  await page.clock.pass(3_600_000);
  for (const event of ["online", "visibilitychange", "pageshow"]) page.fire(event);

  assert.deepEqual(changes.at(-1), ["open", "closed", 1000]);
  assert.equal(page.sockets.length, 1);
});

for (const event of ["online", "visibilitychange", "pageshow"]) {
  test(`it does not wait any longer on ${event}`, async () => {
    open();
    page.socket.end(1013);

    page.fire(event);

    assert.equal(page.sockets.length, 2);
    assert.equal(page.clock.pending, 2); // the heartbeat's, and that of the attempt
  });
}

test("a page that is left holds no socket, and has one when it comes back alive", async () => {
  open();

  page.fire("pagehide");
  assert.equal(page.socket.closedWith, 1000);
  assert.equal(page.clock.pending, 0);
  assert.equal(connection.state, "waiting");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 2);
  assert.equal(connection.state, "connecting");
});

test("a closed one holds no timer, and opens again when it is told to", async () => {
  for (const prepare of [open, () => connection.open(), () => page.socket.end()]) {
    prepare();

    connection.close();

    assert.equal(page.clock.pending, 0);
    assert.equal(connection.state, "closed");
    connection.open();
    assert.equal(connection.state, "connecting");
  }
});

test("a state that stays is told once", () => {
  open();

  connection.close();
  connection.close();

  assert.deepEqual(changes.map(([, state]) => state), ["connecting", "open", "closed"]);
});

test("one that was closed before the page was there does not open by itself", () => {
  connection.close();

  page.fire("DOMContentLoaded");
  page.fire("pagehide");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 0);
});
