import assert from "node:assert/strict";
import { test } from "node:test";
import { button, change, done, hear, list, load, page, press, tell } from "./pressing.js";

for (const [begin, longest] of [
  ["pointerdown", 60_000],
  ["dragstart", 60_000],
  ["keydown", 10_000],
]) {
  test(`${begin} without an end holds up a change for ${longest} ms`, async () => {
    await tell(begin);
    change(list, "list");
    await page.clock.pass(longest - 1);
    assert.deepEqual(done, []);
    await page.clock.pass(1);
    assert.deepEqual(done, ["list"]);
  });
}

test("a key that is held repeats, and holds up a change for as long", async () => {
  await tell("keydown");
  change(list, "list");
  await page.clock.pass(6_000);
  await tell("keydown");
  await page.clock.pass(6_000);
  assert.deepEqual(done, []);
  await tell("keyup");
  assert.deepEqual(done, ["list"]);
});

test("a list that the space bar opened, which hears of its end, is closed by another key", async () => {
  await tell("keydown");
  change(list, "list");
  await tell("keyup", button, { key: "Escape" });
  assert.deepEqual(done, ["list"]);
});

test("a password manager that tells of a key without a name presses nothing", async () => {
  await tell("keydown", button, { key: undefined });
  change(list, "list");
  assert.deepEqual(done, ["list"]);
});

test("the drag of an element that is removed as it is dropped is over with the drop", async () => {
  await tell("dragstart");
  change(list, "list");
  await tell("drop");
  assert.deepEqual(done, ["list"]);
});

test("the drag of an element that was removed is over when the mouse moves without a button", async () => {
  await tell("dragstart");
  change(list, "list");
  await tell("pointermove", list, { buttons: 0 });
  assert.deepEqual(done, ["list"]);
});

test("a word that is left half-composed holds up a change for ten seconds", async () => {
  await tell("compositionupdate");
  await page.clock.pass(6_000);
  await tell("compositionupdate");
  change(list, "list");
  await page.clock.pass(9_999);
  assert.deepEqual(done, []);
  await page.clock.pass(1);
  assert.deepEqual(done, ["list"]);
});

test("a change that fails keeps none of the others back, and tells of its error", async () => {
  await tell("pointerdown");
  const failed = press.whenFree(
    () => [list],
    async () => {
      throw new Error("of the app");
    },
  );
  change(list, "list");
  await Promise.all([assert.rejects(failed, /of the app/), tell("pointerup")]);
  assert.deepEqual(done, ["list"]);
});

test("what is pressed while the script loads is pressed until the next end", async () => {
  page.document.pressed = [list, button];
  load();
  change(list, "list");
  assert.deepEqual(done, []);
  hear("pointerup");
  assert.deepEqual(done, []); // a browser clicks now
  await page.clock.pass(0);
  assert.deepEqual(done, ["list"]);
});

test("what is pressed while the script loads holds up a change for a minute", async () => {
  page.document.pressed = [button];
  load();
  change(list, "list");
  await page.clock.pass(59_999);
  assert.deepEqual(done, []);
  await page.clock.pass(1);
  assert.deepEqual(done, ["list"]);
});

const TOUCH = { pointerType: "touch", pointerId: 3 };

test("a change waits for the click of a tap, which Safari makes somewhat later", async () => {
  await tell("pointerdown", button, TOUCH);
  change(list, "list");
  await tell("pointerup", button, TOUCH);
  assert.deepEqual(done, []);
  await tell("click", button, TOUCH);
  assert.deepEqual(done, ["list"]);
});

test("a tap without a click holds up a change for half a second", async () => {
  await tell("pointerdown", button, TOUCH);
  change(list, "list");
  await tell("pointerup", button, TOUCH);
  await page.clock.pass(499);
  assert.deepEqual(done, []);
  await page.clock.pass(1);
  assert.deepEqual(done, ["list"]);
});

test("a press that may have ended above a frame is over after a second", async () => {
  await tell("pointerdown");
  change(list, "list");
  await tell("pointerover", list);
  await tell("pointerover", { contentWindow: {} });
  await page.clock.pass(999);
  assert.deepEqual(done, []);
  await page.clock.pass(1);
  assert.deepEqual(done, ["list"]);
});

test("a drag that the app forbids is over with the press", async () => {
  await tell("pointerdown");
  await tell("dragstart");
  change(list, "list");
  await tell("pointerup");
  assert.deepEqual(done, ["list"]);
});
