import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Press } from "../../flask_realtime/javascript/press.js";
import { FakePage } from "./page.js";

const button = { contains: (one) => one === button };
const list = { contains: (one) => one === button || one === list };
const elsewhere = { contains: () => false };
let page, press, done;

const FIELDS = { pointer: { button: 0, buttons: 1, pointerId: 1 }, key: { key: " " }, drag: { button: 0 } };

/** Have the browser tell that the visitor did something with `target`. */
function hear(type, target = button, init = {}) {
  const event = new Event(type);
  const fields = FIELDS[type.match(/^(pointer|key|drag)?/)[0]];
  for (const [name, value] of Object.entries({ ...fields, ...init, target })) {
    Object.defineProperty(event, name, { value });
  }
  page.dispatchEvent(event);
}

/** The same, and let the timers run that this sets. */
async function tell(...event) {
  hear(...event);
  await page.clock.pass(0);
}

/** Have the server change `element`, which adds `name` to what is done. */
function change(element, name) {
  press.whenFree(
    () => [element],
    async () => done.push(name),
  );
}

beforeEach(() => {
  page = new FakePage();
  done = [];
  press = new Press(page);
});

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

test("a change of something else does not wait", async () => {
  await tell("pointerdown");
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
