/** A page that has loaded the client, for the tests of the whole client. */

import assert from "node:assert/strict";
import { Client } from "../../flask_realtime/javascript/client.js";
import { byHttp } from "../../flask_realtime/javascript/http.js";
import { CONNECTION_ID, FakePage } from "./page.js";

export let page, realtime;

/** Load a page; of the same tab, if it is given that tab's storage. */
export function load({ isSubscribed = true, storage, connectionId = CONNECTION_ID } = {}) {
  page = new FakePage({ storage });
  realtime = new Client(page, {
    connectionId,
    socketUrl: "ws://app.test/",
    sessionUrl: "/_realtime/session",
    isSubscribed: () => isSubscribed,
    load: async (part) => void (part === "http" && (page[Symbol.for("realtime.byHttp")] = byHttp)),
  });
  realtime.connect();
}

export const push = (channel, seq, payload = seq, epoch = "e") =>
  page.socket.say({ channel, payload, position: `${epoch}:${seq}:t${seq}` });
export const failure = (promise) => promise.then(assert.fail, (error) => error);
export const lost = () => page.details("lost").map(({ channels }) => channels);

/** Lose the socket and open the next; what the server then answers. */
export async function comeBack(reply) {
  page.socket.end();
  await page.clock.pass(1_000);
  page.socket.welcome(reply);
}
