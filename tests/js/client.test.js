import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Client } from "../../flask_realtime/static/client.js";
import { byHttp } from "../../flask_realtime/static/http.js";
import { CONNECTION_ID, FakePage, response, settled } from "./page.js";

let page, realtime;

/** Load a page; of the same tab, if it is given that tab's storage. */
function load({ isSubscribed = true, storage, connectionId = CONNECTION_ID } = {}) {
  page = new FakePage({ storage });
  realtime = new Client(page, {
    connectionId,
    socketUrl: "ws://app.test/",
    sessionUrl: "/_realtime/session",
    isSubscribed: () => isSubscribed,
    loadByHttp: async () => byHttp,
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
  assert.deepEqual(page.socket.sent, [{ id: "0", action: "resume", positions: {}, speaks: 2 }]);
  push("a", 7);
  push("b", 2);

  await comeBack();

  const positions = { a: "e:7:t7", b: "e:2:t2" };
  assert.deepEqual(page.socket.sent, [{ id: "0", action: "resume", positions, speaks: 2 }]);
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
  const error = failure(realtime.call("/x", { method: "post" }));

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

const REFERRER = { referrer: "http://app.test/rooms/1?last=2#end" };

test("a call says what it was given, and the page's address", () => {
  page.socket.welcome();
  realtime.call("/a", { method: "post", input: { text: "hi" }, timeout: 9 });
  realtime.call("/b", { method: "put", json: [1], headers: { "X-Mine": "1" } });
  realtime.send("shout", { text: "hi", action: "other", id: "other" });
  realtime.send("shout");

  assert.deepEqual(page.socket.sent.slice(1), [
    { id: "1", action: "call-route", uri: "/a", method: "post", input: { text: "hi" }, ...REFERRER },
    { id: "2", action: "call-route", uri: "/b", method: "put", json: [1], headers: { "X-Mine": "1" }, ...REFERRER },
    { id: "3", action: "shout", data: { text: "hi", action: "other", id: "other" } },
    { id: "4", action: "shout", data: {} },
  ]);
});

for (const uri of ["http://app.test/rooms/2?a=1#b", new URL("http://app.test/rooms/2?a=1"), "2?a=1"]) {
  test(`a call takes an address as fetch does: ${uri.constructor.name} ${uri}`, () => {
    page.socket.welcome();

    realtime.call(uri);

    assert.equal(page.socket.sent[1].uri, "/rooms/2?a=1");
  });
}

test("headers of a call may be what fetch takes", () => {
  page.socket.welcome();

  realtime.call("/", { headers: new Headers({ "X-Mine": "1" }) });
  realtime.call("/", { headers: [["X-Mine", "1"]] });

  assert.deepEqual(page.socket.sent.slice(1).map(({ headers }) => headers), [{ "x-mine": "1" }, { "X-Mine": "1" }]);
});

for (const [what, ask, expected] of [
  ["body", () => realtime.call("/", { body: "{}" }), /no option "body".*input, json/],
  ["an option of send", () => realtime.send("x", {}, { method: "post" }), /no option "method" but timeout/],
  ["another origin", () => realtime.call("http://other.test/"), /http:\/\/other.test is another origin; use fetch/],
  ["a file", () => realtime.call("/", { input: withFile() }), /no message carries a file.*"picture".*realtime.fetch/],
  ["no number of milliseconds", () => realtime.call("/", { timeout: "soon" }), /timeout is soon/],
  ["a negative timeout", () => realtime.send("x", {}, { timeout: -1 }), /timeout is -1/],
  ["a number that no JSON can hold", () => realtime.send("x", { id: 2n ** 60n }), /BigInt/],
]) {
  test(`what cannot be sent is refused, and the error says why: ${what}`, async () => {
    page.socket.welcome();

    const error = await failure(ask());

    assert.ok(error instanceof TypeError, error);
    assert.match(error.message, expected);
    assert.equal(page.socket.sent.length, 1);
  });
}

function withFile() {
  const form = new FormData();
  form.append("picture", new Blob(["x"]));
  return form;
}

for (const timeout of [0, Infinity, 2 ** 40]) {
  test(`a timeout of ${timeout} is no limit`, async () => {
    let reply;
    page.socket.welcome();
    realtime.call("/", { timeout }).then((value) => (reply = value));
    for (let count = 0; count < 1_000; count++) {
      await page.clock.pass(4_000);
      page.socket.say({ id: "ping", status: 200, headers: {}, body: "pong" });
    }

    page.socket.say({ id: "1", status: 204, headers: {}, body: "" });
    await settled();

    assert.equal(reply.status, 204);
  });
}

test("a timeout of null is the default", () => {
  page.socket.end();
  failure(realtime.call("/", { timeout: null }));
  page.clock.set(() => {}, 29_999);

  assert.ok(page.clock.next < 30_000);
});

test("the input of a call may be a form's data, or a query's, in their order", () => {
  page.socket.welcome();
  const form = new FormData();
  for (const [name, value] of [["b", "1"], ["a", "x\ny\r\nz"], ["b", "3"], ["7", "4"]]) form.append(name, value);

  realtime.call("/", { input: form });
  realtime.call("/", { input: new URLSearchParams("b=1&a=x%0Ay&b=2") });

  assert.deepEqual(page.socket.sent[1].input, [["b", "1"], ["a", "x\r\ny\r\nz"], ["b", "3"], ["7", "4"]]);
  assert.deepEqual(page.socket.sent[2].input, [["b", "1"], ["a", "x\ny"], ["b", "2"]]);
});

for (const method of ["get", "HEAD"]) {
  test(`a ${method} that a cut interrupts is asked again`, async () => {
    page.socket.welcome();
    const reply = realtime.call("/x", { method });

    await comeBack();
    page.socket.say({ id: "1", status: 200, headers: {}, body: "anew" });

    assert.equal((await reply).body, "anew");
    assert.deepEqual(page.sockets.map(({ sent }) => sent.length), [2, 2]);
  });
}

test("within its timeout alone, and the error says that it was sent", async () => {
  page.socket.welcome();
  const error = failure(realtime.call("/x", { timeout: 500 }));
  page.socket.end();
  page.random = 1;

  await page.clock.pass(1_000);
  page.socket.welcome();

  assert.deepEqual([(await error).name, (await error).wasSent], ["RealtimeTimeout", true]);
  assert.equal(page.socket.sent.length, 1);
});

/** Have the socket refuse the next call, as an app does that has not opened its route. */
async function refuse() {
  const { id } = page.socket.sent.at(-1);
  page.socket.say({ id, status: 421, headers: {}, body: "allow_calls", refused: "call" });
  await settled();
}

function answered(body, type, status = 200) {
  const headers = new Headers({ "Content-Type": type, "X-Mine": "1" });
  const url = "http://app.test/there";
  return { status, headers, url, redirected: true, arrayBuffer: async () => new TextEncoder().encode(body).buffer };
}

test("a call that the app has not opened to sockets is made by HTTP", async () => {
  page.answer = () => answered('{"a": [1]}', "application/json", 201);
  page.socket.welcome();
  const reply = realtime.call("/x?y=1", { method: "post", input: { text: "hi", many: [1, true, null] } });

  await refuse();

  assert.deepEqual(await reply, {
    id: "1",
    status: 201,
    headers: { "Content-Type": "application/json", "X-Mine": "1" },
    body: { a: [1] },
    url: "http://app.test/there",
    redirected: true,
  });
  const [{ resource: request }] = page.fetches;
  assert.deepEqual([request.method, request.url], ["POST", "http://app.test/x?y=1"]);
  assert.equal(await request.text(), "text=hi&many=1&many=true");
  assert.equal(request.headers.get("X-Realtime-Connection-Id"), CONNECTION_ID);
});

for (const [options, method, url, type, body] of [
  [{}, "GET", "/x?y=1", null, ""],
  [{ input: { a: 1 } }, "GET", "/x?y=1&a=1", null, ""],
  [{ method: "delete", input: new URLSearchParams("a=1&a=2") }, "DELETE", "/x?y=1&a=1&a=2", null, ""],
  [{ method: "patch", json: { a: null } }, "PATCH", "/x?y=1", "application/json", '{"a":null}'],
  [{ method: "put", json: 1, headers: { "content-type": "application/a+json" } }, "PUT", "/x?y=1", "application/a+json", "1"],
  [{ method: "post" }, "POST", "/x?y=1", null, ""],
]) {
  test(`by HTTP as by the socket: ${JSON.stringify(options)}`, async () => {
    page.answer = () => answered("", "text/plain");
    page.socket.welcome();
    const reply = realtime.call("/x?y=1", options);

    await refuse();

    assert.equal((await reply).body, "");
    const [{ resource: request }] = page.fetches;
    assert.deepEqual([request.method, request.url], [method, `http://app.test${url}`]);
    assert.deepEqual([request.headers.get("Content-Type"), await request.text()], [type, body]);
  });
}

for (const [type, body, expected] of [
  ["text/html; charset=utf-8", "<b>hi</b>", { body: "<b>hi</b>" }],
  ["application/problem+json", '{"a": 1}', { body: { a: 1 } }],
  ["application/json", "no JSON", { body: "no JSON" }],
  ["image/png", "\u0001", { body: "AQ==", encoding: "base64" }],
]) {
  test(`what HTTP answers is in the form of a reply: ${type}`, async () => {
    page.answer = () => answered(body, type);
    page.socket.welcome();
    const call = realtime.call("/x");

    await refuse();

    const { id, status, headers, url, redirected, ...content } = await call;
    assert.deepEqual(content, expected);
  });
}

test("a call by HTTP has what is left of its timeout", async () => {
  page.answer = () => new Promise(() => {});
  page.Request = class extends page.Request {};
  page.fetch = (request) => new Promise((_, reject) => {
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
  });
  page.socket.welcome();
  const error = failure(realtime.call("/x", { timeout: 2_000 }));
  await page.clock.pass(1_500);
  await refuse();

  await page.clock.pass(500);

  assert.deepEqual([(await error).name, (await error).wasSent], ["RealtimeTimeout", true]);
});

test("a call by HTTP that finds no network fails as one that was interrupted", async () => {
  page.answer = () => new TypeError("Failed to fetch");
  page.socket.welcome();
  const error = failure(realtime.call("/x", { method: "post" }));

  await refuse();

  assert.deepEqual([(await error).name, (await error).wasSent], ["RealtimeInterrupted", true]);
});

test("a form asks by itself: what the socket refuses is a reply", async () => {
  page.socket.welcome();
  const reply = realtime.ask("/x", { method: "post" });

  await refuse();

  assert.deepEqual([(await reply).status, (await reply).refused, page.fetches.length], [421, "call", 0]);
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

test("a channel from which the app has taken the page is not lost, but forgotten", async () => {
  page.socket.welcome();
  push("a", 5);
  push("b", 5);

  page.socket.say({ channel: "a", left: true });
  await comeBack({ left: ["b"] });
  await comeBack();

  assert.deepEqual(lost(), []);
  assert.deepEqual(page.socket.sent[0].positions, {});
});

test("a channel of which nothing was heard is told of when it is lost", async () => {
  page.socket.welcome({ positions: { quiet: "e:7:t" } });

  await comeBack({ positions: { quiet: "e:7:t" } });
  assert.deepEqual(page.socket.sent[0].positions, { quiet: "e:7:t" });
  await comeBack({ lost: ["quiet"] });

  assert.deepEqual(lost(), [["quiet"]]);
});

test("what a later version says is passed over, and where it stood is noted", async () => {
  page.socket.welcome();

  page.socket.say({ channel: "a", later: [], position: "e:5:t" });
  page.socket.say({ channel: "a", whisper: 1 });
  page.socket.say({ what: "else" });
  push("a", 6);
  await comeBack();

  assert.deepEqual(page.details("push").map(({ payload }) => payload), [6]);
  assert.deepEqual(page.socket.sent[0].positions, { a: "e:6:t6" });
});

test("a message without a position is heard, and never a repeat", () => {
  page.socket.welcome();

  for (let count = 0; count < 2; count++) page.socket.say({ channel: "a", payload: "now" });

  assert.equal(page.details("push").length, 2);
});

test("what comes before a module that loads something first is kept for it", async () => {
  const heard = mock.fn();
  page.socket.welcome();
  push("room:1", 1);
  await page.clock.pass(1_500);

  realtime.on("room:1", heard);
  await settled();

  assert.equal(heard.mock.callCount(), 1);
});

test("a page out of a cache, to which nobody sends anything, is lost, and reloads once", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome({ known: true, positions: {} });
  await page.clock.pass(1_000);
  assert.deepEqual([lost(), page.reloads, realtime.state], [[[]], 1, "stale"]);

  load({ storage }); // the same, out of the same cache
  page.socket.welcome({ known: true, positions: {} });
  await page.clock.pass(3_600_000);

  assert.deepEqual([lost(), page.reloads, realtime.state], [[[]], 0, "stale"]);
});

test("a page that is lost is stale, until it is loaded anew", async () => {
  page.socket.welcome();
  push("a", 5);
  page.answerToProbe = () => 502;

  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  assert.deepEqual([realtime.state, page.state], ["stale", "stale"]);
  page.socket.end();
  await page.clock.pass(1_000);
  page.socket.welcome();

  assert.deepEqual([realtime.state, page.state], ["stale", "stale"]);
});

test("who prevents the default of a loss is not stale", () => {
  page.document.addEventListener("realtime:lost", (event) => event.preventDefault());
  page.socket.welcome({ known: false });

  assert.deepEqual([realtime.state, page.state], ["open", "open"]);
});

test("a reload is called off when the socket closes, and begun anew when it is back", async () => {
  page.random = 1;
  page.socket.welcome();
  push("a", 5);
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });

  page.socket.end();
  await page.clock.pass(900);
  assert.deepEqual([page.probes.length, page.reloads], [0, 0]);
  await page.clock.pass(100);
  page.socket.welcome();
  await page.clock.pass(500);

  assert.deepEqual([lost(), page.reloads], [[["a"]], 1]);
});

test("a session that changed is raised, and reloads the page", async () => {
  page.socket.welcome();

  page.socket.end(4001, "the session changed");
  await page.clock.pass(500);

  assert.deepEqual(page.details("identity"), [{ code: 4001, reason: "the session changed" }]);
  assert.deepEqual([page.state, page.reloads], ["stale", 1]);
});

test("who prevents that goes on under the new session", async () => {
  page.document.addEventListener("realtime:identity", (event) => event.preventDefault());
  page.socket.welcome();

  page.socket.end(4001);
  await page.clock.pass(2_000);
  page.socket.welcome();
  await page.clock.pass(20_000);

  assert.deepEqual([realtime.state, page.reloads], ["open", 0]);
});

test("a session that changes again ahead of a socket that is known ends it, without a reload", async () => {
  const { sessionStorage: storage } = page;
  page.socket.welcome();
  page.socket.end(4001);
  await page.clock.pass(500);
  assert.equal(page.reloads, 1);

  load({ storage });
  page.socket.accept();
  page.socket.end(4001, "the session changed");
  await page.clock.pass(60_000);

  assert.deepEqual([page.details("identity"), page.reloads, realtime.state], [[], 0, "closed"]);
  const [{ code, state }] = page.details("close");
  assert.deepEqual([code, state], [4001, "closed"]);
});

for (const isSubscribed of [true, false]) {
  test(`a socket that is known in between makes it the first again; subscribed: ${isSubscribed}`, async () => {
    const { sessionStorage: storage } = page;
    page.socket.welcome();
    page.socket.end(4001);
    await page.clock.pass(500);
    load({ storage, isSubscribed, connectionId: "the-next-page-of-it" });
    page.socket.welcome({ known: isSubscribed });

    page.socket.end(4001);
    await page.clock.pass(500);

    assert.deepEqual([page.details("identity").length, page.reloads], [1, 1]);
  });
}

/** Fail two attempts, behind which the server is asked by HTTP. */
async function failTwice() {
  for (let count = 0; count < 2; count++) {
    page.socket.end();
    await page.clock.pass(page.clock.next);
  }
}

test("a page whose session is gone reloads", async () => {
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(500);

  assert.deepEqual([page.details("identity").length, page.reloads, page.state], [1, 1, "stale"]);
});

test("one that is refused after that as well is closed, and the console says why", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const { sessionStorage: storage } = page;
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });
  await failTwice();
  await page.clock.pass(500);
  load({ storage });
  page.answer = () => response(403, { "X-Realtime-Refused": "session" });

  await failTwice();
  await page.clock.pass(60_000);

  assert.deepEqual([realtime.state, page.reloads], ["closed", 0]);
  assert.match(said.mock.calls[0].arguments[0], /no session cookie.*SameSite=None/);
});

