import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { comeBack, failure, load, lost, page, push, realtime } from "./loaded.js";
import { CONNECTION_ID, settled } from "./page.js";

beforeEach(() => load());

test("a push reaches listeners, and is an event of the document", () => {
  const heard = mock.fn();
  realtime.on("room:*", heard);
  page.socket.welcome();

  push("room:1", 1, { text: "hi" });

  assert.deepEqual(heard.mock.calls[0].arguments, [
    { text: "hi" },
    { channel: "room:1", position: "e:1:t1" },
  ]);
  assert.deepEqual(page.details("push"), [
    { channel: "room:1", payload: { text: "hi" }, position: "e:1:t1" },
  ]);
});

test("a listener is called until it is removed", () => {
  const heard = mock.fn();
  realtime.on("room:1", heard);
  const end = realtime.on("room:1", heard);
  page.socket.welcome();

  push("room:1", 1);
  end();
  push("room:1", 2);
  realtime.off("room:1", heard);
  push("room:1", 3);

  assert.equal(heard.mock.callCount(), 3);
  assert.equal(realtime.connectionId, CONNECTION_ID);
});

test("a message that comes twice is dropped the second time", () => {
  const heard = mock.fn();
  realtime.on("room:1", heard);
  page.socket.welcome();

  for (const seq of [1, 2, 1, 2, 3]) push("room:1", seq);

  assert.deepEqual(heard.mock.calls.map(({ arguments: [payload] }) => payload), [1, 2, 3]);
});

test("the first message on each socket has the positions of the last messages", async () => {
  page.socket.welcome();
  assert.deepEqual(page.socket.sent, [{ id: "0", action: "resume", positions: {}, speaks: 2 }]);
  push("a", 7);
  push("b", 2);

  await comeBack();

  const positions = { a: "e:7:t7", b: "e:2:t2" };
  assert.deepEqual(page.socket.sent, [{ id: "0", action: "resume", positions, speaks: 2 }]);
});

test("the state is an attribute of the body, and a property of the client", async () => {
  assert.deepEqual([realtime.state, page.state], ["connecting", "connecting"]);
  page.socket.welcome();
  assert.deepEqual([realtime.state, page.state], ["open", "open"]);
  page.socket.end();
  assert.deepEqual([realtime.state, page.state], ["waiting", "waiting"]);
  realtime.close();
  assert.deepEqual([realtime.state, page.state], ["closed", "closed"]);
});

test("events say that the socket opened or closed, with the code and the next state", async () => {
  page.socket.welcome();
  page.socket.end(1012, "restart");
  await page.clock.pass(1_000);
  page.socket.end(1006); // a failed attempt dispatches no realtime:close
  await page.clock.pass(2_000);
  page.socket.welcome();
  realtime.close();

  assert.equal(page.details("open").length, 2);
  assert.deepEqual(page.details("close"), [
    { code: 1012, reason: "restart", state: "waiting" },
    { code: 1000, reason: "", state: "closed" },
  ]);
});

test("a listener of an event may close the client", async () => {
  for (const name of ["lost", "open", "close"]) {
    load();
    page.document.addEventListener(`realtime:${name}`, (event) => {
      event.preventDefault();
      realtime.close();
    });

    page.socket.welcome({ known: name !== "lost" });
    if (name === "close") page.socket.end(1006);

    assert.equal(realtime.state, "closed");
    assert.equal(page.clock.pending, 0);
  }
});

test("calls before the socket is open are sent before those of a listener of realtime:open", () => {
  realtime.call("/first");
  page.document.addEventListener("realtime:open", () => realtime.call("/second"));

  page.socket.welcome();

  assert.deepEqual(page.socket.sent.slice(1).map(({ uri }) => uri), ["/first", "/second"]);
});

test("a call without a socket is sent once, when there is one again", async () => {
  page.socket.welcome();
  page.socket.end();
  const reply = realtime.call("/x");
  await page.clock.pass(1_000);
  page.socket.welcome();
  page.socket.say({ id: page.socket.sent[1].id, status: 204, headers: {}, body: "" });

  assert.equal((await reply).status, 204);
  assert.equal(page.sockets.flatMap(({ sent }) => sent).filter(({ uri }) => uri).length, 1);
});

test("a call that was sent before the socket broke is rejected as interrupted", async () => {
  page.socket.welcome();
  const error = failure(realtime.call("/x", { method: "post" }));

  await comeBack();

  assert.equal((await error).name, "RealtimeInterrupted");
  assert.deepEqual(page.socket.sent.map(({ action }) => action), ["resume"]);
});

test("a closed client rejects messages until it is connected again", async () => {
  const waiting = failure(realtime.call("/x"));
  realtime.close();
  assert.equal((await waiting).name, "RealtimeClosed");
  const refused = await failure(realtime.call("/x"));
  assert.deepEqual([refused.name, refused.wasSent], ["RealtimeClosed", false]);

  realtime.connect();
  const reply = realtime.send("x");
  page.socket.welcome();
  page.socket.say({ id: page.socket.sent[1].id, status: 200, headers: {}, body: 1 });

  assert.equal((await reply).body, 1);
});

test("a page that is being replaced still fetches the changes of its call", async () => {
  page.socket.welcome();
  failure(realtime.call("/login", { method: "post" }));

  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  await settled();

  const [{ options }] = page.fetches;
  assert.equal(options.headers["X-Realtime-Connection-Id"], CONNECTION_ID);
});

test("a new body without an id belongs to the same page, and gets its id and state", () => {
  page.socket.welcome();

  page.replaceBody({});

  assert.deepEqual(page.document.body.dataset, { socketConnectionId: CONNECTION_ID, realtimeState: "open" });
  assert.equal(page.sockets.length, 1);
});

test("a preview of Turbo does not count as another page", () => {
  page.socket.welcome();
  page.document.documentElement.dataset.turboPreview = "";

  page.replaceBody({ socketConnectionId: "out-of-the-cache" });

  assert.equal(page.sockets.length, 1);
});

test("a closed client leaves no timer once it has fetched what calls have changed", async () => {
  page.socket.welcome();
  push("a", 5);
  realtime.call("/login").catch(() => {});
  failure(realtime.call("/other", { method: "post" }));
  page.socket.say({ id: "1", status: 204, headers: {}, body: "", session: "told" });
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  await settled();

  realtime.close();
  await settled();

  assert.equal(page.clock.pending, 0);
  await page.clock.pass(3_600_000);
  assert.deepEqual([page.sockets.length, page.reloads, page.fetches.length], [1, 0, 2]);
});
