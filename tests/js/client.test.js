import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Client } from "../../flask_realtime/static/client.js";
import { CONNECTION_ID, FakePage, settled } from "./page.js";

let page, realtime;

function load({ isSubscribed = true } = {}) {
  page = new FakePage();
  realtime = new Client(page, {
    connectionId: CONNECTION_ID,
    socketUrl: `ws://app.test/?socket_connection_id=${CONNECTION_ID}&resume=1`,
    sessionUrl: "/_realtime/session",
    isSubscribed,
  });
  realtime.connect();
}

beforeEach(() => load());

const push = (channel, seq, payload = seq, epoch = "e") =>
  page.socket.say({ channel, payload, position: `${epoch}:${seq}:t${seq}` });
const failure = (promise) => promise.then(assert.fail, (error) => error);
const lost = () => page.details("lost").map(({ channels }) => channels);

/** Lose the socket and open the next; what the server then answers. */
async function comeBack(reply) {
  page.socket.end();
  await page.clock.pass(1_000);
  page.socket.welcome(reply);
}

test("a push reaches those who listen, and the document", () => {
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

test("a listener is heard until it is taken off", () => {
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

test("a repeat is dropped", () => {
  const heard = mock.fn();
  realtime.on("room:1", heard);
  page.socket.welcome();

  for (const seq of [1, 2, 1, 2, 3]) push("room:1", seq);

  assert.deepEqual(heard.mock.calls.map(({ arguments: [payload] }) => payload), [1, 2, 3]);
});

test("each socket is greeted with the positions of what was heard", async () => {
  page.socket.welcome();
  assert.deepEqual(page.socket.sent, [{ id: "0", action: "resume", positions: {} }]);
  push("a", 7);
  push("b", 2);

  await comeBack();

  const positions = { a: "e:7:t7", b: "e:2:t2" };
  assert.deepEqual(page.socket.sent, [{ id: "0", action: "resume", positions }]);
});

test("the state stands on the body, and on the client", async () => {
  assert.deepEqual([realtime.state, page.state], ["connecting", "connecting"]);
  page.socket.welcome();
  assert.deepEqual([realtime.state, page.state], ["open", "open"]);
  page.socket.end();
  assert.deepEqual([realtime.state, page.state], ["waiting", "waiting"]);
  realtime.close();
  assert.deepEqual([realtime.state, page.state], ["closed", "closed"]);
});

test("events tell when it opens and closes, with the code and what is next", async () => {
  page.socket.welcome();
  page.socket.end(1012, "restart");
  await page.clock.pass(1_000);
  page.socket.end(1006); // an attempt that fails is no close
  await page.clock.pass(2_000);
  page.socket.welcome();
  realtime.close();

  assert.equal(page.details("open").length, 2);
  assert.deepEqual(page.details("close"), [
    { code: 1012, reason: "restart", state: "waiting" },
    { code: 1000, reason: "", state: "closed" },
  ]);
});

test("a listener that closes the client has it closed", async () => {
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

test("what is called before the socket is open is sent when it is, ahead of what an open listener calls", () => {
  realtime.call("/first");
  page.document.addEventListener("realtime:open", () => realtime.call("/second"));

  page.socket.welcome();

  assert.deepEqual(page.socket.sent.slice(1).map(({ uri }) => uri), ["/first", "/second"]);
});

test("what is called while the socket is down is sent once when it is back", async () => {
  page.socket.welcome();
  page.socket.end();
  const reply = realtime.call("/x");
  await page.clock.pass(1_000);
  page.socket.welcome();
  page.socket.say({ id: page.socket.sent[1].id, status: 204, headers: {}, body: "" });

  assert.equal((await reply).status, 204);
  assert.equal(page.sockets.flatMap(({ sent }) => sent).filter(({ uri }) => uri).length, 1);
});

test("what was sent when the socket went down fails with an error of its own", async () => {
  page.socket.welcome();
  const error = failure(realtime.call("/x"));

  await comeBack();

  assert.equal((await error).name, "RealtimeInterrupted");
  assert.deepEqual(page.socket.sent.map(({ action }) => action), ["resume"]);
});

test("a closed client takes no messages, until it is connected again", async () => {
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

test("a call says what it was given, and nothing else", () => {
  page.socket.welcome();
  realtime.call("/a", { method: "post", input: { text: "hi" }, partial: "list", timeout: 9 });
  realtime.call("/b", { method: "put", json: [1], headers: { "X-Mine": "1" } });
  realtime.send("shout", { text: "hi", action: "other", id: "other" });

  assert.deepEqual(page.socket.sent.slice(1), [
    { id: "1", action: "call-route", uri: "/a", method: "post", input: { text: "hi" }, partial: "list" },
    { id: "2", action: "call-route", uri: "/b", method: "put", json: [1], headers: { "X-Mine": "1" } },
    { id: "3", action: "shout", text: "hi" },
  ]);
});

test("the input of a call may be a form's data, or a query's", () => {
  page.socket.welcome();
  const form = new FormData();
  for (const [name, value] of [["a", "1"], ["b", "2"], ["a", "3"], ["__proto__", "4"]]) form.append(name, value);

  realtime.call("/", { input: form });
  realtime.call("/", { input: new URLSearchParams("a=1&a=2") });

  assert.equal(JSON.stringify(page.socket.sent[1].input), '{"a":["1","3"],"b":["2"],"__proto__":["4"]}');
  assert.deepEqual(page.socket.sent[2].input, { a: ["1", "2"] });
});

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
  failure(realtime.call("/login"));

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

test("a log that was lost while the socket is open is raised, and reloads the page", async () => {
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  page.socket.say({ channel: "a", lost: true, position: "e:5:t5" });
  await page.clock.pass(1_000);

  assert.deepEqual(lost(), [["a"]]);
  assert.equal(page.reloads, 1);
});

test("who prevents the default is not reloaded, and hears on from the new position", async () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome();
  push("a", 5);

  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  push("a", 1, "after", "f");
  await page.clock.pass(60_000);

  assert.equal(page.reloads, 0);
  assert.deepEqual(page.details("push").map(({ payload }) => payload), [5, "after"]);
});

test("what is lost at a return is raised once, and not named again", async () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome();
  for (const channel of ["a", "b", "gone"]) push(channel, 5);

  await comeBack({ lost: ["a", "gone"] });
  page.socket.say({ channel: "a", lost: true, position: "f:3:" }); // of what was told already
  await comeBack();

  assert.deepEqual(lost(), [["a", "gone"]]);
  assert.deepEqual(page.socket.sent[0].positions, { a: "f:3:", b: "e:5:t5" });
});

test("a channel that is lost once more is raised once more", async () => {
  page.socket.welcome();
  push("a", 5);
  await comeBack({ lost: ["a"] });
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  page.socket.say({ channel: "a", lost: true, position: "g:0:" });

  assert.deepEqual(lost(), [["a"], ["a"]]);
});

test("a page that the server has forgotten is lost, and reloads", async () => {
  page.socket.welcome();

  await comeBack({ known: false });
  await page.clock.pass(1_000);

  assert.deepEqual(lost(), [[]]);
  assert.equal(page.reloads, 1);
});

test("so is one that was subscribed and comes too late with its first socket", () => {
  page.socket.welcome({ known: false });

  assert.deepEqual(lost(), [[]]);
});

test("a page that never was subscribed has lost nothing", async () => {
  load({ isSubscribed: false });
  page.socket.welcome({ known: false });
  await comeBack({ known: false });

  assert.deepEqual(lost(), []);
  assert.equal(realtime.state, "open");
});

test("one that was subscribed later is forgotten as any other", async () => {
  load({ isSubscribed: false });
  page.socket.welcome({ known: false });
  await comeBack({ known: true });
  assert.deepEqual(lost(), []);

  await comeBack({ known: false });

  assert.deepEqual(lost(), [[]]);
});

test("a channel that the page has left is not lost, but forgotten", async () => {
  realtime.on("a", () => {});
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  realtime.off("a");
  await comeBack({ lost: ["a"] });
  await page.clock.pass(2_000);
  const reloads = page.reloads;
  await comeBack({ lost: ["b"] });
  await page.clock.pass(2_000);

  assert.deepEqual(lost(), [["b"]]);
  assert.deepEqual(page.socket.sent[0].positions, { b: "e:5:t5" });
  assert.deepEqual([reloads, page.reloads], [0, 1]);
});

test("a closed client leaves no timer", async () => {
  page.answer = () => 503;
  page.socket.welcome();
  push("a", 5);
  realtime.call("/login").catch(() => {});
  failure(realtime.call("/other"));
  page.socket.say({ id: "1", status: 204, headers: {}, body: "", session: true });
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  await settled();

  realtime.close();
  await settled();

  assert.equal(page.clock.pending, 0);
  await page.clock.pass(3_600_000);
  assert.deepEqual([page.sockets.length, page.reloads, page.fetches.length], [1, 0, 1]);
});
