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

test("a reply settles the message whose id it repeats", async () => {
  const [first, second] = [calls.send({ action: "a" }), calls.send({ action: "b" })];

  calls.settle({ id: sent[1].id, status: 200, body: "for b" });
  calls.settle({ id: sent[0].id, status: 500, body: "for a" });

  assert.equal((await first).body, "for a"); // a reply of any status is no error
  assert.equal((await second).body, "for b");
  assert.equal(page.clock.pending, 0);
});

test("a reply to nothing is no error", () => {
  for (const id of [null, 7, "7", "ping"]) calls.settle({ id, status: 200 });
});

test("what is sent while the socket is down waits, and is sent once, in order", () => {
  isOpen = false;
  calls.send({ action: "a" });
  calls.send({ action: "b" });
  assert.deepEqual(sent, []);

  isOpen = true;
  calls.flush();
  calls.flush();

  assert.deepEqual(sent.map(({ action }) => action), ["a", "b"]);
});

test("what gets no reply in time is given up, and says whether it was sent", async () => {
  const wasSent = failure(calls.send({ action: "a" }, 500));
  isOpen = false;
  const wasNot = failure(calls.send({ action: "b" }, 500));

  await page.clock.pass(500);
  isOpen = true;
  calls.flush();

  assert.deepEqual([(await wasSent).name, (await wasSent).wasSent], ["RealtimeTimeout", true]);
  assert.deepEqual([(await wasNot).name, (await wasNot).wasSent], ["RealtimeTimeout", false]);
  assert.equal(sent.length, 1); // nobody waits for the other any more
});

test("half a minute is the timeout where none is given", async () => {
  calls.send({ action: "a" }).catch(() => {});

  assert.equal(page.clock.next, 30_000);
});

test("what was sent when the socket goes down fails, and is never sent again", async () => {
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

test("the end of the socket fails what waits for it, and leaves no timer", async () => {
  isOpen = false;
  const closed = failure(calls.send({ action: "b" }));

  calls.end();

  assert.equal((await closed).name, "RealtimeClosed");
  assert.equal((await closed).wasSent, false);
  assert.ok((await closed) instanceof Error);
  assert.equal(page.clock.pending, 0);
});
