import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptPolicy } from "../../flask_realtime/javascript/script_policy.js";

const INLINE = { nonce: "", src: "" };
const FILE = { nonce: "", src: "/app.js" };
const BEARER = { nonce: "n", src: "" };
const allowed = (policy, isBound) =>
  [INLINE, FILE, BEARER].map((script) => new ScriptPolicy(policy).allows(script, isBound));

for (const [policy, inline, file, bearer] of [
  ["", true, true, true],
  ["img-src *", true, true, true],
  ["script-src 'nonce-n'", false, false, true],
  ["SCRIPT-SRC 'self' 'Nonce-n'", false, false, true],
  ["script-src 'nonce-other'", false, false, false],
  ["default-src 'nonce-n'", false, false, true],
  ["default-src 'nonce-n'; script-src 'nonce-other'", false, false, false],
  ["script-src 'nonce-other'; script-src-elem 'nonce-n'", false, false, true],
  ["script-src-attr 'nonce-n'; script-src 'self'", false, true, false],
  ["style-src 'nonce-n'; script-src 'self'", false, true, false],
  ["script-src 'strict-dynamic' 'sha256-x'", false, false, false],
  ["script-src 'sha384-x'", false, false, false],
  ["script-src 'self'", false, true, false],
  ["script-src 'self' 'unsafe-inline'", true, true, true],
  ["img-src *, script-src 'nonce-n'", false, false, true],
]) {
  test(`${JSON.stringify(policy)} allows the scripts that it names`, () => {
    assert.deepEqual(allowed(policy, false), [inline, file, bearer]);
  });
}

test("if the document's policy has nonces, only scripts with a nonce of the answer may run", () => {
  assert.deepEqual(allowed("", true), [false, false, false]);
  assert.deepEqual(allowed("script-src 'self' 'unsafe-inline'", true), [false, false, false]);
  assert.deepEqual(allowed("script-src 'nonce-n'", true), [false, false, true]);
});

test("a nonce is found in any directive", () => {
  const policy = new ScriptPolicy("style-src 'nonce-n'");

  assert.deepEqual(["n", "", "m"].map((nonce) => policy.names(nonce)), [true, false, false]);
});

for (const [policy, count] of [
  ["script-src 'self'", 1],
  ["Script-Src-Attr 'none'", 1],
  ["img-src *; default-src 'self'", 1],
  ["img-src *, script-src-elem 'self'", 1],
  ["font-src 'self'; connect-src 'self'; object-src 'none'", 0],
  ["", 0],
]) {
  test(`${JSON.stringify(policy)} has the script that restricts HTML loaded ${count} times`, async () => {
    const loaded = [];
    const one = new ScriptPolicy(policy);

    await one.load({ load: async (name) => loaded.push(name) });

    assert.deepEqual(loaded, Array(count).fill("html"));
  });
}
