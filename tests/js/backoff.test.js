import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../flask_realtime/static/backoff.js";

const at = (random) => new Backoff({ Math: { random: () => random } });
const AWAY = 1006;

test("the delay grows twofold with each failure, up to half a minute", () => {
  const backoff = at(1);

  const delays = Array.from({ length: 7 }, () => backoff.next(AWAY, 0));

  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test("the delay is anywhere between nothing and its limit", () => {
  assert.equal(at(0).next(AWAY, 0), 0);
  assert.equal(at(0.25).next(AWAY, 0), 250);
});

test("only a socket that has lived ten seconds starts the delays anew", () => {
  const backoff = at(1);
  backoff.next(AWAY, 0);
  backoff.next(AWAY, 0);

  assert.equal(backoff.next(AWAY, 9_999), 4000);
  assert.equal(backoff.next(AWAY, 10_000), 1000);
});

test("a server that restarts is come back to within a second", () => {
  const backoff = at(0.9);
  for (let failures = 0; failures < 5; failures++) backoff.next(AWAY, 0);

  assert.equal(backoff.next(1012, 0), 900);
});

test("one that found us too busy is left alone for half a minute at least", () => {
  assert.equal(at(0).next(1008, 60_000), 30_000);
  assert.equal(at(0.5).next(1008, 60_000), 45_000);
});

test("one that does not keep up comes back with growing delays", () => {
  const backoff = at(1);

  assert.deepEqual([backoff.next(1013, 0), backoff.next(1013, 0)], [1000, 2000]);
});
