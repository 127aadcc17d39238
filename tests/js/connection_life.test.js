import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin, changes, connection, open, page, server } from "./connected.js";

beforeEach(begin);

test("nothing happens when a page becomes hidden", () => {
  open();
  page.socket.end();
  page.document.hidden = true;

  page.fire("visibilitychange");

  assert.equal(page.sockets.length, 1);
});

for (const event of ["online", "offline", "visibilitychange"]) {
  test(`a dead socket is replaced five seconds after the event ${event}`, async () => {
    open();
    page.random = 0;
    const dead = page.socket;

    page.fire(event);
    assert.deepEqual(dead.sent.at(-1), { id: "ping", action: "ping" });
    await page.clock.pass(5_000);

    assert.equal(dead.closedWith, 1000);
    assert.equal(page.sockets.length, 2);
    assert.deepEqual(changes.at(-2), ["open", "waiting", 1006]);
  });
}

test("a socket that answers is kept", async () => {
  open();

  page.fire("online");
  page.socket.say({ id: "ping", status: 200, headers: {}, body: "pong" });
  await page.clock.pass(5_000);

  assert.equal(page.sockets.length, 1);
});

test("a connection that dies without a word is noticed within two intervals", async () => {
  open();

  await page.clock.pass(50_000);

  assert.equal(changes.at(-1)[1], "waiting");
});

test("messages of a socket that was given up are not heard", async () => {
  open();
  const { onmessage, onclose } = page.socket;
  await page.clock.pass(50_000);

  assert.ok(onmessage && onclose);
  assert.equal(page.sockets[0].onmessage, null);
  assert.equal(page.sockets[0].onclose, null);
});

test("an attempt without an answer is given up", async () => {
  connection.open();

  await page.clock.pass(25_000);

  assert.equal(page.sockets[0].closedWith, 1000);
  assert.deepEqual(changes.at(-1), ["connecting", "waiting", 1006]);
});

test("an attempt that the browser delays is replaced if the server answers by HTTP", async () => {
  connection.open();
  await page.clock.pass(7_000);
  assert.deepEqual([server.asked, page.sockets.length], [1, 1]); // the server does not answer
  server.answer = "answered";

  await page.clock.pass(7_000);
  assert.deepEqual([server.asked, page.socket.closedWith], [2, 1000]);
  await page.clock.pass(4_000);

  assert.equal(page.sockets.length, 2);
});

test("an attempt that opens while the server is asked by HTTP is kept", async () => {
  server.answer = "answered";
  connection.open();
  page.clock.sleep(7_000);
  const passing = page.clock.pass(0);
  page.socket.accept();
  await passing;

  connection.welcome();
  await page.clock.pass(7_000);

  assert.deepEqual([connection.state, page.sockets.length], ["open", 1]);
});

for (const event of ["online", "visibilitychange"]) {
  test(`the event ${event} replaces an attempt that is older than two seconds`, () => {
    connection.open();
    page.clock.sleep(1_000);
    page.fire(event);
    assert.equal(page.sockets.length, 1); // the attempt has only just begun
    page.clock.sleep(1_001);

    page.fire(event);

    assert.equal(page.sockets[0].closedWith, 1000);
    assert.deepEqual([connection.state, page.sockets.length], ["connecting", 2]);
  });
}

test("the event online checks a socket whose greeting is not answered yet, and keeps it", () => {
  connection.open();
  page.socket.accept();
  page.clock.sleep(5_000);

  page.fire("online");

  assert.equal(page.sockets.length, 1);
  assert.deepEqual(page.socket.sent.at(-1), { id: "ping", action: "ping" });
});

test("a socket is given up if a reply is awaited and nothing comes for ten seconds", async () => {
  open();
  page.random = 0;
  server.isAwaiting = true;
  connection.send('{"a": 1}');

  await page.clock.pass(9_999);
  assert.equal(page.sockets.length, 1);
  await page.clock.pass(1);

  assert.equal(page.sockets.length, 2);
});
