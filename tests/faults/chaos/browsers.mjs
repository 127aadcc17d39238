/** Bundled clients of many pages in one Node: told of them on stdin, says what they hear. */

import { createInterface } from "node:readline";
import { Client } from "../../../flask_realtime/static/client.js";

const SPEED = 10; // The client's seconds are tenths of ours, as those of the suite's servers are.

class Page {
  constructor(index, { port, cookie, id, channels }) {
    const origin = `http://127.0.0.1:${port}`;
    const headers = { Cookie: cookie, Origin: origin };
    const document = Object.assign(new EventTarget(), { body: { dataset: {} }, hidden: false });
    const window = {
      document,
      Math,
      Date: { now: () => Date.now() * SPEED },
      performance: { now: () => 0, getEntriesByType: () => [] },
      location: { origin, reload() {} },
      addEventListener() {},
      setTimeout: (run, milliseconds) => setTimeout(run, milliseconds / SPEED),
      clearTimeout,
      fetch: (url, options) =>
        fetch(new URL(url, origin), { ...options, headers: { ...options.headers, ...headers } }),
      // A browser sends both by itself.
      WebSocket: class extends WebSocket {
        constructor(url) {
          super(url, { headers });
        }
      },
    };
    const client = new Client(window, {
      connectionId: id,
      socketUrl: `ws://127.0.0.1:${port}/?socket_connection_id=${id}&resume=1`,
      sessionUrl: "/_realtime/session",
      isSubscribed: true,
    });
    const say = (what, detail) => console.log(JSON.stringify({ index, what, detail }));
    for (const channel of channels) {
      client.on(channel, (payload) => say("heard", { channel, payload }));
    }
    document.addEventListener("realtime:open", () => say("resumed", null));
    document.addEventListener("realtime:lost", (event) => {
      event.preventDefault(); // This page does not reload: it shall go on where it was told to.
      say("lost", event.detail.channels);
    });
    document.addEventListener("realtime:close", ({ detail }) => {
      if (detail.state === "closed") say("closed", detail);
    });
    client.connect();
  }
}

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  new Page(count++, JSON.parse(line));
}
process.exit(); // Whoever told us of the pages has gone.
