import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { Client } from "../../flask_realtime/static/client.js";
import { CONNECTION_ID, FakePage } from "./page.js";

/** The golden messages, which the server is tested against as well. */
const golden = (name) => JSON.parse(readFileSync(new URL(`../wire/${name}.json`, import.meta.url)));
const positionOf = ([epoch, seq, tag]) => `${epoch}:${seq}:${tag}`;
const MESSAGES = new Map(golden("client_messages").map(({ name, text }) => [name, JSON.parse(text)]));
let page, realtime;

beforeEach(() => {
  page = new FakePage();
  realtime = new Client(page, { connectionId: CONNECTION_ID, socketUrl: "ws://app.test/", isSubscribed: true });
  realtime.connect();
});

test("resumes are written as the golden ones", async () => {
  const [first, later] = [...MESSAGES].filter(([name]) => name.startsWith("a resume")).reverse();
  page.socket.welcome();
  assert.deepEqual(page.socket.sent[0], first[1]);

  for (const [channel, position] of Object.entries(later[1].positions)) {
    page.socket.say({ channel, payload: 1, position });
  }
  page.socket.end();
  await page.clock.pass(1_000);
  page.socket.accept();

  assert.deepEqual(page.socket.sent[0], later[1]);
});

test("messages and calls are written as the golden ones", () => {
  page.socket.welcome();
  for (let count = 1; count < 7; count++) realtime.send("x");
  const seventh = realtime.send("shout", { words: ["hi", 1, null] });
  const eighth = realtime.call("/rooms/1/messages", { method: "post", input: { text: "hi" } });

  assert.ok(seventh && eighth);
  assert.deepEqual(page.socket.sent.slice(-2), [
    MESSAGES.get("a message for a handler of the app"),
    MESSAGES.get("a call of a route"),
  ]);
});

for (const { name, text, push, lost } of golden("pushes")) {
  test(`this is understood: ${name}`, async () => {
    page.socket.welcome();

    page.socket.say(text);

    const { channel, payload, position } = push ?? {};
    const pushes = push ? [{ channel, payload: JSON.parse(payload), position: positionOf(position) }] : [];
    assert.deepEqual(page.details("push"), pushes);
    assert.deepEqual(page.details("lost"), lost ? [{ channels: [lost.channel] }] : []);
    page.socket.end();
    await page.clock.pass(1_000);
    page.socket.accept();
    const known = push ?? lost;
    assert.deepEqual(page.socket.sent[0].positions, { [known.channel]: positionOf(known.position) });
  });
}

for (const { name, text, reply } of golden("replies")) {
  test(`this reply is understood: ${name}`, async () => {
    page.socket.welcome();
    const replies = [];
    for (let count = 1; count <= 7; count++) realtime.send("x").then((one) => replies.push(one));

    page.socket.say(text);
    await page.clock.pass(0);

    assert.deepEqual(replies, reply.id === "7" ? [JSON.parse(text)] : []);
    assert.equal(page.fetches.length, reply.session ? 1 : 0);
  });
}
