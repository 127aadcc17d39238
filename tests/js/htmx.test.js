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

/** By version of htmx: dispatch its event for a request to `path`, and return the headers. */
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
  test(`a request of htmx ${version} has the id of the present page`, () => {
    for (const path of ["/rooms/2", "next?page=2", "", "http://app.test/rooms/2"]) {
      client.connectionId = `of ${path}`;
      assert.deepEqual(ask(path), { "HX-Request": "true", [HEADER]: `of ${path}` });
    }
  });

  test(`a request of htmx ${version} to another origin has no id`, () => {
    for (const path of ["http://other.test/", "//other.test/rooms/1", "javascript:void 0"]) {
      assert.deepEqual(ask(path), { "HX-Request": "true" }, path);
    }
  });

  test(`a request of htmx ${version} from a page without an id has none`, () => {
    client.connectionId = undefined;
    assert.deepEqual(ask("/rooms/2"), { "HX-Request": "true" });
  });
}
