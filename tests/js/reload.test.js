import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Reload } from "../../flask_realtime/static/reload.js";
import { FakePage } from "./page.js";

let page, reload;

beforeEach(() => {
  page = new FakePage();
  reload = new Reload(page);
});

test("a page reloads within a second, not all pages at the same moment", async () => {
  page.random = 0.7;
  reload.begin();

  await page.clock.pass(699);
  assert.equal(page.reloads, 0);
  await page.clock.pass(1);

  assert.equal(page.reloads, 1);
});

test("a page that was just reloaded waits until half a minute has passed", async () => {
  page.navigation = "reload";
  await page.clock.pass(10_000);
  reload.begin();

  await page.clock.pass(19_999);
  assert.equal(page.reloads, 0);
  await page.clock.pass(1);

  assert.equal(page.reloads, 1);
});

test("a page that was reloaded long ago reloads as any other", async () => {
  page.navigation = "reload";
  await page.clock.pass(60_000);
  reload.begin();

  await page.clock.pass(1_000);

  assert.equal(page.reloads, 1);
});

test("two losses are one reload", async () => {
  reload.begin();
  reload.begin();

  await page.clock.pass(60_000);

  assert.equal(page.reloads, 1);
});

test("a stopped one does not reload", async () => {
  reload.begin();
  reload.stop();

  await page.clock.pass(60_000);

  assert.equal(page.reloads, 0);
});
