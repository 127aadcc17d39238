import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Answer } from "../../flask_realtime/javascript/answer.js";

/** Content-Disposition as browsers read it, which the tests of the server use as well. */
const DISPOSITIONS = JSON.parse(readFileSync(new URL("../dispositions.json", import.meta.url)));

const answer = (status, headers = {}, body = "<b>hi</b>", encoding = undefined) =>
  new Answer({ status, headers, body, encoding });
const HTML = { "Content-Type": "text/html; charset=utf-8" };
const URL_OF_FORM = new URL("http://app.test/rooms/1?page=2#last");

for (const [status, location, leadsTo] of [
  [301, "/rooms/", "http://app.test/rooms/#last"],
  [302, "../x?y=1#z", "http://app.test/x?y=1#z"],
  [303, "http://elsewhere.test/", "http://elsewhere.test/#last"],
  [307, "?page=3", "http://app.test/rooms/1?page=3#last"],
  [308, "//elsewhere.test", "http://elsewhere.test/#last"],
  [300, "/x", undefined],
  [304, "/x", undefined],
  [201, "/x", undefined],
  [302, "", undefined],
  [302, "http://[", undefined],
]) {
  test(`${status} with the location ${location || "of none"} leads to ${leadsTo ?? "nothing"}`, () => {
    const next = answer(status, location && { location }).redirect(URL_OF_FORM);

    assert.equal(next?.href, leadsTo);
  });
}

for (const [what, headers, body, encoding] of [
  ["json", { "Content-Type": "application/json" }],
  ["text that begins like it", { "Content-Type": "text/htmlx" }],
  ["no type", {}],
  ["bytes", HTML, "AAEC", "base64"],
  ...DISPOSITIONS.saved.map((one) => [`what browsers save by "${one}"`, { ...HTML, "content-disposition": one }]),
  ["a type of which it is the beginning", { "Content-Type": "text/html-x" }],
  ["a sandbox", { ...HTML, "Content-Security-Policy": "SANDBOX" }],
  ["what may have no scripts", { ...HTML, "Content-Security-Policy": "default-src 'none'; img-src *" }],
  ["what may have none either", { ...HTML, "Content-Security-Policy": "default-src *; script-src" }],
  ["a sandbox among others", { ...HTML, "Content-Security-Policy": "img-src *; sandbox allow-forms, img-src *" }],
]) {
  test(`${what} is not shown as HTML of the page`, () => {
    assert.equal(answer(200, headers, body, encoding).isHTML, false);
  });
}

for (const headers of [
  HTML,
  { "CONTENT-TYPE": "TEXT/HTML" },
  ...DISPOSITIONS.shown.map((one) => ({ ...HTML, "Content-Disposition": one })),
  { ...HTML, "Content-Security-Policy": "frame-src sandbox.example" },
  { ...HTML, "Content-Security-Policy": "default-src 'none'; script-src 'self'" },
  { ...HTML, "Content-Security-Policy": "script-src-attr 'none'" },
]) {
  test(`an answer with ${JSON.stringify(headers)} is shown as HTML of the page`, () => {
    assert.equal(answer(200, headers).isHTML, true);
  });
}

test("the error of an answer has its status and body, and says that the request was sent", () => {
  const { name, message, status, body, wasSent } = answer(403, HTML, "no").error;

  assert.deepEqual([name, status, body, wasSent], ["RealtimeRefused", 403, "no", true]);
  assert.match(message, /403/);
});

test("status 422, with a form to correct, is no error", () => {
  assert.deepEqual([200, 302, 422, 400, 500].map((status) => answer(status).isError), [false, false, false, true, true]);
});