for (const status of [401, 403, 404, 502, 0]) {
  test(`a router that answers ${status} for an app that restarts ends no page`, async () => {
    page.answer = () => status;
    for (let count = 0; count < 30; count++) {
      if (realtime.state === "connecting") page.socket.end();
      await page.clock.pass(12_000);
    }
    page.answer = () => 204;
    if (realtime.state === "connecting") page.socket.end();
    await page.clock.pass(12_000);

    page.socket.welcome();

    assert.deepEqual([realtime.state, page.reloads, page.details("close")], ["open", 0, []]);
  });
}

test("a page that takes the place of another is known by its own id, and heard from its start", async () => {
  page.socket.welcome();
  push("a", 5);
  const [former] = page.sockets;

  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  await settled();

  assert.deepEqual([former.closedWith, realtime.connectionId], [1000, "another-page-of-it"]);
  assert.match(page.socket.url, /socket_connection_id=another-page-of-it&resume=1$/);
  page.socket.welcome();
  assert.deepEqual(page.socket.sent[0].positions, {});
  assert.deepEqual([page.state, realtime.state], ["open", "open"]);
});

test("a page that comes back in place of another goes on where it was", async () => {
  page.socket.welcome();
  push("a", 5);
  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  page.socket.welcome();
  push("a", 9);

  page.replaceBody({ socketConnectionId: CONNECTION_ID });
  page.socket.accept();

  assert.deepEqual(page.socket.sent[0].positions, { a: "e:5:t5" });
});

