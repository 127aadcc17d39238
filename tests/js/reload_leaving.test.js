import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Memory } from "../../flask_realtime/javascript/memory.js";
import { Reload } from "../../flask_realtime/javascript/reload.js";
import { FakePage } from "./page.js";

const ready = () => {};
let page, reload;

beforeEach(() => load());

/** Load a page; `navigation` is the browser's Navigation API, if it has one. */
function load({ navigation } = {}) {
  page = new FakePage();
  page.navigation = navigation;
  reload = new Reload(page, new Memory(page, {}), false, () => false);
}

/** Begin a navigation, which does not take the visitor away; expect the page to reload after it. */
async function expectPatience(leave) {
  leave();
  reload.begin("id", ready);

  await page.clock.pass(9_900);
  assert.equal(page.reloads, 0);
  await page.clock.pass(15_000);

  assert.equal(page.reloads, 1);
}

test("a navigation that begins while a reload waits is not cancelled; a page that stays reloads later", async () => {
  page.answerToProbe = (count) => {
    if (count === 1) page.fire("beforeunload");
    return 200;
  };

  await expectPatience(() => {});
});

test("a navigation that the client has begun before the reload is not cancelled", async () => {
  await expectPatience(() => reload.leave());
});

test("a navigation that the visitor has begun before the reload is not cancelled", async () => {
  load({ navigation: new EventTarget() });

  await expectPatience(() => navigate(false));
});

for (const type of ["beforeunload", "turbo:visit", "turbo:submit-start", "up:link:follow", "up:form:submit"]) {
  test(`what the visitor has begun before the reload is not cancelled: ${type}`, async () => {
    await expectPatience(() => page.fire(type));
  });
}

for (const [begin, end] of [["turbo:submit-start", "turbo:submit-end"], ["up:form:submit", "up:fragment:inserted"]]) {
  test(`a page that stays behind ${end} is reloaded soon`, async () => {
    page.fire(begin);
    page.fire(end);
    reload.begin("id", ready);

    await page.clock.pass(6_000);

    assert.equal(page.reloads, 1);
  });

  test(`${end} says nothing of a navigation of the browser's`, async () => {
    await expectPatience(() => ["beforeunload", end].forEach((type) => page.fire(type)));
  });
}

test("a navigation within the page, such as to a heading, does not delay a reload", async () => {
  load({ navigation: new EventTarget() });
  navigate(true);
  reload.begin("id", ready);

  await page.clock.pass(500);

  assert.equal(page.reloads, 1);
});

test("a page that the back button brings back is not about to be left any more", async () => {
  reload.leave();
  page.fire("pagehide");
  reload.begin("id", ready);

  await page.clock.pass(500);

  assert.equal(page.reloads, 1);
});

test("a page may have a variable named navigation of its own", async () => {
  load({ navigation: ["home", "news"] });
  reload.begin("id", ready);

  await page.clock.pass(500);

  assert.equal(page.reloads, 1);
});

function navigate(sameDocument) {
  page.navigation.dispatchEvent(Object.assign(new Event("navigate"), { destination: { sameDocument } }));
}
