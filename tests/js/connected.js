/** A connection of a page, for its tests. */

import { Connection } from "../../flask_realtime/javascript/connection.js";
import { FakePage } from "./page.js";

export const URL = "ws://app.test/?socket_connection_id=1&resume=1";
/** What the server answers by HTTP, how often it was asked, and what else concerns it. */
export const server = {};
export let page, connection, changes, received;

/** Begin a page with a connection that nobody has opened. */
export function begin() {
  page = new FakePage();
  changes = [];
  received = [];
  Object.assign(server, { answer: undefined, asked: 0, refusals: 0, isAwaiting: false });
  connection = new Connection(page, {
    url: () => URL,
    greet: () => '{"hello": 1}',
    receive: (message) => received.push(message),
    change: (state, before, detail) => changes.push([before, state, detail?.code]),
    isAwaiting: () => server.isAwaiting,
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

/** Fail the attempt that is under way, and begin the next. */
export async function fail() {
  page.socket.end();
  await page.clock.pass(page.clock.next);
}
