import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Channels } from "../../flask_realtime/javascript/channels.js";

let channels, heard, isEarly;

beforeEach(() => {
  isEarly = false;
  channels = new Channels(() => isEarly);
  heard = [];
});

const listener = (payload, { channel, position }) => heard.push([payload, channel, position]);
const deliver = (channel, payload = "hi") => channels.deliver({ channel, payload, position: "e:1:t" });

test("a listener gets the messages of its channel, with their positions", () => {
  channels.on("room:1", listener);

  deliver("room:1");
  deliver("room:2");

  assert.deepEqual(heard, [["hi", "room:1", "e:1:t"]]);
});

for (const [pattern, channel, fits] of [
  ["room:*", "room:1", true],
  ["room:*", "room:", true],
  ["room:*", "a room:1", false],
  ["*", "anything", true],
  ["*:1", "room:1", true],
  ["*:1", "room:10", false],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["ab*bc", "abc", false],
  ["a.c*", "abc", false],
  ["(a|b)[c]{1}^$*", "(a|b)[c]{1}^$\\d", true],
  ["ro\\om*", "ro\\om", true],
  ["grüß 😀*", "grüß 😀!", true],
  ["room:*", "room:1\u2028x", true],
  ["**", "", true],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*b", "ab", false],
  ["*aa*a", "aa", false],
]) {
  test(`${JSON.stringify(channel)} ${fits ? "fits" : "does not fit"} ${JSON.stringify(pattern)}`, () => {
    channels.on(pattern, listener);

    deliver(channel);

    assert.equal(heard.length, fits ? 1 : 0);
  });
}

for (const nothing of [undefined, null, {}, "room:1"]) {
  test(`on() throws at once if the listener is ${JSON.stringify(nothing)}`, () => {
    assert.throws(() => channels.on("room:1", nothing), { name: "TypeError", message: "realtime.on: no function." });
  });
}

test("a pattern with many stars is matched in linear time", () => {
  // A regular expression would take longer than the age of the universe.
  channels.on(`${"*a".repeat(30)}*b`, listener);

  deliver("a".repeat(200));
  deliver(`${"a".repeat(199)}b`);

  assert.equal(heard.length, 1);
});

test("the time for a message does not depend on the listeners of other channels", () => {
  const count = 30_000; // to compare each message with each listener would take half an hour
  for (let number = 0; number < count; number++) channels.on(`room:${number}`, listener);

  for (let number = 0; number < count; number++) deliver(`room:${number}`, number);

  assert.equal(heard.length, count);
  assert.deepEqual(heard.at(-1), [count - 1, `room:${count - 1}`, "e:1:t"]);
});

test("listeners are called in the order in which they were added, by name or by pattern", () => {
  const order = [];
  channels.on("room:*", () => order.push(1));
  channels.on("room:1", () => order.push(2));
  channels.on("*", () => order.push(3));
  channels.on("room:1", () => order.push(4));

  deliver("room:1");

  assert.deepEqual(order, [1, 2, 3, 4]);
});

test("the function that on() returns removes that one listener", () => {
  const end = channels.on("room:1", listener);
  channels.on("room:1", listener);

  assert.equal(end(), undefined);
  deliver("room:1");

  assert.equal(heard.length, 1);
});

test("off() removes one listener of a channel, or all of them", () => {
  const other = mock.fn();
  for (const one of [listener, other]) for (const channel of ["room:1", "room:2"]) channels.on(channel, one);

  channels.off("room:1", other);
  deliver("room:1");
  deliver("room:2");
  assert.deepEqual([heard.length, other.mock.callCount()], [2, 1]);
  channels.off("room:2");
  deliver("room:1");
  deliver("room:2");

  assert.deepEqual([heard.length, other.mock.callCount()], [3, 1]);
});

test("an error of one listener does not keep a message from the others", () => {
  const reported = mock.fn();
  globalThis.reportError = reported;
  const error = new Error("broken");
  channels.on("room:1", () => {
    throw error;
  });
  channels.on("room:1", listener);

  deliver("room:1");

  assert.equal(heard.length, 1);
  assert.deepEqual(reported.mock.calls[0].arguments, [error]);
});

test("listeners may be added and removed while a message is delivered", () => {
  const end = channels.on("room:1", () => {
    end();
    channels.on("room:1", listener);
  });

  deliver("room:1", 1);
  deliver("room:1", 2);

  assert.deepEqual(heard, [[2, "room:1", "e:1:t"]]);
});

test("while scripts are loading, messages without a listener are kept for later listeners", async () => {
  isEarly = true;
  deliver("room:1", 1);
  deliver("room:2", 2);
  deliver("room:1", 3);

  channels.on("room:1", listener);
  channels.on("room:1", listener);
  assert.deepEqual(heard, []); // on() has not returned yet
  await null;
  deliver("room:1", 4);

  assert.deepEqual(heard.map(([payload]) => payload), [1, 1, 3, 3, 4, 4]);
  channels.on("*", listener);
  await null;
  assert.deepEqual(heard.at(-1), [2, "room:2", "e:1:t"]);
});

test("once scripts have loaded, messages without a listener are dropped", async () => {
  isEarly = true;
  deliver("room:1", 1);
  isEarly = false;
  deliver("room:1", 2);

  channels.on("room:1", listener);
  await null;

  assert.deepEqual(heard, []);
});

test("the listeners of a script that runs again in the next page are not doubled", () => {
  const script = (name) => {
    channels.on("room:1", (payload) => heard.push([name, payload]));
    channels.on("room:*", (payload) => heard.push([name, payload]));
  };
  script("former");
  channels.on("room:1", (payload) => heard.push(["other", payload]));

  channels.turnPage();
  script("latter");
  deliver("room:1", "hi");

  assert.deepEqual(heard, [["other", "hi"], ["latter", "hi"], ["latter", "hi"]]);
});

test("a listener that is added twice in one page is called twice", () => {
  channels.turnPage();
  for (let count = 0; count < 2; count++) channels.on("room:1", (payload) => heard.push(payload));

  deliver("room:1", "hi");

  assert.equal(heard.length, 2);
});

test("a message that is delivered again reaches only the listeners that were added since", () => {
  const message = { channel: "room:1", payload: "hi", position: "e:1:t" };
  const late = mock.fn();
  channels.on("room:1", listener);
  channels.deliver(message);
  channels.on("room:*", late);

  channels.deliver(message);
  channels.deliver(message);

  assert.equal(heard.length, 1);
  assert.equal(late.mock.callCount(), 1);
});
