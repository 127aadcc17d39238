import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Connection } from "../../flask_realtime/static/connection.js";
import { FakePage, settled } from "./page.js";

const URL = "ws://app.test/?socket_connection_id=1&resume=1";
let page, connection, changes, received, answer, asked, refusals, isAwaiting;

beforeEach(() => {
  page = new FakePage();
  changes = [];
  received = [];
  answer = undefined;
  asked = refusals = 0;
  isAwaiting = false;
  connection = new Connection(page, {
    url: () => URL,
    greet: () => '{"hello": 1}',
    receive: (message) => received.push(message),
    change: (state, before, detail) => changes.push([before, state, detail?.code]),
    isAwaiting: () => isAwaiting,
    ask: async () => (asked++, answer),
    refused: () => refusals++,
  });
});

function open() {
  connection.open();
  page.socket.accept();
  page.socket.say({ id: "0" });
  connection.welcome();
}

/** Fail the attempt that is under way, and begin the next. */
async function fail() {
  page.socket.end();
  await page.clock.pass(page.clock.next);
}

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

test("a page that becomes hidden does nothing", () => {
  open();
  page.socket.end();
  page.document.hidden = true;

  page.fire("visibilitychange");

  assert.equal(page.sockets.length, 1);
});

for (const event of ["online", "offline", "visibilitychange"]) {
  test(`an open socket that is dead is found out five seconds after ${event}`, async () => {
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

test("an open socket that answers is kept", async () => {
  open();

  page.fire("online");
  page.socket.say({ id: "ping", status: 200, headers: {}, body: "pong" });
  await page.clock.pass(5_000);

  assert.equal(page.sockets.length, 1);
});

test("a link that dies in silence is noticed within two intervals", async () => {
  open();

  await page.clock.pass(50_000);

  assert.equal(changes.at(-1)[1], "waiting");
});

test("a socket that was given up is not heard any more", async () => {
  open();
  const { onmessage, onclose } = page.socket;
  await page.clock.pass(50_000);

  assert.ok(onmessage && onclose);
  assert.equal(page.sockets[0].onmessage, null);
  assert.equal(page.sockets[0].onclose, null);
});

test("an attempt that hangs is given up", async () => {
  connection.open();

  await page.clock.pass(25_000);

  assert.equal(page.sockets[0].closedWith, 1000);
  assert.deepEqual(changes.at(-1), ["connecting", "waiting", 1006]);
});

test("an attempt that the browser holds back is begun anew if the server answers by HTTP", async () => {
  connection.open();
  await page.clock.pass(7_000);
  assert.deepEqual([asked, page.sockets.length], [1, 1]); // nobody is there
  answer = "answered";

  await page.clock.pass(7_000);
  assert.deepEqual([asked, page.socket.closedWith], [2, 1000]);
  await page.clock.pass(4_000);

  assert.equal(page.sockets.length, 2);
});

test("an attempt that opens while the server is asked by HTTP is kept", async () => {
  answer = "answered";
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
  test(`an attempt that has been under way for long is begun anew on ${event}`, () => {
    connection.open();
    page.clock.sleep(1_000);
    page.fire(event);
    assert.equal(page.sockets.length, 1); // it has only just begun
    page.clock.sleep(1_001);

    page.fire(event);

    assert.equal(page.sockets[0].closedWith, 1000);
    assert.deepEqual([connection.state, page.sockets.length], ["connecting", 2]);
  });
}

test("a socket that was greeted and is not answered is looked at on online, and kept", () => {
  connection.open();
  page.socket.accept();
  page.clock.sleep(5_000);

  page.fire("online");

  assert.equal(page.sockets.length, 1);
  assert.deepEqual(page.socket.sent.at(-1), { id: "ping", action: "ping" });
});

test("a socket on which an answer is awaited is given up ten silent seconds later", async () => {
  open();
  page.random = 0;
  isAwaiting = true;
  connection.send('{"a": 1}');

  await page.clock.pass(9_999);
  assert.equal(page.sockets.length, 1);
  await page.clock.pass(1);

  assert.equal(page.sockets.length, 2);
});

test("a server that is away is asked by HTTP, and no socket fails meanwhile", async () => {
  connection.open();
  await fail();
  page.socket.end();
  assert.deepEqual([page.sockets.length, asked], [2, 0]);

  await page.clock.pass(page.clock.next);
  assert.deepEqual([page.sockets.length, asked, connection.state], [2, 1, "waiting"]);

  answer = "answered";
  await page.clock.pass(page.clock.next);
  assert.deepEqual([page.sockets.length, asked, connection.state], [3, 2, "connecting"]);
});

test("one that does answer, and takes no socket, is asked before each attempt", async () => {
  answer = "answered";
  connection.open();
  for (let count = 0; count < 8; count++) await fail();

  assert.deepEqual([page.sockets.length, asked], [9, 7]);
});

test("whoever begins to answer for it may be the app, and who goes on answering is not", async () => {
  const begun = async (status) => {
    const before = page.sockets.length;
    answer = status;
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

test("where HTTP never tells, an attempt is made now and then, ever more seldom", async () => {
  connection.open();
  for (let count = 0; count < 70; count++) {
    if (connection.state === "connecting") page.socket.end();
    await page.clock.pass(page.clock.next);
  }

  assert.ok(page.sockets.length > 5 && page.sockets.length < 10, `${page.sockets.length}`);
});

test("a page that wakes up while it asks does not ask twice as often", async () => {
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

test("it says that it is refused", async () => {
  answer = "refused";
  connection.open();
  await fail();
  await fail();

  assert.equal(refusals, 1);
});

test("a refusal that comes when a socket has opened meanwhile counts for nothing", async () => {
  answer = "refused";
  connection.open();
  await fail();
  page.socket.end();
  page.fire("online");
  connection.open();
  page.socket.accept();
  connection.welcome();
  await settled();

  assert.deepEqual([connection.state, refusals, page.sockets.length], ["open", 0, 3]);
});

test("attempts are counted from the last socket that opened", async () => {
  connection.open();
  await fail();
  page.socket.accept();
  page.socket.end();
  await page.clock.pass(page.clock.next);
  page.socket.end();

  assert.equal(asked, 0);
});

test("a socket that the page's policy forbids ends the attempts, and what is missing is said once", (t) => {
  const said = t.mock.method(console, "error", () => {});
  // As Chromium does: the socket fails, and the violation is told.
  connection.open();
  const violation = { blockedURI: URL, disposition: "enforce", effectiveDirective: "connect-src" };
  page.fire("securitypolicyviolation", { ...violation, blockedURI: "http://app.test/else" });
  page.fire("securitypolicyviolation", { ...violation, disposition: "report" });
  assert.equal(connection.state, "connecting");

  page.fire("securitypolicyviolation", violation);
  page.fire("online");

  assert.deepEqual([connection.state, page.clock.pending], ["closed", 0]);
  assert.equal(said.mock.callCount(), 1);
  assert.match(said.mock.calls[0].arguments[0], /connect-src 'self'/);
});

test("so does one that the browser refuses to make at all", (t) => {
  t.mock.method(console, "error", () => {});
  page.WebSocket = class {
    constructor() {
      throw new Error("SecurityError"); // as Firefox and WebKit do, ahead of the event
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
});

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
