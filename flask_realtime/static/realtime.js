/** The script that `realtime_script()` names: makes `window.realtime` of the page's attributes. */

import { Client } from "./client.js";
import { loadOnceWanted } from "./forms_loader.js";

// Of the page's scripts, which may have attributes of that name too, the one that this is; where an
// app has bundled this module into a script of its own, the tag that realtime_script() has written.
const OURS = 'script[data-path][data-prefix][src*="/static/realtime.js"]';
const { currentScript } = document;
const tag = currentScript?.matches(OURS) ? currentScript : document.querySelector(OURS);
const { path, prefix, subscribed } = tag.dataset;
const connectionId = document.body.dataset.socketConnectionId;
const origin = location.origin.replace("http", "ws");

window.realtime = new Client(window, {
  connectionId,
  socketUrl: `${origin}${prefix}${path}?socket_connection_id=${connectionId}&resume=1`,
  sessionUrl: `${prefix}/_realtime/session`,
  isSubscribed: Boolean(subscribed),
});
loadOnceWanted(window, tag.src.replace("realtime.js", "realtime-forms.js"));

if (!connectionId) {
  console.warn("No socket: the body has no data-socket-connection-id.");
  window.realtime.close();
} else if (document.readyState === "complete") {
  window.realtime.connect();
}
