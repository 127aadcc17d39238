import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Arrivals } from "../../flask_realtime/javascript/arrivals.js";

const MOST = 1_000;
const ANSWER = { positions: { room: "e:1:t" }, left: ["former"] };
let arrivals, client;

beforeEach(() => {
  globalThis.document = new EventTarget();
  client = { lose: mock.fn(), parts: { channels: { deliver: mock.fn() }, page: { positions: { quiet: "e:2:t" } } } };
  arrivals = new Arrivals(client);
});

function add(count, channel = "room", epoch = "e") {
  const changes = [];
  for (let seq = 1; seq <= count; seq++) {
    arrivals.add({ channel, position: `${epoch}:${seq}:t` }, () => changes.push(seq));
  }
  return changes;
}

test("the changes that an answer lacks are made in order, and no others", () => {
  const changes = [add(3), add(2, "room", "f"), add(2, "other"), add(2, "former")];

  arrivals.show(ANSWER);
  add(1, "other");

  assert.deepEqual(changes, [[2, 3], [1, 2], [1, 2], []]);
  assert.equal(client.lose.mock.callCount(), 0);
});

test("changes that had come before the form was sent are in the page that answers", () => {
  const changes = add(3, "quiet");

  arrivals.show(ANSWER);

  assert.deepEqual(changes, [3]);
});

test("a channel may have a name that every object has", () => {
  const changes = ["constructor", "__proto__", "toString"].map((channel) => add(1, channel));

  arrivals.show(ANSWER);

  assert.deepEqual(changes, [[1], [1], [1]]);
});

test("a change without a position is made", () => {
  const change = mock.fn();
  arrivals.add({ channel: "room" }, change);

  arrivals.show(ANSWER);

  assert.equal(change.mock.callCount(), 1);
});

test("listeners get what came until the scripts of the page have run", () => {
  const messages = [1, 2, 3].map((seq) => ({ channel: "room", position: `e:${seq}:t`, payload: seq }));
  arrivals.add(messages[0]);
  arrivals.add(messages[1]);
  arrivals.show(ANSWER);
  arrivals.add(messages[2]);

  arrivals.deliver(ANSWER);

  const { calls } = client.parts.channels.deliver.mock;
  assert.deepEqual(calls.map(({ arguments: [message] }) => message), messages.slice(1));
});

test("if there is no room for all that came, the page is told what it has lost", () => {
  add(MOST + 2);

  arrivals.show(ANSWER);

  assert.deepEqual(client.lose.mock.calls.map((call) => call.arguments), [[["room"]]]);
});

test("what is for listeners alone takes no room from the changes in a part of the page", () => {
  const part = {};
  arrivals = new Arrivals(client, "#part");
  const change = mock.fn();
  arrivals.add({ channel: "room", position: "e:2:t" }, change);
  for (let seq = 3; seq < MOST + 4; seq++) arrivals.add({ channel: "room", position: `e:${seq}:t`, payload: seq });

  arrivals.show(ANSWER, () => part);

  assert.deepEqual(change.mock.calls.map(({ arguments: [given] }) => given === part), [true]);
  assert.equal(client.lose.mock.callCount(), 0);
});

test("a page is not reloaded for what its view has read", () => {
  add(1);
  add(MOST, "former");

  arrivals.show(ANSWER);

  assert.equal(client.lose.mock.callCount(), 0);
});
