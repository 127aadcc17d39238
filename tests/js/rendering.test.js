import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Rendering } from "../../flask_realtime/javascript/rendering.js";
import { settled } from "./page.js";

const message = (number, channel = "a") => ({ channel, html: [number] });
let rendering, lost, loads, fail, heard;

beforeEach(() => {
  [lost, loads, heard] = [[], 0, []];
  const load = () => (loads++, new Promise((_, reject) => (fail = reject)));
  rendering = new Rendering({ load, lose: (channels) => lost.push(channels) });
});

const begin = () => rendering.begin({ hear: (one) => heard.push(one.html[0]) });

test("messages that come before the script has loaded wait for it, in order", () => {
  rendering.hear(message(1));
  rendering.hear(message(2));
  begin();
  rendering.hear(message(3));

  assert.deepEqual(heard, [1, 2, 3]);
  assert.equal(loads, 1);
});

test("a script that cannot be loaded is reported as a loss, and tried again", async () => {
  rendering.hear(message(1));
  fail(new Error("404"));
  await settled();
  rendering.hear(message(2));
  fail(new Error("404"));
  await settled();

  assert.deepEqual(lost, [["a"], ["a"]]);
  assert.equal(loads, 2);
});

test("all channels whose messages have waited in vain are reported, each once", async () => {
  for (const channel of ["a", "b", "a"]) rendering.hear(message(1, channel));

  fail(new Error("404"));
  await settled();

  assert.deepEqual(lost, [["a", "b"]]);
});

test("messages that a page which answers a form shows already are neither made nor lost", async () => {
  rendering.hear(message(1));
  rendering.hear(message(2, "b"));

  rendering.keep(({ channel }) => channel === "b");
  begin();
  assert.deepEqual(heard, [2]);

  rendering = new Rendering({ load: async () => assert.fail(), lose: assert.fail });
  rendering.hear(message(1));
  rendering.keep(() => false);
  await settled();
});
