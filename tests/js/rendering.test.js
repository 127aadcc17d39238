import assert from "node:assert/strict";
import { test } from "node:test";
import { Rendering } from "../../flask_realtime/javascript/rendering.js";
import { settled } from "./page.js";

const message = (number) => ({ channel: "a", html: [number] });

test("messages that come before the script has loaded wait for it, in order", async () => {
  let loads = 0;
  const heard = [];
  const rendering = new Rendering(async () => void loads++, assert.fail);

  rendering.hear(message(1));
  rendering.hear(message(2));
  rendering.begin({ hear: (one) => heard.push(one.html[0]) });
  rendering.hear(message(3));
  await settled();

  assert.deepEqual(heard, [1, 2, 3]);
  assert.equal(loads, 1);
});

test("a script that cannot be loaded is reported as a loss, and tried again", async () => {
  const failed = [];
  let loads = 0;
  const load = () => (loads++, Promise.reject(new Error("404")));
  const rendering = new Rendering(load, (channel) => failed.push(channel));

  rendering.hear(message(1));
  await settled();
  rendering.hear(message(2));
  await settled();

  assert.deepEqual(failed, ["a", "a"]);
  assert.equal(loads, 2);
});
