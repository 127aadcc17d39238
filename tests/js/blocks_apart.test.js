/** What happens to one block, or at one address, is no matter of the others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, answers, asked, blocks, busy, element, failure, moveTo, page, place, reported, stale, updated } from "./blocks_page.js";

const paths = () => asked.map(({ url }) => new URL(url).pathname);
const askedAt = (path) => asked.filter(({ url }) => new URL(url).pathname === path);
const good = (name) => answer({ [name]: { html: "x", hash: "h" } });

/** Let every request be answered by `respond(path)`. */
function serve(respond) {
  answers.shift = () => respond(paths().at(-1));
}

test("a request that is never answered holds up no block of another address", async () => {
  place(element("a", "room:1", "/slow"), element("b", "room:2", "/quick"));
  serve((path) => (path === "/slow" ? new Promise(() => {}) : good("b")));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  for (let number = 0; number < 3; number++) {
    blocks.refresh("room:2");
    await page.clock.pass(10_000);
  }

  assert.deepEqual(paths(), ["/slow", "/quick", "/quick", "/quick"]);
});

test("a block whose address has a request under way is requested once that is answered", async () => {
  place(element("a", "room:1", "/slow"), element("b", "room:2", "/slow"));
  let respond;
  serve(() => new Promise((resolve) => (respond = resolve)));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  blocks.refresh("room:2");
  await page.clock.pass(10_000);
  const before = asked.length;
  respond(good("a"));
  await page.clock.pass(0);
  await page.clock.pass(1_000);

  assert.deepEqual([before, asked.length], [1, 2]);
  assert.equal(asked[1]["X-Realtime-Block"], "b");
});

test("a request that is not answered within a minute is given up, and made again", async ({ mock }) => {
  const minute = new AbortController();
  const limits = mock.method(AbortSignal, "timeout", () => minute.signal).mock;
  serve(() => new Promise((_, reject) => asked.at(-1).signal?.addEventListener("abort", reject)));
  blocks.refresh("room:1");
  await page.clock.pass(0);
  serve(() => good("rows"));
  minute.abort();
  await page.clock.pass(0);
  await page.clock.pass(10_000);

  assert.deepEqual(limits.calls[0].arguments, [60_000]);
  assert.equal(asked.length, 2);
  assert.deepEqual(updated, [["rows", "x"]]);
});

test("a view that takes minutes is given twice the time at each request, and the console says so", async ({ mock }) => {
  const limits = mock.method(AbortSignal, "timeout", () => AbortSignal.abort()).mock;
  const times = () => limits.calls.slice(0, 5).map(({ arguments: [ms] }) => ms);
  serve(() => (times().at(-1) > 200_000 ? good("rows") : Promise.reject(new Error("aborted"))));
  blocks.refresh("room:1");
  await page.clock.pass(60_000);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);
  blocks.resume(); // on another network, which may lose requests
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(times(), [60_000, 120_000, 240_000, 240_000, 60_000]);
  assert.equal(stale[0], "http://app.test/rooms/1 has no answer within 60 s; asked again.");
  assert.equal(updated.length, 2);
});

test("a refresh on which no block depends moves no planned request, and allows no further retries", async () => {
  const begin = page.clock.now;
  blocks.refresh("room:1", 60_000);
  blocks.refresh("unrelated");
  await page.clock.pass(30_000);
  const planned = asked.map(({ at }) => at - begin);
  serve(() => failure(500));
  blocks.refresh("room:1");
  for (let number = 0; number < 900; number++) {
    blocks.refresh("unrelated");
    await page.clock.pass(400);
  }

  assert.deepEqual(planned, [30_000]);
  assert.equal(asked.length - planned.length, 6);
});

test("a refresh of one block does not move the planned request of another", async () => {
  const begin = page.clock.now;
  place(element("a", "room:1", "/one"), element("b", "room:2", "/two"));
  blocks.refresh("room:1", 60_000);
  blocks.refresh("room:2");
  await page.clock.pass(60_000);

  assert.deepEqual(asked.map(({ url, at }) => [new URL(url).pathname, at - begin]), [["/two", 0], ["/one", 30_000]]);
});

