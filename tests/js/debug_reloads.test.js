import assert from "node:assert/strict";
import test from "node:test";

import { Reloads } from "../../flask_realtime/javascript/debug_reloads.js";

/** The line in the console about a page whose session has ended. */
async function said(reason) {
  const window = Object.assign(new EventTarget(), {
    location: { href: "http://app.example/" },
    sessionStorage: { getItem: () => null, setItem() {} },
    setTimeout,
  });
  const lines = [];
  new Reloads(window, { info: (name, line) => lines.push(line) });
  window.dispatchEvent(new CustomEvent("realtime:identity", { detail: { code: 4001, reason } }));
  await new Promise((done) => setTimeout(done));
  return lines;
}

test("the server's reason stands at the end of the line, without a second full stop", async () => {
  assert.deepEqual(await said("The session changed."), [
    "The page will be reloaded, because its session has ended, or belongs to another user now: The session changed.",
  ]);
});

test("without a reason the line ends before it", async () => {
  assert.deepEqual(await said(""), ["The page will be reloaded, because its session has ended, or belongs to another user now."]);
});