test("what a call changes in the session is asked for by the page that called", async () => {
  page.socket.welcome();
  failure(realtime.call("/login", { method: "post" }));

  page.replaceBody({ socketConnectionId: "another-page-of-it" });
  await settled();

  const [{ options }] = page.fetches;
  assert.equal(options.headers["X-Realtime-Connection-Id"], CONNECTION_ID);
});

test("a body without an id is the same page: it gets the id and the state", () => {
  page.socket.welcome();

  page.replaceBody({});

  assert.deepEqual(page.document.body.dataset, { socketConnectionId: CONNECTION_ID, realtimeState: "open" });
  assert.equal(page.sockets.length, 1);
});

test("what Turbo shows of a page until it has come is no page", () => {
  page.socket.welcome();
  page.document.documentElement.dataset.turboPreview = "";

  page.replaceBody({ socketConnectionId: "out-of-the-cache" });

  assert.equal(page.sockets.length, 1);
});

test("a closed client leaves no timer", async () => {
  page.answer = () => 503;
  page.socket.welcome();
  push("a", 5);
  realtime.call("/login").catch(() => {});
  failure(realtime.call("/other", { method: "post" }));
  page.socket.say({ id: "1", status: 204, headers: {}, body: "", session: true });
  page.socket.say({ channel: "a", lost: true, position: "f:0:" });
  await settled();

  realtime.close();
  await settled();

  assert.equal(page.clock.pending, 0);
  await page.clock.pass(3_600_000);
  assert.deepEqual([page.sockets.length, page.reloads, page.fetches.length], [1, 0, 1]);
});