test("blocks that are refreshed one after the other, each with a spread, come by one request", async () => {
  const begin = page.clock.now;
  place(element("a", "room:1"), element("b", "room:2"));
  blocks.refresh("room:1", 4_000);
  blocks.refresh("room:2", 6_000);
  await page.clock.pass(60_000);

  assert.deepEqual(asked.map(({ at }) => at - begin), [2_000]);
  assert.equal(asked[0]["X-Realtime-Block"], "a b");
});

test("an address that fails is requested ever less often, whatever another answers meanwhile", async () => {
  place(element("a", "room:1", "/bad"), element("b", "room:2", "/good"));
  serve((path) => (path === "/bad" ? failure(503) : good("b")));
  blocks.refresh("room:1");
  for (let number = 0; number < 150; number++) {
    blocks.refresh("room:2");
    await page.clock.pass(400);
  }

  assert.ok(askedAt("/good").length > 100);
  assert.ok(askedAt("/bad").length < 10);
});

for (const [kind, url] of [["of another origin", "https://elsewhere.test/"], ["that a GET does not return", undefined]]) {
  test(`an element whose address is one ${kind} has no other with its block asked for again and again`, async () => {
    moveTo(null);
    place(element("a", "room:1", "/one"), element("a", "room:1", url));
    serve(() => good("a"));
    blocks.refresh("room:1");
    await page.clock.pass(60_000);

    assert.deepEqual(paths(), ["/one"]);
    assert.deepEqual(updated, [["a", "x"]]);
  });
}

test("a refresh is not put off because a block of another address changes during each of its requests", async () => {
  const changing = element("a", "room:1", "/changing");
  place(changing, element("b", "room:2", "/slow"));
  let respond;
  serve((path) => {
    if (path === "/slow") return new Promise((resolve) => (respond = resolve));
    blocks.renew(changing);
    return good("a");
  });
  blocks.refresh("room:1");
  await page.clock.pass(20_000);
  blocks.refresh("room:2");
  await page.clock.pass(300);
  blocks.refresh("room:2");
  await page.clock.pass(300);
  respond(good("b"));
  await page.clock.pass(0);
  await page.clock.pass(300);

  assert.equal(askedAt("/slow").length, 2);
});

test("addresses that fail together are requested again together", async () => {
  const begin = page.clock.now;
  place(...[1, 2, 3, 4, 5, 6].map((number) => element(`${number}`, "room:1", `/${number}`)));
  let count = 0;
  serve((path) => (count++ < 6 ? failure(503) : good(path.slice(1))));
  blocks.refresh("room:1");
  for (let number = 0; number < 60; number++) await page.clock.pass(1_000);

  assert.deepEqual(asked.map(({ at }) => at - begin), [...Array(6).fill(0), ...Array(6).fill(1_000)]);
});

test("a server that is busy for long is requested ever less often, and never before its Retry-After", async () => {
  serve(() => busy("1"));
  blocks.refresh("room:1");
  for (let number = 0; number < 300; number++) await page.clock.pass(200);

  const pauses = asked.slice(1).map(({ at }, index) => at - asked[index].at);
  assert.ok(asked.length < 10);
  assert.ok(Math.min(...pauses) >= 1_000);
});

test("a block at two addresses does not wait at one for the Retry-After of the other", async () => {
  place(element("a", "room:1", "/one"), element("a", "room:1", "/two"));
  let count = 0;
  serve((path) => (path === "/two" ? busy("3600") : count++ ? good("a") : failure(502)));
  blocks.refresh("room:1");
  for (let number = 0; number < 10; number++) await page.clock.pass(1_000);

  assert.deepEqual(paths(), ["/one", "/two", "/one"]);
});

test("an element that cannot be changed keeps no other from it", async () => {
  place(element("a", "room:1"), element("b", "room:1"));
  serve(() => answer({ a: { html: new Error("refused"), hash: "1" }, b: { html: "y", hash: "2" } }));
  blocks.refresh("room:1");
  await page.clock.pass(0);

  assert.deepEqual(updated, [["b", "y"]]);
  assert.deepEqual(reported, ["refused"]);
});
