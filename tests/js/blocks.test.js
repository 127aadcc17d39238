import assert from "node:assert/strict";
import { test } from "node:test";
import { address, answer, answers, asked, blocks, element, errors, moveTo, page, place, press, stale, updated } from "./blocks_page.js";

test("one request fetches all blocks that are due, and no others", async () => {
  place(element("rows", "room:1 room:2"), element("people", "here:*"), element("other", "x"));
  answers.push(answer({ rows: { html: "r", hash: "1" }, people: { html: "p", hash: "2" } }));

  blocks.refresh("room:2");
  blocks.refresh("here:1");
  blocks.refresh("elsewhere");
  await page.clock.pass(1_000);

  assert.deepEqual(asked.map((one) => one["X-Realtime-Block"]), ["rows people"]);
  assert.deepEqual(updated, [["rows", "r"], ["people", "p"]]);
});

test("a request names the hashes of the present blocks, and an unchanged block is not inserted", async () => {
  answers.push(answer({ rows: { html: "x", hash: "h" } }), answer({ rows: { hash: "h" } }));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.equal(asked[0]["X-Realtime-Block-Hash"], undefined);
  assert.equal(asked[1]["X-Realtime-Block-Hash"], "rows=h");
  assert.equal(updated.length, 1);
});

for (const [what, response, expected] of [
  ["a log-in that ended", answer({}, { status: 401, headers: {} }), [401, true]],
  ["a redirect to the log-in", answer({}, { status: 0, type: "opaqueredirect", headers: {} }), [0, true]],
  ["a view without blocks", answer({}, { headers: {} }), ["no X-Realtime-Block", false]],
]) {
  test(`${what} is reported as stale, and nothing is inserted`, async () => {
    answers.push(response);
    blocks.refresh("room:1");
    await page.clock.pass(60_000);

    assert.equal(asked.length, 1);
    assert.equal(stale[0][1], expected[1]);
    assert.deepEqual(updated, []);
  });
}

test("each element gets the block from its own address", async () => {
  place(element("rows", "room:1", "/a"), element("rows", "room:1", "/b#below"));
  const of = (path) => answer({ rows: { html: path, hash: path } });
  answers.push(of("/a"), of("/b"), of("/a"), of("/b"));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(asked.map(({ url }) => new URL(url).pathname), ["/a", "/b", "/a", "/b"]);
  assert.deepEqual(updated.map(([, html]) => html), ["/a", "/b", "/a", "/b"]);
  assert.deepEqual(asked.slice(2).map((one) => one["X-Realtime-Block-Hash"]), ["rows=/a", "rows=/b"]);
});

test("after a change of the page's address, the block is requested there", async () => {
  const old = { rows: { html: "old", hash: "1" } };
  answers.push({ ...answer(old), json: async () => (moveTo("http://app.test/rooms/1?page=2"), old) });
  blocks.refresh("room:1");
  await page.clock.pass(60_000);

  assert.deepEqual(asked.map(({ url }) => url), ["http://app.test/rooms/1", "http://app.test/rooms/1?page=2"]);
  assert.deepEqual(updated, [["rows", "x"]]);
});

test("a change of the place within the page is no change of the address", async () => {
  answers.push({ ...answer({}), json: async () => (moveTo(`${address}#below`), { rows: { html: "y", hash: "1" } }) });
  blocks.refresh("room:1");
  await page.clock.pass(60_000);

  assert.equal(asked.length, 1);
  assert.deepEqual(updated, [["rows", "y"]]);
});

test("a block that cannot be inserted is reported, and requested again at the next refresh", async () => {
  answers.push(answer({ rows: { get html() { throw new Error("broken"); } } }));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(errors, ["broken"]);
  assert.deepEqual(updated, [["rows", "x"]]);
});

test("an invalid address keeps no other block from being requested", async () => {
  place(element("people", "room:1", "http://["), element("rows", "room:1"));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(updated, [["rows", "x"]]);
  assert.deepEqual(stale, [["no address of this origin", false]]);
});

test("a page that was posted has no address for blocks, unless a block names one", async () => {
  moveTo(null);
  place(element("rows", "room:1"), element("people", "room:1", "/people"));
  answers.push(answer({ people: { html: "p", hash: "1" } }));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(asked.map(({ url }) => url), ["http://app.test/people"]);
  assert.equal(stale.length, 1);
});

test("no request goes to another origin", async () => {
  place(element("rows", "room:1", "http://other.test/"));
  blocks.refresh("room:1");
  await page.clock.pass(1_000);

  assert.deepEqual(asked, []);
  assert.deepEqual(stale, [["no address of this origin", false]]);
});

test("an element that is to show another block by the end of a press gets that block", async () => {
  const rows = element("rows", "room:1");
  place(rows);
  const release = press();
  blocks.refresh("room:1");
  await page.clock.pass(0);
  answers.push(answer({ people: { html: "p", hash: "1" } }));

  rows.dataset.realtimeBlock = "people";
  release();
  await page.clock.pass(0);
  await page.clock.pass(250);

  assert.deepEqual(updated, [["people", "p"]]);
});

test("a page that comes during the request for a block has its own block requested", async () => {
  let answerNow;
  answers.push(new Promise((resolve) => (answerNow = resolve)));
  answers.push(answer({ rows: { html: "second", hash: "2" } }));
  blocks.refresh("room:1");
  await page.clock.pass(0);

  moveTo("http://app.test/rooms/2");
  place(element("rows", "room:1"));
  answerNow(answer({ rows: { html: "first", hash: "1" } }));
  await page.clock.pass(0);
  await page.clock.pass(250);

  assert.deepEqual(updated, [["rows", "second"]]);
  assert.equal(asked[1].url, "http://app.test/rooms/2");
});

test("an element that takes the place of another during a press gets its block", async () => {
  const release = press();
  answers.push(answer({ rows: { html: "first", hash: "1" } }), answer({ rows: { html: "second", hash: "2" } }));
  blocks.refresh("room:1");
  await page.clock.pass(0);

  place(element("rows", "room:1"));
  release();
  await page.clock.pass(0);
  await page.clock.pass(250);

  assert.deepEqual(updated, [["rows", "second"]]);
});
