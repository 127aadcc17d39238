import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin, URL, connection, fail, page, server } from "./connected.js";
import { settled } from "./page.js";

beforeEach(begin);

test("while the server is away, it is asked by HTTP, and no sockets are tried", async () => {
  connection.open();
  await fail();
  page.socket.end();
  assert.deepEqual([page.sockets.length, server.asked], [2, 0]);

  await page.clock.pass(page.clock.next);
  assert.deepEqual([page.sockets.length, server.asked, connection.state], [2, 1, "waiting"]);

  server.answer = "answered";
  await page.clock.pass(page.clock.next);
  assert.deepEqual([page.sockets.length, server.asked, connection.state], [3, 2, "connecting"]);
});

test("a server that answers by HTTP but accepts no socket is asked before each attempt", async () => {
  server.answer = "answered";
  connection.open();
  for (let count = 0; count < 8; count++) await fail();

  assert.deepEqual([page.sockets.length, server.asked], [9, 7]);
});

test("a new status by HTTP begins an attempt, the same status again does not", async () => {
  const begun = async (status) => {
    const before = page.sockets.length;
    server.answer = status;
    await page.clock.pass(page.clock.next);
    const isBegun = page.sockets.length > before;
    if (isBegun) page.socket.end();
    return isBegun;
  };
  connection.open();
  await fail();
  page.socket.end();

  assert.equal(await begun(404), true);
  assert.equal(await begun(404), false);
  assert.equal(await begun(undefined), false);
  assert.equal(await begun(0), true); // a redirect that is not followed
});

test("if HTTP never answers, attempts are made more and more rarely", async () => {
  connection.open();
  for (let count = 0; count < 70; count++) {
    if (connection.state === "connecting") page.socket.end();
    await page.clock.pass(page.clock.next);
  }

  assert.ok(page.sockets.length > 5 && page.sockets.length < 10, `${page.sockets.length}`);
});

test("events during a question by HTTP do not double the questions", async () => {
  connection.open();
  for (let count = 0; count < 4; count++) {
    if (connection.state === "connecting") page.socket.end();
    await page.clock.pass(page.clock.next);
  }
  page.fire("online");
  page.fire("visibilitychange");
  await settled();

  assert.deepEqual([connection.state, page.clock.pending], ["waiting", 1]);
});

test("a refusal by HTTP is reported", async () => {
  server.answer = "refused";
  connection.open();
  await fail();
  await fail();

  assert.equal(server.refusals, 1);
});

test("after a refusal no socket is tried for half a minute, while the page may reload", async () => {
  server.answer = "refused";
  connection.open();
  await fail();
  await fail();

  await page.clock.pass(29_000);
  assert.deepEqual([server.refusals, page.sockets.length], [1, 2]);

  await page.clock.pass(31_000);
  assert.deepEqual([server.refusals, page.sockets.length], [2, 2]);
});

test("a refusal is ignored if a socket has opened meanwhile", async () => {
  server.answer = "refused";
  connection.open();
  await fail();
  page.socket.end();
  page.fire("online");
  connection.open();
  page.socket.accept();
  connection.welcome();
  await settled();

  assert.deepEqual([connection.state, server.refusals, page.sockets.length], ["open", 0, 3]);
});

test("attempts are counted since a socket last opened", async () => {
  connection.open();
  await fail();
  page.socket.accept();
  page.socket.end();
  await page.clock.pass(page.clock.next);
  page.socket.end();

  assert.equal(server.asked, 0);
});

test("a Content-Security-Policy that forbids the socket closes the connection, with one line in the console", (t) => {
  const said = t.mock.method(console, "error", () => {});
  // In Chromium, the socket fails, and the violation is an event.
  connection.open();
  const violation = { blockedURI: URL, disposition: "enforce", effectiveDirective: "connect-src" };
  page.fire("securitypolicyviolation", { ...violation, blockedURI: "http://app.test/else" });
  page.fire("securitypolicyviolation", { ...violation, disposition: "report" });
  assert.equal(connection.state, "connecting");

  page.fire("securitypolicyviolation", violation);
  page.fire("securitypolicyviolation", violation); // Firefox dispatches the event twice
  page.fire("online");

  assert.deepEqual([connection.state, page.clock.pending], ["closed", 0]);
  assert.equal(said.mock.callCount(), 1);
  assert.match(said.mock.calls[0].arguments[0], /connect-src 'self'/);
});

test("a browser that throws for such a socket gives the same result", (t) => {
  const said = t.mock.method(console, "error", () => {});
  page.WebSocket = class {
    constructor() {
      throw new Error("SecurityError"); // Firefox and WebKit throw before they dispatch the event
    }
  };

  connection.open();
  assert.equal(connection.state, "waiting");
  page.fire("securitypolicyviolation", {
    blockedURI: URL,
    disposition: "enforce",
    effectiveDirective: "connect-src",
  });

  assert.deepEqual([connection.state, page.clock.pending], ["closed", 0]);
  assert.equal(said.mock.callCount(), 1);
});

for (const replaced of ["a variable", function () {}, undefined]) {
  test(`a page with ${replaced} in the place of WebSocket says so at each attempt`, async (t) => {
    const said = t.mock.method(console, "error", () => {});
    page.WebSocket = replaced;

    connection.open();
    await page.clock.pass(page.clock.next);

    assert.equal(connection.state, "waiting");
    assert.deepEqual(said.mock.calls.map(({ arguments: [text] }) => text.slice(0, 24)), Array(2).fill("realtime: no WebSocket: "));
  });
}


for (const replaced of ["a variable", { get: () => {} }, undefined]) {
  test(`a page with ${replaced} in the place of fetch says so, and has its socket`, (t) => {
    const said = t.mock.method(console, "error", () => {});
    page.fetch = replaced;

    connection.open();
    page.socket.accept();

    assert.deepEqual(said.mock.calls.map(({ arguments: [text] }) => text), ["realtime: no fetch"]);
  });
}
