/**
 * The page's script: makes `window.realtime` and connects it, once all scripts of the page have
 * had the chance to listen.
 */

// Named here as well, so that a browser fetches them side by side.
import "./backoff.js";
import "./calls.js";
import "./channels.js";
import "./connection.js";
import "./errors.js";
import "./heartbeat.js";
import "./reload.js";
import "./session.js";
import { Client } from "./client.js";

const tag = [...document.scripts].find((script) => script.src === import.meta.url);
const { path = "/", prefix = "", subscribed } = tag?.dataset ?? {};
const connectionId = document.body.dataset.socketConnectionId;
const socketUrl = new URL(prefix + path, location.href);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");
socketUrl.search = new URLSearchParams({ socket_connection_id: connectionId, resume: 1 });

export const realtime = new Client(window, {
  connectionId,
  socketUrl: socketUrl.href,
  sessionUrl: `${prefix}/_realtime/session`,
  isSubscribed: subscribed !== undefined,
});
window.realtime = realtime;

if (connectionId) {
  connectWhenReady();
} else {
  realtime.close();
  console.warn("realtime: the page's body has no data-socket-connection-id, so no socket opens.");
}

function connectWhenReady() {
  const connect = () => realtime.connect();
  if (document.readyState === "complete") connect();
  // Whichever comes first: the former may be over already.
  for (const type of ["DOMContentLoaded", "load"]) addEventListener(type, connect, { once: true });
  const wake = () => document.visibilityState === "visible" && realtime.wake();
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", () => realtime.wake());
  addEventListener("pageshow", ({ persisted }) => persisted && realtime.wake());
  // A browser keeps no page with a socket in its back/forward cache.
  addEventListener("pagehide", () => realtime.pause());
}
