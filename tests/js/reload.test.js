import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Memory } from "../../flask_realtime/javascript/memory.js";
import { Reload } from "../../flask_realtime/javascript/reload.js";
import { FakePage, settled } from "./page.js";

const ready = () => {};
let page, reload, isBusy;

beforeEach(() => load());

/** Load the next page of the same tab. */
function load({ isPosted = false } = {}) {
  const { clock, sessionStorage } = page ?? {};
  page = new FakePage({ storage: sessionStorage });
  if (clock) page.clock.now = clock.now;
  isBusy = false;
  reload = new Reload(page, new Memory(page, {}), isPosted, () => isBusy);
}

beforeEach(() => {
  page = undefined;
  load();
});

/** Begin a reload of the page `id`, wait for it, load the next page; returns the milliseconds. */
async function lose(id) {
  const before = page.clock.now;
  reload.begin(id, ready);
  while (!page.reloads) await page.clock.pass(100);
  const waited = page.clock.now - before;
  load();
  return waited;
}

test("a page reloads at a random moment within half a second", async () => {
  page.random = 0.7;
  reload.begin("id", ready);

  await page.clock.pass(349);
  assert.equal(page.reloads, 0);
  await page.clock.pass(1);

  assert.equal(page.reloads, 1);
});

test("two losses cause one reload", async () => {
  reload.begin("id", ready);
  reload.begin("id", ready);

  await page.clock.pass(60_000);

  assert.equal(page.reloads, 1);
});

test("a stopped reload does not happen, and another may begin", async () => {
  reload.begin("id", ready);
  reload.stop();
  await page.clock.pass(60_000);
  assert.equal(page.reloads, 0);

  reload.begin("id", ready);
  await page.clock.pass(60_000);

  assert.equal(page.reloads, 1);
});

test("the first three reloads come at once, further ones after growing delays", async () => {
  page.random = 0;
  const waits = [];

  for (let count = 0; count < 8; count++) waits.push(await lose(`id ${count}`));

  assert.ok(Math.max(...waits.slice(0, 3)) <= 500, waits);
  const later = waits.slice(3);
  assert.deepEqual(later, [...later].sort((one, other) => one - other));
  assert.ok(later[0] >= 900 && later.at(-1) > 8_000, waits);
});

test("after a minute without a loss, a page reloads at once again", async () => {
  for (let count = 0; count < 6; count++) await lose(`id ${count}`);
  page.clock.sleep(60_000);

  assert.ok((await lose("id")) <= 500);
});

test("a page that came out of a cache after a reload is not reloaded again", async () => {
  await lose("the same");

  reload.begin("the same", ready);
  await page.clock.pass(600_000);

  assert.deepEqual([page.reloads, page.probes.length], [0, 0]);
});

for (const trouble of [502, 404, 500, 429, new TypeError("Failed to fetch")]) {
  test(`a page is not reloaded while its address answers ${trouble}`, async () => {
    page.answerToProbe = (count) => (count < 4 ? trouble : 200);
    reload.begin("id", ready);
    await page.clock.pass(500);
    assert.deepEqual([page.reloads, page.probes.length], [0, 1]);

    await page.clock.pass(60_000);

    assert.deepEqual([page.reloads, page.probes.length], [1, 4]);
  });
}

test("pages that have begun together do not try their addresses in step", async () => {
  const times = [[], []];
  for (const [number, random] of [0, 0.9].entries()) {
    load();
    const begin = page.clock.now;
    page.answerToProbe = () => times[number].push(page.clock.now - begin) && 503;
    reload.begin("id", ready);
    page.random = random;
    await page.clock.pass(500);
    await page.clock.pass(60_000);
    reload.stop();
  }

  const [first, second] = times;
  assert.equal(first[0], second[0]);
  assert.ok(second[1] - second[0] > 2 * (first[1] - first[0]));
});

test("the page's address is tried with HEAD, without a cache and without redirects", async () => {
  reload.begin("id", ready);
  await page.clock.pass(500);

  const [{ resource, options }] = page.probes;
  assert.equal(resource, page.location.href);
  assert.deepEqual([options.method, options.redirect, options.cache], ["HEAD", "manual", "no-store"]);
  assert.match(options.headers.Accept, /^text\/html,/); // as by a navigation
});

for (const [status, what] of [[0, "a redirect, to a log-in for example,"], [401, "a 401"], [403, "a 403"]]) {
  test(`${what} counts as an answer`, async () => {
    page.answerToProbe = () => status;
    reload.begin("id", ready);

    await page.clock.pass(500);

    assert.equal(page.reloads, 1);
  });
}

