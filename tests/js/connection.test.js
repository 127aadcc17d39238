import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin, URL, changes, connection, open, page } from "./connected.js";

beforeEach(begin);

test("a socket opens after the page's scripts have run", () => {
  assert.equal(connection.state, "waiting");

  page.fire("DOMContentLoaded");

  assert.equal(page.sockets.length, 1);
  assert.equal(page.socket.url, URL);
});

test("a page that the browser renders ahead opens its socket when it is visited", () => {
  Object.defineProperty(page.Document.prototype, "prerendering", { value: true, configurable: true });
  page.document.hidden = true;
  for (const type of ["DOMContentLoaded", "pageshow", "online"]) page.fire(type);
  assert.equal(page.sockets.length, 0);

  delete page.Document.prototype.prerendering;
  page.document.hidden = false;
  page.fire("visibilitychange");

  assert.equal(page.sockets.length, 1);
});

test("a socket opens even if the script came after the page had loaded", () => {
  page.fire("pageshow");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 1);
});

test("a connection sends its greeting, and is open when that is answered", () => {
  connection.open();
  assert.equal(connection.state, "connecting");
  page.socket.accept();
  assert.equal(connection.state, "connecting");
  assert.deepEqual(page.socket.sent, [{ hello: 1 }]);

  connection.welcome();

  assert.equal(connection.state, "open");
  assert.deepEqual(
    changes.map(([before, state]) => [before, state]),
    [["waiting", "connecting"], ["connecting", "open"]],
  );
});

test("a connection takes messages only while it is open", () => {
  assert.equal(connection.send("{}"), false);
  connection.open();
  assert.equal(connection.send("{}"), false);
  page.socket.accept();
  assert.equal(connection.send("{}"), false);
  connection.welcome();

  assert.equal(connection.send('{"a": 1}'), true);
  assert.deepEqual(page.socket.sent.at(-1), { a: 1 });
  page.socket.readyState = 2; // the socket is closing, but has dispatched no event yet
  assert.equal(connection.send("{}"), false);
});

test("calling open() again opens no second socket", () => {
  open();
  connection.open();
  page.fire("DOMContentLoaded");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 1);
});

test("another socket opens after one was lost", async () => {
  open();
  page.socket.end(1006);
  assert.deepEqual(changes.at(-1), ["open", "waiting", 1006]);

  await page.clock.pass(1_000);
  page.socket.accept();
  connection.welcome();

  assert.equal(page.sockets.length, 2);
  assert.equal(connection.state, "open");
});

test("delays begin at the shortest again only after a socket that lived for ten seconds", async () => {
  page.random = 1;
  open();
  await page.clock.pass(9_999);
  page.socket.end(1006);
  assert.equal(page.clock.next, 4_000); // a part of the time since the connection last worked
  await page.clock.pass(4_000);
  page.socket.accept();
  connection.welcome();
  await page.clock.pass(10_000);

  page.socket.end(1006);

  assert.equal(page.clock.next, 1_000);
});

test("no socket opens after the server has ended the log-in", async () => {
  open();

  page.socket.end(1000, "logged out");
  await page.clock.pass(3_600_000);
  for (const event of ["online", "visibilitychange", "pageshow"]) page.fire(event);

  assert.deepEqual(changes.at(-1), ["open", "closed", 1000]);
  assert.equal(page.sockets.length, 1);
});

for (const event of ["online", "visibilitychange"]) {
  test(`the event ${event} begins the next attempt at once`, async () => {
    open();
    page.socket.end(1013);

    page.fire(event);

    assert.equal(page.sockets.length, 2);
    assert.equal(page.clock.pending, 2); // the timers of the heartbeat and of the attempt
  });
}

test("a page that has loaded makes no attempt more before the delay that a busy server wants", async () => {
  page.fire("DOMContentLoaded");
  page.socket.end(1008);

  connection.start(); // the script looks every second whether the page has loaded
  page.fire("pageshow");
  await page.clock.pass(29_999);

  assert.equal(page.sockets.length, 1);
});

test("a page closes its socket when it is left, and opens one when it is shown again", async () => {
  open();

  page.fire("pagehide");
  assert.equal(page.socket.closedWith, 1000);
  assert.equal(page.clock.pending, 0);
  assert.equal(connection.state, "waiting");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 2);
  assert.equal(connection.state, "connecting");
});

test("a closed connection has no timer, and can be opened again", async () => {
  for (const prepare of [open, () => connection.open(), () => page.socket.end()]) {
    prepare();

    connection.close();

    assert.equal(page.clock.pending, 0);
    assert.equal(connection.state, "closed");
    connection.open();
    assert.equal(connection.state, "connecting");
  }
});

test("each change of the state is reported once", () => {
  open();

  connection.close();
  connection.close();

  assert.deepEqual(changes.map(([, state]) => state), ["connecting", "open", "closed"]);
});

test("a connection that was closed before the page had loaded does not open by itself", () => {
  connection.close();

  page.fire("DOMContentLoaded");
  page.fire("pagehide");
  page.fire("pageshow");

  assert.equal(page.sockets.length, 0);
});
