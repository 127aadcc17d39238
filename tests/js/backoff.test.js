import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Backoff } from "../../flask_realtime/javascript/backoff.js";
import { FakePage } from "./page.js";

const AWAY = 1006;
const MINUTE = 60_000;
let page, backoff;

beforeEach(() => {
  page = new FakePage();
  page.random = 1;
  backoff = new Backoff(page);
});

/** How long the waits are at most, each after the one before it, until `end` ms have passed. */
function waits(end) {
  const found = [];
  for (let away = 0; away < end; away += found.at(-1)) {
    found.push(backoff.next(AWAY));
    page.clock.sleep(found.at(-1));
  }
  return found;
}

test("who comes back to a server that was away for up to a minute waits for four seconds at most", () => {
  assert.equal(Math.max(...waits(MINUTE)), 4_000);
});

test("who comes back to one that was away for longer waits for twelve at most", () => {
  const found = waits(60 * MINUTE);

  assert.equal(Math.max(...found), 12_000);
  assert.equal(found.at(-1), 12_000);
});

test("the waits grow with the time that the server has been away", () => {
  const found = waits(5 * MINUTE);

  assert.deepEqual(found, [...found].sort((one, other) => one - other));
  assert.deepEqual(found.slice(0, 4), [1_000, 1_000, 1_000, 1_500]);
});

test("the wait is anywhere between nothing and its limit, so that not all come at once", () => {
  page.random = 0;
  assert.equal(backoff.next(AWAY), 0);
  page.random = 0.25;
  assert.equal(backoff.next(AWAY), 250);
});

test("only a socket that has lived ten seconds starts the waits anew", () => {
  page.clock.sleep(MINUTE);

  assert.equal(backoff.next(AWAY, 9_999), 4_000);
  assert.equal(backoff.next(AWAY, 10_000), 1_000);
});

test("a server that restarts is come back to within a second", () => {
  page.random = 0.9;
  page.clock.sleep(MINUTE);

  assert.equal(backoff.next(1012), 900);
});

test("one whose session has changed gives the browser a moment to get the new cookie", () => {
  page.random = 0;
  assert.equal(backoff.next(4001), 1_000);
});

test("one that found us too busy is left alone for half a minute at least", () => {
  page.random = 0;
  assert.equal(backoff.next(1008, MINUTE), 30_000);
  page.random = 0.5;
  assert.equal(backoff.next(1008, MINUTE), 45_000);
});
