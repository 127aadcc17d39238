import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../../flask_realtime/javascript/memory.js";
import { FakePage } from "./page.js";

test("a page that the browser kept knows, and leaves alone, what a later page of the tab has noted", () => {
  const page = new FakePage();
  const kept = new Memory(page, {});
  const later = new Memory(new FakePage({ storage: page.sessionStorage }), {});
  later.set("typed text", true);
  kept.set("typed name", true);

  assert.equal(kept.get("typed text"), true);
  assert.equal(later.get("typed text"), true);
  assert.equal(later.get("typed name"), true);
});
