import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { RealtimeError } from "../../flask_realtime/javascript/errors.js";
import { comeBack, failure, load, page, realtime } from "./loaded.js";
import { CONNECTION_ID, settled } from "./page.js";

beforeEach(() => load());

const REFERRER = { referrer: "http://app.test/rooms/1?last=2#end" };

test("a call has the given options, and the page's address", () => {
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

test("a message tells what handles it before all that may be long, which the server need not read for it", () => {
  page.socket.welcome();
  realtime.call("/a", { input: { text: "hi" }, json: undefined, method: "post" });
  realtime.send("shout", { text: "hi" });

  const [call, message] = page.socket.sent.slice(1).map(Object.keys);

  assert.deepEqual(call.slice(0, 4), ["id", "action", "uri", "method"]);
  assert.deepEqual(message.slice(0, 2), ["id", "action"]);
});

for (const uri of ["http://app.test/rooms/2?a=1#b", new URL("http://app.test/rooms/2?a=1"), "2?a=1"]) {
  test(`a call takes an address in the forms that fetch takes: ${uri.constructor.name} ${uri}`, () => {
    page.socket.welcome();

    realtime.call(uri);

    assert.equal(page.socket.sent[1].uri, "/rooms/2?a=1");
  });
}

test("the headers of a call may have the forms that fetch takes", () => {
  page.socket.welcome();

  realtime.call("/", { headers: new Headers({ "X-Mine": "1" }) });
  realtime.call("/", { headers: [["X-Mine", "1"]] });

  assert.deepEqual(page.socket.sent.slice(1).map(({ headers }) => headers), [{ "x-mine": "1" }, { "X-Mine": "1" }]);
});

test("what a script has given to all objects is no option", (t) => {
  Object.prototype.extend = () => {};
  t.after(() => delete Object.prototype.extend);
  page.socket.welcome();

  realtime.call("/", { json: 1, timeout: 1000 });
  realtime.send("x", {}, { timeout: 1000 });

  assert.deepEqual(page.socket.sent.slice(1).map(({ action }) => action), ["call-route", "x"]);
});

for (const [what, ask, expected] of [
  ["body", () => realtime.call("/", { body: "{}" }), /unknown option "body".*input,json/],
  ["an option of send", () => realtime.send("x", {}, { method: "post" }), /unknown option "method"; use timeout/],
  ["another origin", () => realtime.call("http://other.test/"), /use fetch for http:\/\/other.test/],
  ["a file", () => realtime.call("/", { input: withFile() }), /use realtime.fetch for file "picture"/],
  ["no number of milliseconds", () => realtime.call("/", { timeout: "soon" }), /soon is no timeout/],
  ["a negative timeout", () => realtime.send("x", {}, { timeout: -1 }), /-1 is no timeout/],
  ["a number that no JSON can hold", () => realtime.send("x", { id: 2n ** 60n }), /BigInt/],
]) {
  test(`a call throws for what cannot be sent: ${what}`, async () => {
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
  test(`a timeout of ${timeout} means no limit`, async () => {
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

test("a timeout of null means the default", () => {
  page.socket.end();
  failure(realtime.call("/", { timeout: null }));
  page.clock.set(() => {}, 29_999);

  assert.ok(page.clock.next < 30_000);
});

test("the input of a call may be FormData or URLSearchParams, and keeps their order", () => {
  page.socket.welcome();
  const form = new FormData();
  for (const [name, value] of [["b", "1"], ["a", "x\ny\r\nz"], ["b", "3"], ["7", "4"]]) form.append(name, value);

  realtime.call("/", { input: form });
  realtime.call("/", { input: new URLSearchParams("b=1&a=x%0Ay&b=2") });

  assert.deepEqual(page.socket.sent[1].input, [["b", "1"], ["a", "x\r\ny\r\nz"], ["b", "3"], ["7", "4"]]);
  assert.deepEqual(page.socket.sent[2].input, [["b", "1"], ["a", "x\ny"], ["b", "2"]]);
});

for (const method of ["get", "HEAD"]) {
  test(`a ${method} is sent again if the socket breaks before the reply`, async () => {
    page.socket.welcome();
    const reply = realtime.call("/x", { method });

    await comeBack();
    page.socket.say({ id: "1", status: 200, headers: {}, body: "anew" });

    assert.equal((await reply).body, "anew");
    assert.deepEqual(page.sockets.map(({ sent }) => sent.length), [2, 2]);
  });
}

test("a repeated GET keeps its timeout, and the error says that it was sent", async () => {
  page.socket.welcome();
  const error = failure(realtime.call("/x", { timeout: 500 }));
  page.socket.end();
  page.random = 1;

  await page.clock.pass(1_000);
  page.socket.welcome();

  assert.deepEqual([(await error).name, (await error).wasSent], ["RealtimeTimeout", true]);
  assert.equal(page.socket.sent.length, 1);
});

/** Refuse the next call, as an app does that has not opened the route to calls. */
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

test("a call of a route that is not open to calls is made by HTTP", async () => {
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
  test(`HTTP gets the same request as the socket: ${JSON.stringify(options)}`, async () => {
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
  test(`a response by HTTP becomes a reply: ${type}`, async () => {
    page.answer = () => answered(body, type);
    page.socket.welcome();
    const call = realtime.call("/x");

    await refuse();

    const { id, status, headers, url, redirected, ...content } = await call;
    assert.deepEqual(content, expected);
  });
}

test("a call by HTTP has the rest of the call's timeout", async () => {
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

test("a call by HTTP without a network is rejected as interrupted", async () => {
  page.answer = () => new TypeError("Failed to fetch");
  page.socket.welcome();
  const error = failure(realtime.call("/x", { method: "post" }));

  await refuse();

  assert.deepEqual([(await error).name, (await error).wasSent], ["RealtimeInterrupted", true]);
});

test("a call by HTTP whose script cannot be loaded is rejected, and says that the app has not acted on it", async () => {
  const limits = [];
  const reason = new RealtimeError("RealtimeInterrupted", "realtime-http.js cannot be loaded.");
  realtime.load = (part, limit) => (limits.push([part, limit]), Promise.reject(reason));
  page.socket.welcome();
  const error = failure(realtime.call("/x", { method: "post", timeout: 2_000 }));

  await refuse();

  assert.equal(await error, reason);
  assert.equal(reason.wasSent, false);
  assert.deepEqual(limits, [["http", 2_000]]);
  assert.equal(page.fetches.length, 0);
});

test("ask() resolves with the refusal, so that the browser sends the form", async () => {
  page.socket.welcome();
  const reply = realtime.ask("/x", { method: "post" });

  await refuse();

  assert.deepEqual([(await reply).status, (await reply).refused, page.fetches.length], [421, "call", 0]);
});
