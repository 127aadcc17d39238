/** The script that `realtime_script()` puts into a page: makes `window.realtime` of the tag's attributes. */

import { Client } from "./client.js";
import { all, own } from "./dom.js";
import { RealtimeError } from "./errors.js";
import { loadOnceWanted } from "./loading.js";
import { nameToHtmx } from "./htmx.js";

// The attributes alone would not do: other scripts of the page may have some of the same names.
const OURS = 'script[data-prefix][src*="/static/realtime.js"]';
const LONGEST_LOAD = 10_000; // ms to wait for another script

/** The one client of the document: libraries such as Turbo may run the script again with each page. */
export const realtime = (Object.hasOwn(window, "realtime") && window.realtime) || begin();

function begin() {
  const [tag] = tags();
  if (!tag) throw new Error("realtime: no realtime_script().");
  const { method, path, prefix, urlPrefix = "/_realtime" } = tag.dataset;
  // Not the origin of the page's address: a frame with srcdoc has none, and <base> changes it.
  const { origin } = new URL(tag.src);
  const connectionId = own(window, "body").dataset.socketConnectionId;
  const load = (part, limit) => loaded(tag.src.replace("realtime.js", `realtime-${part}.js`), limit);
  const client = new Client(window, {
    connectionId,
    socketUrl: `${origin.replace("http", "ws")}${prefix}${path}`,
    sessionUrl: `${origin}${prefix}${urlPrefix}/session`,
    // Of the tags that were added since the last call.
    isSubscribed: () =>
      tags().filter((one) => !one.realtimeSeen && (one.realtimeSeen = true)).some(({ dataset }) => dataset.subscribed),
    isPosted: Boolean(method),
    load,
  });
  client.served = [...own(window, "head").children];
  window.realtime = client;
  nameToHtmx(window, client);
  loadOnceWanted(window, load);
  if (origin !== window.origin) {
    console.error("realtime: no WebSocket: sandbox without allow-same-origin.");
    client.close();
  }
  // The page may have loaded before this script, or its scripts may keep the event to themselves.
  const look = () => (own(window, "readyState") === "complete" ? client.begin() : window.setTimeout(look, 1_000));
  look();
  return client;
}

/** Load a script; reject with a RealtimeError if that fails, or takes longer than `limit` ms. */
function loaded(src, limit) {
  return Promise.race([
    import(/* @vite-ignore */ src),
    new Promise((_, reject) => window.setTimeout(reject, limit || LONGEST_LOAD)),
  ]).catch(() => {
    const reason = `realtime: ${src} cannot be loaded.`;
    console.warn(reason);
    throw new RealtimeError("RealtimeInterrupted", reason);
  });
}

function tags() {
  return all(window, OURS);
}
