import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Heartbeat } from "../../flask_realtime/javascript/heartbeat.js";
import { FakePage } from "./page.js";

const INTERVAL = 25_000;
let clock, heartbeat, pings, deaths, isAwaiting;

beforeEach(() => {
  const page = new FakePage();
  clock = page.clock;
  pings = deaths = 0;
  isAwaiting = false;
  heartbeat = new Heartbeat(
    page,
    () => pings++,
    () => deaths++,
    () => isAwaiting,
  );
  heartbeat.start();
  heartbeat.heard();
  pings = 0;
});

test("a live link is pinged once an interval", async () => {
  for (let beats = 1; beats <= 3; beats++) {
    await clock.pass(INTERVAL);
    heartbeat.heard();

    assert.deepEqual([pings, deaths], [beats, 0]);
  }
});

test("a dead link is noticed within two intervals", async () => {
  await clock.pass(2 * INTERVAL);

  assert.deepEqual([pings, deaths], [1, 1]);
  assert.equal(clock.pending, 0);
});

test("an attempt to open that comes to nothing is noticed too", async () => {
  heartbeat.start();

  await clock.pass(INTERVAL);

  assert.equal(deaths, 1);
});

test("a link in doubt is asked at once, and given up after five seconds", async () => {
  heartbeat.check();
  assert.equal(pings, 1);

  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("a link in doubt that answers goes on as before", async () => {
  heartbeat.check();
  heartbeat.heard();

  await clock.pass(5_000);

  assert.deepEqual([pings, deaths], [2, 0]);
});

test("who wakes from sleep asks before a link is called dead", async () => {
  await clock.pass(INTERVAL); // pinged, not answered yet
  clock.sleep(3_600_000);

  await clock.pass(0);
  assert.deepEqual([pings, deaths], [2, 0]);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("a dead link is noticed in a hidden page too, whose timers come once a minute", async () => {
  for (let minutes = 0; minutes < 3; minutes++) {
    clock.sleep(60_000);
    await clock.pass(0);
  }

  assert.equal(deaths, 1);
});

test("a live one is kept there", async () => {
  for (let minutes = 0; minutes < 10; minutes++) {
    clock.sleep(60_000);
    await clock.pass(0);
    heartbeat.heard();
  }

  assert.deepEqual([pings, deaths], [10, 0]);
});

test("a stopped heartbeat holds no timer", () => {
  heartbeat.stop();

  assert.equal(clock.pending, 0);
});

test("a link on which an answer is awaited is doubted after five silent seconds", async () => {
  isAwaiting = true;
  heartbeat.expect();

  await clock.pass(4_999);
  assert.equal(pings, 0);
  await clock.pass(1);
  assert.equal(pings, 1);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("one that gives signs of life is not, however long the answer takes", async () => {
  isAwaiting = true;
  heartbeat.expect();

  for (let seconds = 0; seconds < 12; seconds += 4) {
    await clock.pass(4_000);
    heartbeat.heard();
  }
  assert.equal(pings, 0);
  await clock.pass(10_000); // it falls silent while the answer is still awaited
  assert.equal(pings, 1);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("nothing is doubted once the answer is there", async () => {
  isAwaiting = true;
  heartbeat.expect();
  await clock.pass(3_000);
  isAwaiting = false;

  await clock.pass(10_000);

  assert.deepEqual([pings, deaths], [0, 0]);
});

test("what answers the doubt is doubted again while an answer is awaited", async () => {
  isAwaiting = true;
  heartbeat.expect();
  await clock.pass(5_000);
  heartbeat.heard(); // the pong
  await clock.pass(5_000);
  pings = 0;

  await clock.pass(5_000);
  assert.equal(pings, 1);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});