test("an address that takes long to answer gets more time at each try", async () => {
  const limits = [];
  page.AbortSignal = { timeout: (ms) => limits.push(ms) };
  page.answerToProbe = () => (limits.at(-1) < 300_000 ? new TypeError("aborted") : 200);
  reload.begin("id", ready);
  await page.clock.pass(600_000);

  assert.deepEqual(limits, [10_000, 20_000, 40_000, 80_000, 160_000, 320_000]);
  assert.equal(page.reloads, 1);
});

test("a browser without AbortSignal.timeout, such as Safari 15, reloads the page too", async () => {
  page.AbortSignal = {};
  reload.begin("id", ready);

  await page.clock.pass(500);

  assert.equal(page.reloads, 1);
});

test("a value of the app's own in the tab's storage is neither read nor overwritten", async () => {
  page.sessionStorage.setItem("realtime", "true");

  await lose("id");

  assert.equal(page.sessionStorage.getItem("realtime"), "true");
});

test("a note of the tab that is no object is as good as none", async () => {
  page.sessionStorage.setItem("realtime:reload", "null");
  load();

  await lose("id");

  assert.equal(JSON.parse(page.sessionStorage.getItem("realtime:reload")).count, 1);
});

test("a reload that is stopped while the address is tried does not happen", async () => {
  let answer;
  page.answerToProbe = () => new Promise((resolve) => (answer = resolve));
  reload.begin("id", ready);
  await page.clock.pass(500);

  reload.stop();
  answer({ ok: true, type: "basic" });
  await settled();

  assert.deepEqual([page.reloads, page.clock.pending], [0, 0]);
});

test("a page is not reloaded while the visitor types or presses something", async () => {
  isBusy = true;
  reload.begin("id", ready);
  await page.clock.pass(600_000);
  assert.deepEqual([page.reloads, page.probes.length], [0, 0]);

  isBusy = false; // the visitor has sent the form
  await page.clock.pass(60_000);

  assert.equal(page.reloads, 1);
});

test("a page is not reloaded if the visitor has begun to type while its address was tried", async () => {
  let answer;
  page.answerToProbe = () => new Promise((resolve) => (answer = resolve));
  reload.begin("id", ready);
  await page.clock.pass(500);

  isBusy = true;
  answer({ ok: true, type: "basic" });
  await settled();
  assert.equal(page.reloads, 0);

  isBusy = false;
  page.answerToProbe = () => 200;
  await page.clock.pass(60_000);
  assert.equal(page.reloads, 1);
});

test("a page that came by POST is not reloaded, but navigated to by GET", async () => {
  load({ isPosted: true });
  reload.begin("id", ready);
  await page.clock.pass(500);

  assert.deepEqual([page.reloads, page.navigations], [0, ["/rooms/1?last=2"]]);
});

test("a page that came by POST stays if its address has no GET", async () => {
  load({ isPosted: true });
  page.answerToProbe = () => 405;
  reload.begin("id", ready);
  await page.clock.pass(600_000);

  assert.deepEqual([page.reloads, page.navigations], [0, []]);
});

test("without storage for the tab, a page reloads late, not in a loop", async () => {
  page.sessionStorage.getItem = () => {
    throw new Error("SecurityError");
  };
  const memory = new Memory(page, { reload: { count: 8, at: page.clock.now } });
  reload = new Reload(page, memory, false, () => isBusy);
  reload.begin("id", ready);

  await page.clock.pass(20_000);
  assert.equal(page.reloads, 0);
  await page.clock.pass(20_000);

  assert.equal(page.reloads, 1);
});

test("a reload waits for the given promise, and then tries the address", async () => {
  let resolve;
  reload.begin("id", () => new Promise((done) => (resolve = done)), () => {});
  await page.clock.pass(60_000);
  assert.deepEqual([page.reloads, page.probes.length, Boolean(reload.isPutOff)], [0, 0, true]);

  resolve();
  await settled();

  assert.deepEqual([page.reloads, page.probes.length, Boolean(reload.isPutOff)], [1, 1, true]);
});

test("a reload that was stopped is put off no more, though a navigation begins", () => {
  reload.begin("id", () => new Promise(() => {}), () => {});
  assert.ok(reload.isPutOff);

  reload.stop();
  page.fire("beforeunload");

  assert.ok(!reload.isPutOff);
});
