/** The script that `realtime_script()` names: makes `window.realtime` of the page's attributes. */

import { Client } from "./client.js";
import { Forms } from "./forms.js";

const { path, prefix, subscribed } = document.querySelector("script[data-prefix]").dataset;
const connectionId = document.body.dataset.socketConnectionId;
const origin = location.origin.replace("http", "ws");

window.realtime = new Client(window, {
  connectionId,
  socketUrl: `${origin}${prefix}${path}?socket_connection_id=${connectionId}&resume=1`,
  sessionUrl: `${prefix}/_realtime/session`,
  isSubscribed: Boolean(subscribed),
});
new Forms(window, window.realtime);

if (!connectionId) {
  console.warn("No socket: the body has no data-socket-connection-id.");
  window.realtime.close();
} else if (document.readyState === "complete") {
  window.realtime.connect();
}
