/** A page with the client, for tests of the whole client. */

import assert from "node:assert/strict";
import { Client } from "../../flask_realtime/javascript/client.js";
import { byHttp } from "../../flask_realtime/javascript/http.js";
import { CONNECTION_ID, FakePage } from "./page.js";

export let page, realtime;

/** Load a page; with the storage of another page, in the same tab. */
export function load({ isSubscribed = true, storage, connectionId = CONNECTION_ID } = {}) {
  page = new FakePage({ storage });
  realtime = new Client(page, {
    connectionId,
    socketUrl: "ws://app.test/",
    sessionUrl: "/_realtime/session",
    isSubscribed: () => isSubscribed,
    load: async (part) => void (part === "http" && (realtime.byHttp = byHttp)),
  });
  realtime.connect();
}

export const push = (channel, seq, payload = seq, epoch = "e") =>
  page.socket.say({ channel, payload, position: `${epoch}:${seq}:t${seq}` });
export const failure = (promise) => promise.then(assert.fail, (error) => error);
export const lost = () => page.details("lost").map(({ channels }) => channels);

/** Let the socket break and the next one open; `reply` is the reply to the greeting. */
export async function comeBack(reply) {
  page.socket.end();
  await page.clock.pass(1_000);
  page.socket.welcome(reply);
}
