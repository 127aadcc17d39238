import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Blocks } from "../../flask_realtime/static/blocks.js";
import { FakePage } from "./page.js";

let chance = 0.5;
let page, blocks, asked, answers, stale, elements, updated, address;

const element = (block, on, url) => ({
  dataset: { realtimeBlock: block, realtimeOn: on, ...(url && { realtimeUrl: url }) },
  closest: () => null,
  getRootNode: () => ({}),
});

const answer = (body, { status = 200, headers = { "X-Realtime-Block": "x" }, type = "basic" } = {}) => ({
  status,
  type,
  ok: status >= 200 && status < 300,
  headers: new Headers(headers),
  json: async () => body,
});

const failure = (status) => answer({}, { status, headers: {} });

beforeEach(() => {
  page = new FakePage({});
  [asked, answers, stale, updated, elements] = [[], [], [], [], [element("rows", "room:1")]];
  address = "http://app.test/rooms/1";
  const document = { querySelectorAll: () => elements };
  const window = { ...methods(page), document, location: { href: address, origin: "http://app.test" } };
  blocks = new Blocks(window, {
    fetch: async (url, { headers }) => {
      asked.push({ url, ...headers, at: page.clock.now });
      const next = answers.shift() ?? answer({ rows: { html: "x", hash: "h" } });
      if (next instanceof Error) throw next;
      return next;
    },
    address: () => address,
    update: (one, name, html) => updated.push([name, html]),
    stale: (detail, reloads) => stale.push([detail.status ?? detail.reason, reloads]),
    warn: (text) => stale.push(text),
  });
});

/** Timers, time and chance of the page's clock. */
function methods({ clock }) {
  return {
    setTimeout: (run, delay) => clock.set(run, delay),
    clearTimeout: (id) => clock.clear(id),
    performance: { now: () => clock.now },
    Math: { random: () => chance },
  };
}

test("the first refresh asks at once, many soon after it ask once more", async () => {
  blocks.refresh("room:1");
  await page.clock.pass(0);
  for (let number = 0; number < 20; number++) blocks.refresh("room:1");
  await page.clock.pass(10_000);

  assert.equal(asked.length, 2);
  assert.equal(asked[1].at - asked[0].at, 250);
  assert.equal(asked[0]["X-Realtime-Block"], "rows");
});

test("blocks that are due come in one request, others do not", async () => {
  elements = [element("rows", "room:1 room:2"), element("people", "here:*"), element("other", "x")];
  answers = [answer({ rows: { html: "r", hash: "1" }, people: { html: "p", hash: "2" } })];

  blocks.refresh("room:2");
  blocks.refresh("here:1");
  blocks.refresh("elsewhere");
  await page.clock.pass(1_000);

  assert.deepEqual(asked.map((one) => one["X-Realtime-Block"]), ["rows people"]);
  assert.deepEqual(updated, [["rows", "r"], ["people", "p"]]);
});

test("what the page has is named by its hash, and the same is not put there again", async () => {
  answers = [answer({ rows: { html: "x", hash: "h" } }), answer({ rows: { hash: "h" } })];
  blocks.refresh("room:1");
  await page.clock.pass(1_000);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.equal(asked[0]["X-Realtime-Block-Hash"], undefined);
  assert.equal(asked[1]["X-Realtime-Block-Hash"], "rows=h");
  assert.equal(updated.length, 1);
});

test("a herd spreads itself as the server says", async () => {
  blocks.refresh("room:1", 4_000);
  const begin = page.clock.now;
  await page.clock.pass(10_000);

  assert.equal(asked[0].at - begin, 2_000);
});

test("one that waits is not moved by what the server says to others as well", async () => {
  const begin = page.clock.now;
  blocks.refresh("room:1", 4_000);
  chance = 0.1;
  for (let number = 0; number < 5; number++) blocks.refresh("room:1", 4_000);
  await page.clock.pass(10_000);
  chance = 0.5;

  assert.deepEqual(asked.map(({ at }) => at - begin), [2_000]);
});

test("one that waits for its herd is fetched at once for a channel of few", async () => {
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
  test(`${what} is asked again, and at once when the socket is back`, async () => {
    answers = [failing, failing];
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

test("a server that is busy is asked again when it says", async () => {
  answers = [answer({}, { status: 503, headers: { "Retry-After": "7" } })];
  blocks.refresh("room:1");
  await page.clock.pass(6_999);
  assert.equal(asked.length, 1);
  await page.clock.pass(2);

  assert.equal(asked.length, 2);
});

for (const [what, response, expected] of [
  ["a log-in that ended", answer({}, { status: 401, headers: {} }), [401, true]],
  ["a redirect to the log-in", answer({}, { status: 0, type: "opaqueredirect", headers: {} }), [0, true]],
  ["a view without blocks", answer({}, { headers: {} }), ["no X-Realtime-Block", false]],
]) {
  test(`${what} makes the page stale, and nothing is put there`, async () => {
    answers = [response];
    blocks.refresh("room:1");
    await page.clock.pass(60_000);

    assert.equal(asked.length, 1);
    assert.equal(stale[0][1], expected[1]);
    assert.deepEqual(updated, []);
  });
}

test("404 waits for the next refresh", async () => {
  answers = [failure(404)];
  blocks.refresh("room:1");
  await page.clock.pass(60_000);
  assert.equal(asked.length, 1);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.equal(asked.length, 2);
  assert.deepEqual(stale, [[404, false]]);
});

test("a view that fails is asked again, later and later, a few times", async () => {
  answers = Array.from({ length: 20 }, () => failure(500));
  blocks.refresh("room:1");
  await page.clock.pass(600_000);

  const pauses = asked.slice(1).map(({ at }, index) => at - asked[index].at);
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 15_000]);
  assert.deepEqual(stale[5], [500, false]);
  blocks.refresh("room:1");
  await page.clock.pass(0);
  assert.equal(asked.length, 7);
});

test("a view that has failed once is shown soon", async () => {
  answers = [failure(500)];
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(updated, [["rows", "x"]]);
  assert.equal(page.clock.next, Infinity);
});

test("a block that has left the page is not asked for again", async () => {
  answers = [failure(500)];
  blocks.refresh("room:1");
  await page.clock.pass(0);
  elements = [];
  await page.clock.pass(600_000);

  assert.equal(asked.length, 1);
});

test("a block that is refreshed meanwhile does not wait for another that fails", async () => {
  elements = [element("rows", "room:1", "/rows"), element("people", "here")];
  const refreshing = { ...failure(500), headers: { has: () => blocks.refresh("here"), get: () => null } };
  answers = [{ ...refreshing, ok: true }, failure(500), answer({ people: { html: "p", hash: "1" } })];
  blocks.refresh("room:1");
  await page.clock.pass(0);
  await page.clock.pass(250);

  assert.deepEqual(asked.map(({ url }) => new URL(url).pathname), ["/rows", "/rows", "/rooms/1"]);
  assert.deepEqual(updated, [["people", "p"]]);
});

test("a page that was posted has no address of its own, unless the block names one", async () => {
  address = null;
  elements = [element("rows", "room:1"), element("people", "room:1", "/people")];
  answers = [answer({ people: { html: "p", hash: "1" } })];
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(asked.map(({ url }) => url), ["http://app.test/people"]);
  assert.equal(stale.length, 1);
});

test("another site is not asked", async () => {
  elements = [element("rows", "room:1", "http://other.test/")];
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(asked, []);
  assert.deepEqual(stale, [["no address of this origin", false]]);
});
