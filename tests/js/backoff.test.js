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

/** The longest waits, one after the other, until `end` ms have passed. */
function waits(end) {
  const found = [];
  for (let away = 0; away < end; away += found.at(-1)) {
    found.push(backoff.next(AWAY));
    page.clock.sleep(found.at(-1));
  }
  return found;
}

test("a wait is at most four seconds if the server was away for up to a minute", () => {
  assert.equal(Math.max(...waits(MINUTE)), 4_000);
});

test("a wait is at most twelve seconds if the server was away for longer", () => {
  const found = waits(60 * MINUTE);

  assert.equal(Math.max(...found), 12_000);
  assert.equal(found.at(-1), 12_000);
});

test("waits grow with the time for which the server has been away", () => {
  const found = waits(5 * MINUTE);

  assert.deepEqual(found, [...found].sort((one, other) => one - other));
  assert.deepEqual(found.slice(0, 4), [1_000, 1_000, 1_000, 1_500]);
});

test("a wait is a random part of its limit", () => {
  page.random = 0;
  assert.equal(backoff.next(AWAY), 0);
  page.random = 0.25;
  assert.equal(backoff.next(AWAY), 250);
});

test("waits begin at the shortest again only after a socket that lived for ten seconds", () => {
  page.clock.sleep(MINUTE);

  assert.equal(backoff.next(AWAY, 9_999), 4_000);
  assert.equal(backoff.next(AWAY, 10_000), 1_000);
});

test("after a restart of the server, the wait is at most one second", () => {
  page.random = 0.9;
  page.clock.sleep(MINUTE);

  assert.equal(backoff.next(1012), 900);
});

test("after a change of the session, the wait is one to two seconds", () => {
  page.random = 0;
  assert.equal(backoff.next(4001, MINUTE), 1_000);
  page.random = 1;
  assert.equal(backoff.next(4001, MINUTE), 2_000);
});

test("a page that is turned away again and again, while its reload waits, comes back less and less often", () => {
  page.random = 0.5;
  let count = 0;
  for (let away = 0, wait; away < 60 * MINUTE; away += wait, count++) {
    wait = backoff.next(4001, 0);
    page.clock.sleep(wait);
  }

  assert.ok(count < 600, `It came ${count} times within an hour.`);
});

test("a server that found the page too busy is left alone for at least half a minute", () => {
  page.random = 0;
  assert.equal(backoff.next(1008, MINUTE), 30_000);
  page.random = 0.5;
  assert.equal(backoff.next(1008, MINUTE), 45_000);
});
