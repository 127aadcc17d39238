/** Runs the bundled clients of many pages in one Node: reads the pages on stdin, prints what they hear. */

import { createInterface } from "node:readline";
import { Client } from "../../../flask_realtime/javascript/client.js";
import { FakePage } from "../../js/page.js";

const SPEED = 10; // the clients' clocks run ten times as fast, to fit the short times of the servers' settings

/** A page with a real network and a fast clock. */
class FastPage extends FakePage {
  constructor({ port, cookie }) {
    super();
    const origin = (this.origin = `http://127.0.0.1:${port}`);
    const headers = (this.headers = { Cookie: cookie, Origin: origin });
    this.location = { ...this.location, origin, href: `${origin}/`, reload() {}, replace() {} };
    this.AbortSignal = AbortSignal;
    this.Date = { now: () => Date.now() * SPEED };
    this.Math = Math;
    // Node does not send these headers by itself, as a browser does.
    this.WebSocket = class extends WebSocket {
      constructor(url) {
        super(url, { headers });
      }
    };
  }

  setTimeout(run, milliseconds) {
    return setTimeout(run, milliseconds / SPEED);
  }

  clearTimeout(id) {
    clearTimeout(id);
  }

  fetch(url, options) {
    return fetch(new URL(url, this.origin), { ...options, headers: { ...options.headers, ...this.headers } });
  }
}

function run(index, { port, cookie, id, channels }) {
  const page = new FastPage({ port, cookie });
  const client = new Client(page, {
    connectionId: id,
    socketUrl: `ws://127.0.0.1:${port}/`,
    sessionUrl: `${page.origin}/_realtime/session`,
    isSubscribed: () => true,
    isPosted: false,
  });
  const say = (what, detail) => console.log(JSON.stringify({ index, what, detail }));
  for (const channel of channels) {
    client.on(channel, (payload) => say("heard", { channel, payload }));
  }
  page.document.addEventListener("realtime:open", () => say("resumed", null));
  page.document.addEventListener("realtime:lost", (event) => {
    event.preventDefault(); // a reload would hide messages that the page misses
    say("lost", event.detail.channels);
  });
  page.document.addEventListener("realtime:close", ({ detail }) => {
    if (detail.state === "closed") say("closed", detail);
  });
  client.connect();
}

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  run(count++, JSON.parse(line));
}
process.exit(); // the suite has closed stdin
