import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Page } from "../../flask_realtime/javascript/page.js";

const subscribed = () => true;
const unsubscribed = () => false;
let page;

beforeEach(() => {
  page = new Page("id");
});

test("a message is a repeat if its position is not after the last one of the same log", () => {
  assert.equal(page.advance("a", "e:9:t"), true);
  assert.equal(page.advance("a", "e:9:t"), false);
  assert.equal(page.advance("a", "e:8:u"), false);
  assert.equal(page.advance("a", "e:10:v"), true); // compared as a number, not as text
  assert.equal(page.advance("a", "f:1:w"), true); // another log
  assert.equal(page.advance("b", "f:1:w"), true); // another channel
});

test("positions are those of the last messages of the page's channels", () => {
  page.advance("a", "e:1:t");
  page.advance("__proto__", "e:2:t");
  page.advance("b", "e:3:t");
  page.leave("b");

  assert.equal(JSON.stringify(page.positions), '{"a":"e:1:t","__proto__":"e:2:t"}');
});

test("the position of a channel's beginning counts until the first message", () => {
  page.advance("a", "e:5:t");

  page.resume({ known: true, positions: { a: "e:2:s", b: "e:7:u" } }, subscribed);

  assert.deepEqual(page.positions, { a: "e:5:t", b: "e:7:u" });
  assert.equal(page.advance("b", "e:8:v"), true);
});

test("channels that were left or lost have no position any more", () => {
  for (const channel of ["a", "b", "c"]) page.advance(channel, "e:5:t");

  page.resume({ known: true, lost: ["a"], left: ["b"] }, subscribed);

  assert.deepEqual(page.positions, { c: "e:5:t" });
});

test("a loss that the reply to the greeting names is not reported twice", () => {
  page.resume({ known: true, lost: ["a"] }, subscribed);

  assert.equal(page.lose("a", "f:0:"), false);
  assert.equal(page.lose("a", "g:0:"), true);
  assert.deepEqual(page.positions, { a: "g:0:" });
});

for (const [what, reply, isSubscribed, expected] of [
  ["unknown, and says that it is subscribed", { known: false }, subscribed, true],
  ["unknown, and says nothing", { known: false }, unsubscribed, false],
  ["known", { known: true, positions: { a: "e:1:t" } }, subscribed, false],
  ["known to a server that tells no positions", { known: true }, subscribed, false],
  ["known, without any channel", { known: true, positions: {} }, subscribed, true],
  ["known, without any channel, and says nothing", { known: true, positions: {} }, unsubscribed, false],
  ["known, and has left its channel", { known: true, positions: {}, left: ["a"] }, subscribed, false],
  ["known, and has lost its channel", { known: true, positions: {}, lost: ["a"] }, subscribed, false],
]) {
  test(`a new page counts as ${expected ? "" : "not "}forgotten if it is ${what}`, () => {
    assert.equal(page.resume(reply, isSubscribed), expected);
  });
}

test("a page that has left all its channels does not count as forgotten", () => {
  page.resume({ known: true, positions: { a: "e:1:t" } }, subscribed);
  page.leave("a");

  assert.equal(page.resume({ known: true, positions: {} }, subscribed), false);
});
