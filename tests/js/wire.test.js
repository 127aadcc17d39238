import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { Client } from "../../flask_realtime/javascript/client.js";
import { CONNECTION_ID, FakePage } from "./page.js";

/** The golden file of messages, which the tests of the server use as well. */
const golden = (name) => JSON.parse(readFileSync(new URL(`../wire/${name}.json`, import.meta.url)));
const positionOf = ([epoch, seq, tag]) => `${epoch}:${seq}:${tag}`;
const MESSAGES = new Map(golden("client_messages").map(({ name, text }) => [name, JSON.parse(text)]));
let page, realtime;

beforeEach(() => {
  page = new FakePage();
  realtime = new Client(page, { connectionId: CONNECTION_ID, socketUrl: "ws://app.test/", isSubscribed: () => true });
  realtime.connect();
});

test("the first message is written as in the golden file", async () => {
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

test("messages and calls are written as in the golden file", () => {
  page.socket.welcome();
  page.location.href = "https://example.com/shop?page=2";
  realtime.send("delete", { id: 17, action: "now" });
  for (let count = 2; count < 8; count++) realtime.send("x");
  const input = new FormData();
  for (const [name, value] of ["b1", "a2", "b3"]) input.append(name, value);
  realtime.call("/cart", { method: "post", input });

  const [, first] = page.socket.sent;
  assert.deepEqual(first, MESSAGES.get("a message whose data has an id and an action of its own"));
  assert.deepEqual(page.socket.sent.at(-1), MESSAGES.get("a call of a route with pairs and a referrer"));
});

for (const [data, name] of [
  ["hi", "a message whose data is a text"],
  [null, "a message whose data is null"],
]) {
  test(`data is sent unchanged: ${name}`, () => {
    page.socket.welcome();

    realtime.send("say", data);

    const { later, ...message } = MESSAGES.get(name);
    assert.deepEqual(page.socket.sent[1], message);
  });
}

for (const { name, text, push, lost } of golden("pushes")) {
  test(`a message of the golden file is understood: ${name}`, async () => {
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
  test(`a reply of the golden file is understood: ${name}`, async () => {
    page.socket.welcome();
    const replies = [];
    for (let count = 1; count <= 7; count++) realtime.send("x").then((one) => replies.push(one));

    page.socket.say(text);
    await page.clock.pass(0);

    assert.deepEqual(replies, reply.id === "7" ? [JSON.parse(text)] : []);
    assert.equal(page.fetches.length, reply.session ? 1 : 0);
  });
}
