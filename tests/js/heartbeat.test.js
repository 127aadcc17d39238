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

test("a live connection is pinged once in each interval", async () => {
  for (let beats = 1; beats <= 3; beats++) {
    await clock.pass(INTERVAL);
    heartbeat.heard();

    assert.deepEqual([pings, deaths], [beats, 0]);
  }
});

test("a dead connection is noticed within two intervals", async () => {
  await clock.pass(2 * INTERVAL);

  assert.deepEqual([pings, deaths], [1, 1]);
  assert.equal(clock.pending, 0);
});

test("an attempt to connect without an answer is noticed too", async () => {
  heartbeat.start();

  await clock.pass(INTERVAL);

  assert.equal(deaths, 1);
});

test("a check pings at once, and gives the connection up after five seconds", async () => {
  heartbeat.check();
  assert.equal(pings, 1);

  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("a connection that answers a check goes on as before", async () => {
  heartbeat.check();
  heartbeat.heard();

  await clock.pass(5_000);

  assert.deepEqual([pings, deaths], [2, 0]);
});

test("after a sleep, another ping is sent before the connection counts as dead", async () => {
  await clock.pass(INTERVAL); // a ping has been sent, and is not answered yet
  clock.sleep(3_600_000);

  await clock.pass(0);
  assert.deepEqual([pings, deaths], [2, 0]);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("a dead connection is noticed in a hidden page too, whose timers run once a minute", async () => {
  for (let minutes = 0; minutes < 3; minutes++) {
    clock.sleep(60_000);
    await clock.pass(0);
  }

  assert.equal(deaths, 1);
});

test("a live connection of a hidden page is kept", async () => {
  for (let minutes = 0; minutes < 10; minutes++) {
    clock.sleep(60_000);
    await clock.pass(0);
    heartbeat.heard();
  }

  assert.deepEqual([pings, deaths], [10, 0]);
});

test("a stopped heartbeat has no timer", () => {
  heartbeat.stop();

  assert.equal(clock.pending, 0);
});

test("a connection is checked after five silent seconds if a reply is awaited", async () => {
  isAwaiting = true;
  heartbeat.expect();

  await clock.pass(4_999);
  assert.equal(pings, 0);
  await clock.pass(1);
  assert.equal(pings, 1);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("a connection on which anything comes is not checked, however long the reply takes", async () => {
  isAwaiting = true;
  heartbeat.expect();

  for (let seconds = 0; seconds < 12; seconds += 4) {
    await clock.pass(4_000);
    heartbeat.heard();
  }
  assert.equal(pings, 0);
  await clock.pass(10_000); // nothing comes any more, and the reply is still awaited
  assert.equal(pings, 1);
  await clock.pass(5_000);

  assert.equal(deaths, 1);
});

test("the connection is not checked once the reply has come", async () => {
  isAwaiting = true;
  heartbeat.expect();
  await clock.pass(3_000);
  isAwaiting = false;

  await clock.pass(10_000);

  assert.deepEqual([pings, deaths], [0, 0]);
});

test("a connection that answers a check is checked again while a reply is awaited", async () => {
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
