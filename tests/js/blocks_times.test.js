import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, answers, asked, blocks, busy, clockwork, element, failure, page, place, stale, updated } from "./blocks_page.js";

// With a chance of one half; it spreads the pages that a server has refused at one moment.
const JITTER = 1_000;

test("the first refresh makes a request at once, many further ones together make one more", async () => {
  blocks.refresh("room:1");
  await page.clock.pass(0);
  for (let number = 0; number < 20; number++) blocks.refresh("room:1");
  await page.clock.pass(10_000);

  assert.equal(asked.length, 2);
  assert.equal(asked[1].at - asked[0].at, 250);
  assert.equal(asked[0]["X-Realtime-Block"], "rows");
});

test("the request is made at a random moment within the spread", async () => {
  blocks.refresh("room:1", 4_000);
  const begin = page.clock.now;
  await page.clock.pass(10_000);

  assert.equal(asked[0].at - begin, 2_000);
});

test("further refreshes do not move a planned request", async () => {
  const begin = page.clock.now;
  blocks.refresh("room:1", 4_000);
  clockwork.chance = 0.1;
  for (let number = 0; number < 5; number++) blocks.refresh("room:1", 4_000);
  await page.clock.pass(10_000);

  assert.deepEqual(asked.map(({ at }) => at - begin), [2_000]);
});

test("a refresh without a spread makes a planned request at once", async () => {
  const begin = page.clock.now;
  blocks.refresh("room:1", 60_000);
  blocks.refresh("room:1");
  await page.clock.pass(10_000);

  assert.equal(asked[0].at - begin, 0);
});

for (const [what, failing] of [
  ["a network that is down", new Error("offline")],
  ["a proxy without a server", answer({}, { status: 502, headers: {} })],
]) {
  test(`${what} is retried, and at once when the socket is open again`, async () => {
    answers.push(failing, failing);
    blocks.refresh("room:1");
    await page.clock.pass(0);
    const delay = page.clock.next;
    blocks.resume();
    await page.clock.pass(250);
    await page.clock.pass(30_000);

    assert.ok(delay > 250);
    assert.equal(asked.length, 3);
    assert.deepEqual(updated, [["rows", "x"]]);
  });
}

for (const [what, status] of [["a busy server", 503], ["an app that limits requests", 429]]) {
  test(`${what} is asked again after its Retry-After`, async () => {
    answers.push(answer({}, { status, headers: { "Retry-After": "7" } }));
    blocks.refresh("room:1");
    await page.clock.pass(7_000);
    assert.equal(asked.length, 1);
    await page.clock.pass(JITTER);

    assert.equal(asked.length, 2);
    assert.deepEqual(updated, [["rows", "x"]]);
  });
}

test("a 404 is not retried before the next refresh", async () => {
  answers.push(failure(404));
  blocks.refresh("room:1");
  await page.clock.pass(60_000);
  assert.equal(asked.length, 1);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.equal(asked.length, 2);
  assert.deepEqual(stale, [[404, false]]);
});

test("a view that fails is retried five times, with growing pauses", async () => {
  answers.push(...Array.from({ length: 20 }, () => failure(500)));
  blocks.refresh("room:1");
  await page.clock.pass(600_000);

  const pauses = asked.slice(1).map(({ at }, index) => at - asked[index].at);
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 15_000]);
  assert.deepEqual(stale[5], [500, false]);
  blocks.refresh("room:1");
  await page.clock.pass(0);
  assert.equal(asked.length, 7);
});

test("a view that fails once is retried after a second", async () => {
  answers.push(failure(500));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(updated, [["rows", "x"]]);
  assert.equal(page.clock.next, Infinity);
});

test("a block that has left the page is not requested again", async () => {
  answers.push(failure(500));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  place();
  await page.clock.pass(600_000);

  assert.equal(asked.length, 1);
});

test("a block that is refreshed during a request does not wait for a block that fails", async () => {
  place(element("rows", "room:1", "/rows"), element("people", "here"));
  const refreshing = { ...failure(500), headers: { has: () => blocks.refresh("here"), get: () => null } };
  answers.push({ ...refreshing, ok: true }, answer({ people: { html: "p", hash: "1" } }));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  await page.clock.pass(250);

  assert.deepEqual(asked.map(({ url }) => new URL(url).pathname), ["/rows", "/rooms/1"]);
  assert.deepEqual(updated, [["people", "p"]]);
});

test("refreshes do not make a busy server be asked before its Retry-After", async () => {
  const refresh = () => blocks.refresh("room:1");
  answers.push(busy("7", refresh));
  refresh();
  await page.clock.pass(0);
  for (let second = 0; second < 6; second++) {
    refresh();
    blocks.resume();
    await page.clock.pass(1_000);
  }
  assert.equal(asked.length, 1);
  await page.clock.pass(60_000);

  assert.equal(asked.length, 2);
  assert.equal(asked[1].at - asked[0].at, 7_000 + JITTER);
  assert.deepEqual(updated, [["rows", "x"]]);
});

test("a Retry-After of years is limited to a day", async () => {
  answers.push(busy("1e9"), busy("1e9"));
  blocks.refresh("room:1");
  await page.clock.pass(0);

  assert.equal(page.clock.next, 86_400_000 + JITTER);
});

test("a block from another address does not wait for a busy server", async () => {
  place(element("rows", "room:1", "/rows"), element("people", "here"));
  answers.push(busy("7"), answer({ people: { html: "p", hash: "1" } }));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  blocks.refresh("here");
  await page.clock.pass(250);

  assert.deepEqual(asked.map(({ url }) => new URL(url).pathname), ["/rows", "/rooms/1"]);
});

test("a refresh during a request is spread as well", async () => {
  const begin = page.clock.now;
  const refresh = () => blocks.refresh("room:1", 4_000);
  answers.push({ ...answer({ rows: { html: "x", hash: "h" } }), json: async () => (refresh(), {}) });
  blocks.refresh("room:1");
  await page.clock.pass(60_000);

  assert.deepEqual(asked.map(({ at }) => at - begin), [0, 2_000]);
});

test("a block that fails does not move the planned request of another block", async () => {
  const begin = page.clock.now;
  place(element("rows", "room:1", "/rows"), element("people", "here", "/people"));
  answers.push(failure(500));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  blocks.refresh("here", 4_000);
  await page.clock.pass(60_000);

  const times = asked.map(({ url, at }) => [new URL(url).pathname, at - begin]);
  assert.deepEqual(times, [["/rows", 0], ["/rows", 1_000], ["/people", 2_000]]);
});

test("a timer that runs a fraction of a ms early makes the request all the same", async () => {
  const begin = page.clock.now;
  blocks.refresh("room:1", 1_001);
  clockwork.early = 0.9;
  await page.clock.pass(600);

  assert.equal(asked.length, 1);
  assert.ok(asked[0].at - begin < 600);
});

test("a block that changes during each request is asked for less and less often, until it changes no more", async () => {
  const one = element("rows", "room:1");
  place(one);
  const changing = () => void blocks.renew(one);
  answers.shift = changing;
  blocks.refresh("room:1");
  await page.clock.pass(60_000);
  const pauses = asked.map(({ at }, index) => at - asked[index - 1]?.at).slice(1, 7);
  answers.shift = () => undefined;
  await page.clock.pass(60_000);
  const count = asked.length;
  answers.shift = changing;
  blocks.refresh("room:1");
  await page.clock.pass(300);

  assert.deepEqual(pauses, [250, 1_000, 3_000, 7_000, 15_000, 30_000]);
  assert.equal(count, 8);
  assert.equal(asked.length, count + 2); // the first change is shown at once again
});
