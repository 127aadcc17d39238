import assert from "node:assert/strict";
import { test } from "node:test";
import { button, change, done, elsewhere, hear, list, page, press, tell } from "./pressing.js";

test("a change is made at once while nothing is pressed", () => {
  change(list, "list");
  assert.deepEqual(done, ["list"]);
});

for (const [begin, end] of [
  ["pointerdown", "pointerup"],
  ["pointerdown", "pointercancel"],
  ["keydown", "keyup"],
  ["dragstart", "dragend"],
]) {
  test(`a change of what is pressed waits from ${begin} to ${end}`, async () => {
    await tell(begin);
    change(list, "list");
    assert.deepEqual(done, []);
    await tell(end);
    assert.deepEqual(done, ["list"]);
  });
}

test("the click comes before the change", async () => {
  await tell("pointerdown");
  change(list, "list");
  hear("pointerup");
  assert.deepEqual(done, []); // a browser clicks now
  await page.clock.pass(0);
  assert.deepEqual(done, ["list"]);
});

test("a drag outlives the end of the pointer that began it", async () => {
  await tell("pointerdown");
  await tell("dragstart");
  await tell("pointercancel");
  change(list, "list");
  assert.deepEqual(done, []);
  await tell("dragend");
  assert.deepEqual(done, ["list"]);
});

test("a change of something else, which may move what is pressed, waits for a quick click", async () => {
  await tell("pointerdown");
  change(elsewhere, "elsewhere");
  hear("pointerup");
  assert.deepEqual(done, []); // a browser clicks now
  await page.clock.pass(0);
  assert.deepEqual(done, ["elsewhere"]);
});

test("a change of something else waits for half a second of a longer press", async () => {
  await tell("pointerdown");
  change(elsewhere, "elsewhere");
  await page.clock.pass(499);
  assert.deepEqual(done, []);
  await page.clock.pass(1);
  assert.deepEqual(done, ["elsewhere"]);
});

test("a change of something else does not wait for a key, a word or a drag", async () => {
  for (const type of ["keydown", "compositionupdate", "dragstart"]) await tell(type);
  change(elsewhere, "elsewhere");
  assert.deepEqual(done, ["elsewhere"]);
});

test("changes keep their order once one of them waits", async () => {
  await tell("pointerdown");
  change(list, "list");
  change(elsewhere, "elsewhere");
  assert.deepEqual(done, []);
  await tell("pointerup");
  assert.deepEqual(done, ["list", "elsewhere"]);
});

test("a press whose end nobody told is over when the pointer moves without a button", async () => {
  await tell("pointerdown");
  change(list, "list");
  await tell("pointermove", list, { buttons: 1 });
  assert.deepEqual(done, []);
  await tell("pointermove", list, { buttons: 0 });
  assert.deepEqual(done, ["list"]);
});

test("neither another button of the mouse nor another key presses", async () => {
  await tell("pointerdown", button, { button: 2 });
  await tell("keydown", button, { key: "a" });
  change(list, "list");
  assert.deepEqual(done, ["list"]);
});

test("a press without an end holds a thousand changes, and no more", async () => {
  await tell("pointerdown");
  for (let count = 0; count <= 1_000; count++) change(list, count);
  await page.clock.pass(0);
  assert.equal(done.length, 1_001);
});

test("a key that is let go in another window is no longer pressed", async () => {
  await tell("keydown");
  change(list, "list");
  await tell("blur", page);
  assert.deepEqual(done, ["list"]);
});

test("a drag to another window goes on", async () => {
  await tell("dragstart");
  change(list, "list");
  await tell("blur", page);
  assert.deepEqual(done, []);
  await tell("dragend");
  assert.deepEqual(done, ["list"]);
});

test("a change waits until a word is composed, whatever keys and pointers do meanwhile", async () => {
  await tell("compositionupdate");
  change(list, "list");
  const types = ["keydown", "keyup", "pointerdown", "pointerup", "pointerdown", "pointercancel"];
  for (const type of types) await tell(type);
  await tell("pointermove", button, { buttons: 0 });
  assert.deepEqual(done, []);
  await tell("compositionend");
  assert.deepEqual(done, ["list"]);
});

test("a press that ends a word clicks before the change", async () => {
  await tell("compositionupdate", list);
  hear("pointerdown");
  hear("compositionend", list);
  await page.clock.pass(0);
  change(list, "list");
  assert.deepEqual(done, []);
  await tell("pointerup");
  assert.deepEqual(done, ["list"]);
});

test("changes wait until neither the word nor the press is there, and keep their order", async () => {
  await tell("compositionupdate", list);
  await tell("pointerdown", button);
  change(list, "list");
  change(button, "button");
  await tell("pointerup", button);
  assert.deepEqual(done, []);
  await tell("compositionend", list);
  assert.deepEqual(done, ["list", "button"]);
});

for (const [begin, end] of [
  ["compositionupdate", "compositionend"], // each syllable of Korean ends one word and begins the next
  ["pointerdown", "pointerup"], // a double click on a busy page
  ["keydown", "keyup"],
]) {
  test(`what ${begin} begins anew at once outlives the ${end} before it`, async () => {
    await tell(begin);
    change(list, "list");
    hear(end);
    hear(begin);
    await page.clock.pass(0);
    assert.deepEqual(done, []);
    await tell(end);
    assert.deepEqual(done, ["list"]);
  });
}

for (const [begin, other, init, end] of [
  ["pointerdown", "keyup", { key: " " }, "pointerup"],
  ["pointerdown", "keyup", { key: "Shift" }, "pointerup"],
  ["pointerdown", "pointerup", { pointerId: 2 }, "pointerup"], // another finger
  ["keydown", "pointermove", { buttons: 0 }, "keyup"],
  ["keydown", "pointerup", {}, "keyup"],
  ["dragstart", "keyup", { key: "Control" }, "dragend"], // copies instead of moving
]) {
  test(`${other} of ${JSON.stringify(init)} does not end what ${begin} has begun`, async () => {
    await tell(begin);
    await tell(other, button, init);
    change(list, "list");
    assert.deepEqual(done, []);
    await tell(end);
    assert.deepEqual(done, ["list"]);
  });
}

test("a change that has waited for a press does not wait for what is pressed elsewhere by then", async () => {
  await tell("pointerdown");
  change(list, "list");
  await tell("compositionupdate", elsewhere);
  await tell("pointerup");
  assert.deepEqual(done, ["list"]);
});

test("a change waits until the one before is done", async () => {
  let finish;
  press.whenFree(
    () => [],
    () => new Promise((resolve) => (finish = resolve)),
  );
  change(list, "list");
  await tell("pointerup");
  assert.deepEqual(done, []);
  finish();
  await tell("pointerup");
  assert.deepEqual(done, ["list"]);
});
