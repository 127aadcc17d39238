import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Calls } from "../../flask_realtime/javascript/calls.js";
import { FakePage } from "./page.js";

let page, calls, sent, isOpen;

beforeEach(() => {
  page = new FakePage();
  sent = [];
  isOpen = true;
  calls = new Calls(page, (text) => isOpen && sent.push(JSON.parse(text)) > 0);
});

const failure = (promise) => promise.then(assert.fail, (error) => error);

test("a reply resolves the message whose id it repeats", async () => {
  const [first, second] = [calls.send({ action: "a" }), calls.send({ action: "b" })];

  calls.settle({ id: sent[1].id, status: 200, body: "for b" });
  calls.settle({ id: sent[0].id, status: 500, body: "for a" });

  assert.equal((await first).body, "for a"); // a reply is not rejected, whatever its status
  assert.equal((await second).body, "for b");
  assert.equal(page.clock.pending, 0);
});

test("lists are sent as lists though a library gives them a method that makes texts of them", (t) => {
  Array.prototype.toJSON = function () { // as Prototype 1.6 does
    return `[${this.join(", ")}]`;
  };
  t.after(() => delete Array.prototype.toJSON);
  const when = new Date(0);

  calls.send({ input: [["a", "1"], ["b", []]], json: { when } });

  assert.deepEqual(sent[0].input, [["a", "1"], ["b", []]]);
  assert.equal(sent[0].json.when, "1970-01-01T00:00:00.000Z");
});

test("a list says by a method of its own, or of its class, how it is sent", (t) => {
  class Cart extends Array {
    toJSON() {
      return { lines: this.length };
    }
  }
  const named = Object.assign([1], { toJSON: () => "named" });

  calls.send({ json: { cart: Cart.of("tea", "milk"), named, plain: [1, [2]] } });

  assert.deepEqual(sent[0].json, { cart: { lines: 2 }, named: "named", plain: [1, [2]] });
});

test("a reply to an unknown message is ignored", () => {
  for (const id of [null, 7, "7", "ping"]) calls.settle({ id, status: 200 });
});

test("messages wait while there is no socket, and are then sent once, in order", () => {
  isOpen = false;
  calls.send({ action: "a" });
  calls.send({ action: "b" });
  assert.deepEqual(sent, []);

  isOpen = true;
  calls.flush();
  calls.flush();

  assert.deepEqual(sent.map(({ action }) => action), ["a", "b"]);
});

test("a message without a reply in time is rejected, and the error says whether it was sent", async () => {
  const wasSent = failure(calls.send({ action: "a" }, 500));
  isOpen = false;
  const wasNot = failure(calls.send({ action: "b" }, 500));

  await page.clock.pass(500);
  isOpen = true;
  calls.flush();

  assert.deepEqual([(await wasSent).name, (await wasSent).wasSent], ["RealtimeTimeout", true]);
  assert.deepEqual([(await wasNot).name, (await wasNot).wasSent], ["RealtimeTimeout", false]);
  assert.equal(sent.length, 1); // the other message has been given up
});

test("a message that must not be sent twice is waited for once it was sent, as long as the socket lives", async () => {
  const late = calls.send({ action: "a" }, 500, false, true);
  const interrupted = failure(calls.send({ action: "b" }, 500, false, true));
  isOpen = false;
  const wasNot = failure(calls.send({ action: "c" }, 500, false, true));

  await page.clock.pass(60_000);
  calls.settle({ id: sent[0].id, status: 200 });
  calls.interrupt();

  assert.equal((await late).status, 200);
  assert.equal((await interrupted).name, "RealtimeInterrupted");
  assert.deepEqual([(await wasNot).name, (await wasNot).wasSent], ["RealtimeTimeout", false]);
});

test("the timeout is half a minute by default", async () => {
  calls.send({ action: "a" }).catch(() => {});

  assert.equal(page.clock.next, 30_000);
});

test("a message that was sent before the socket broke is rejected, and never sent again", async () => {
  const interrupted = failure(calls.send({ action: "a" }));

  isOpen = false;
  calls.send({ action: "b" });
  assert.equal(calls.interrupt(), true);
  assert.equal(calls.interrupt(), false);
  isOpen = true;
  calls.flush();

  assert.equal((await interrupted).name, "RealtimeInterrupted");
  assert.equal((await interrupted).wasSent, true);
  assert.deepEqual(sent.map(({ action }) => action), ["a", "b"]);
});

test("messages that are too big are not sent again, and no other is taken for one", async () => {
  const small = calls.send({ action: "a" }, 0, true);
  const tooBig = failure(calls.send({ action: "b", data: "\u20ac".repeat(100_000) }, 0, true));
  const read = failure(calls.send({ action: "c", data: "c".repeat(200_000) }));
  isOpen = false;
  const waits = failure(calls.send({ action: "d", data: "d".repeat(300_000) }));

  calls.interrupt({ code: 1009, reason: "Message is larger than 262144 bytes" });
  isOpen = true;
  calls.flush();
  calls.settle({ id: sent[3].id, status: 200 });

  assert.deepEqual(sent.map(({ action }) => action), ["a", "b", "c", "a"]);
  assert.equal((await small).status, 200);
  assert.equal((await tooBig).message, "Message is larger than 262144 bytes");
  assert.deepEqual([(await tooBig).wasSent, (await waits).wasSent, (await read).wasSent], [false, false, true]);
});

test("a server may find something too big that is no message, or name no size", async () => {
  assert.equal(calls.interrupt({ code: 1009, reason: "Message is larger than 10 bytes" }), false);

  const call = failure(calls.send({ action: "a" }));
  calls.interrupt({ code: 1009, reason: "Message is too big" });
  assert.equal((await call).wasSent, true);
});

test("a message that a closing socket sends back goes out by the next socket, in its place, and once", async () => {
  const answered = calls.send({ action: "a" });
  const again = calls.send({ action: "b" });
  calls.settle({ id: sent[0].id, status: 200 });
  calls.settle({ id: sent[1].id, status: 503, refused: "reconnect" });
  isOpen = false;
  calls.send({ action: "c" });

  assert.equal(calls.interrupt(), false);
  isOpen = true;
  calls.flush();
  calls.flush();
  calls.settle({ id: sent[2].id, status: 201 });

  assert.deepEqual(sent.map(({ action }) => action), ["a", "b", "b", "c"]);
  assert.deepEqual([(await answered).status, (await again).status], [200, 201]);
});

test("a message that was sent back, and finds no socket in time, is rejected as never sent", async () => {
  const late = failure(calls.send({ action: "a" }, 500));
  const patient = failure(calls.send({ action: "b" }, 500, false, true));
  calls.settle({ id: sent[0].id, status: 503, refused: "reconnect" });
  await page.clock.pass(700);
  calls.settle({ id: sent[1].id, status: 503, refused: "reconnect" });
  isOpen = false;
  calls.interrupt();
  await page.clock.pass(500);

  assert.deepEqual([(await late).name, (await late).wasSent], ["RealtimeTimeout", false]);
  assert.deepEqual([(await patient).name, (await patient).wasSent], ["RealtimeTimeout", false]);
  assert.equal(page.clock.pending, 0);
});

test("when the socket is closed for good, messages that wait are rejected, and no timer is left", async () => {
  isOpen = false;
  const closed = failure(calls.send({ action: "b" }));

  calls.end();

  assert.equal((await closed).name, "RealtimeClosed");
  assert.equal((await closed).wasSent, false);
  assert.ok((await closed) instanceof Error);
  assert.equal(page.clock.pending, 0);
});
