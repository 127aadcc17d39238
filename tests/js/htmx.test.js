import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { nameToHtmx } from "../../flask_realtime/javascript/htmx.js";
import { FakePage } from "./page.js";

const HEADER = "X-Realtime-Connection-Id";
let page, client;

beforeEach(() => {
  page = new FakePage();
  client = { connectionId: "of-the-page" };
  nameToHtmx(page, client);
});

/** What each htmx asks its page of a request to `path`; returns the headers that it then has. */
const askers = {
  2: (path) => {
    const detail = { path, headers: { "HX-Request": "true" } };
    page.dispatchEvent(new CustomEvent("htmx:configRequest", { detail }));
    return detail.headers;
  },
  4: (path) => {
    const request = { action: path, headers: { "HX-Request": "true" } };
    page.dispatchEvent(new CustomEvent("htmx:config:request", { detail: { ctx: { request } } }));
    return request.headers;
  },
};

for (const [version, ask] of Object.entries(askers)) {
  test(`a request of htmx ${version} names the page, which may be another by then`, () => {
    for (const path of ["/rooms/2", "next?page=2", "", "http://app.test/rooms/2"]) {
      client.connectionId = `of ${path}`;
      assert.deepEqual(ask(path), { "HX-Request": "true", [HEADER]: `of ${path}` });
    }
  });

  test(`a request of htmx ${version} to another origin, or to none, names nobody`, () => {
    for (const path of ["http://other.test/", "//other.test/rooms/1", "javascript:void 0"]) {
      assert.deepEqual(ask(path), { "HX-Request": "true" }, path);
    }
  });

  test(`a page without an id is not named to htmx ${version}`, () => {
    client.connectionId = undefined;
    assert.deepEqual(ask("/rooms/2"), { "HX-Request": "true" });
  });
}
