/** A page with a connection, for the tests of connections. */

import { Connection } from "../../flask_realtime/javascript/connection.js";
import { FakePage } from "./page.js";

export const URL = "ws://app.test/?socket_connection_id=1&resume=1";
/** What the server answers by HTTP, how often it was asked, and other things about it. */
export const server = {};
export let page, connection, changes, received;

/** Make a new page with a connection that is not open. */
export function begin() {
  page = new FakePage();
  changes = [];
  received = [];
  Object.assign(server, { answer: undefined, asked: 0, refusals: 0, isAwaiting: false, settling: undefined });
  connection = new Connection(page, {
    url: () => URL,
    greet: () => '{"hello": 1}',
    receive: (message) => received.push(message),
    changed: (state, before, detail) => changes.push([before, state, detail?.code]),
    isAwaiting: () => server.isAwaiting,
    settled: () => server.settling,
    ask: async () => (server.asked++, server.answer),
    refused: () => server.refusals++,
  });
}

export function open() {
  connection.open();
  page.socket.accept();
  page.socket.say({ id: "0" });
  connection.welcome();
}

/** Let the present attempt fail, and wait until the next one begins. */
export async function fail() {
  page.socket.end();
  await page.clock.pass(page.clock.next);
}
