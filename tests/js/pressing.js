/** A page whose visitor presses elements, which the server wants to change. */

import { beforeEach } from "node:test";
import { Press } from "../../flask_realtime/javascript/press.js";
import { FakePage } from "./page.js";

class FakeElement {
  constructor(...children) {
    this.children = children;
  }

  contains(one) {
    return [this, ...this.children].includes(one);
  }
}

export const button = new FakeElement();
export const list = new FakeElement(button);
export const elsewhere = new FakeElement();
export let page, press, done;

const FIELDS = { pointer: { button: 0, buttons: 1, pointerId: 1 }, key: { key: " " }, drag: { button: 0 } };

/** Have the browser tell that the visitor did something with `target`. */
export function hear(type, target = button, init = {}) {
  const event = new Event(type);
  const fields = FIELDS[type.match(/^(pointer|key|drag)?/)[0]];
  for (const [name, value] of Object.entries({ ...fields, ...init, target })) {
    Object.defineProperty(event, name, { value });
  }
  page.dispatchEvent(event);
}

/** The same, and let the timers run that this sets. */
export async function tell(...event) {
  hear(...event);
  await page.clock.pass(0);
}

/** Have the server change `element`, which adds `name` to what is done. */
export function change(element, name) {
  press.whenFree(
    () => [element],
    async () => done.push(name),
  );
}

beforeEach(() => {
  page = new FakePage();
  done = [];
  load();
});

/** Load the script in the page, as it is now. */
export function load() {
  press = new Press(page);
}
