/** A page with blocks; the test controls its clock, its elements and the answers of its server. */

import { beforeEach } from "node:test";
import { Blocks } from "../../flask_realtime/javascript/blocks.js";
import { FakePage } from "./page.js";

/** `early`: by how many ms timers run early; `chance`: the value of `Math.random`. */
export const clockwork = {};
export let page, blocks, asked, answers, stale, updated, address, errors, reported;
let elements, pressed;

class FakeElement {
  #dataset;

  constructor(dataset) {
    this.#dataset = dataset;
  }

  get dataset() {
    return this.#dataset;
  }

  get isConnected() {
    return elements.includes(this);
  }

  closest() {
    return null;
  }

  contains(other) {
    return other === this;
  }

  getRootNode() {
    return {};
  }
}

export const element = (block, on, url) =>
  new FakeElement({ realtimeBlock: block, realtimeOn: on, ...(url && { realtimeUrl: url }) });

export const answer = (body, { status = 200, headers = { "X-Realtime-Block": "x" }, type = "basic" } = {}) => ({
  status,
  type,
  ok: status >= 200 && status < 300,
  headers: new Headers(headers),
  json: async () => body,
});

export const failure = (status) => answer({}, { status, headers: {} });

beforeEach(() => {
  page = new FakePage({});
  Object.assign(clockwork, { chance: 0.5, early: 0 });
  [asked, answers, stale, updated, errors, reported, elements] = [[], [], [], [], [], [], [element("rows", "room:1")]];
  address = "http://app.test/rooms/1";
  pressed = null;
  const document = Object.create({
    querySelectorAll: () => elements,
    createEvent: () => ({ timeStamp: page.clock.now - clockwork.early }),
  });
  const window = { ...methods(page), document, location: { href: address, origin: "http://app.test" } };
  blocks = new Blocks(window, {
    fetch: async (url, { headers, signal }) => {
      asked.push({ url, ...headers, signal, at: page.clock.now });
      const next = answers.shift() ?? answer({ rows: { html: "x", hash: "h" } });
      if (next instanceof Error) throw next;
      return next;
    },
    address: () => address,
    whenFree: (element, act) => (pressed ? new Promise((free) => pressed.push(() => free(act()))) : act()),
    update: (one, name, html) => {
      if (html instanceof Error) throw html;
      return updated.push([name, html]);
    },
    stale: (detail, reloads) => stale.push([detail.status ?? detail.reason, reloads]),
    warn: (text) => stale.push(text),
  });
});

/** The page's timers, time and random numbers. */
function methods({ clock }) {
  return {
    setTimeout: (run, delay) => clock.set(() => run().catch((error) => errors.push(error.message)), delay),
    reportError: (error) => reported.push(error.message),
    clearTimeout: (id) => clock.clear(id),
    Math: { random: () => clockwork.chance },
  };
}

/** The answer of a server that is busy for `seconds`. `meanwhile` runs before the page gets it. */
export function busy(seconds, meanwhile = () => {}) {
  return { ...failure(503), headers: { get: () => (meanwhile(), seconds) } };
}

/** Put these elements into the page in place of all others. */
export function place(...others) {
  elements = others;
}

/** Have the visitor press all elements. Returns a function that ends this. */
export function press() {
  const waiting = (pressed = []);
  return () => {
    pressed = null;
    for (const act of waiting) act();
  };
}

/** Set the page's address; null: a GET does not return the page. */
export function moveTo(url) {
  address = url;
}
