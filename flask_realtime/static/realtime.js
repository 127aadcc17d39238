/**
 * The page's socket: opens by itself, comes back by itself, hands messages to `realtime.on`.
 *
 *     window.realtime.on("room:1", (payload, position) => { … });
 *
 * A channel whose log was lost raises `realtime:lost` on the document, with the channel as detail:
 * messages are missing, reload what is shown.
 */

const PING_INTERVAL = 25_000; // ms; proxies commonly cut what is silent for 60 s.
const ANSWER_TIMEOUT = 10_000; // ms without a byte after a ping: the network is gone.
const STABLE_AFTER = 10_000; // ms; only a socket that lived so long starts the backoff anew.
const LONGEST_DELAY = 30_000; // ms
const NORMAL_CLOSURE = 1000; // the server ended the log-in: it does not want us back.

class Realtime {
  #url;
  #socket = null;
  #listeners = new Map();
  #positions = new Map();
  #failures = 0;
  #opened = Infinity;
  #retry = null;
  #ping = null;
  #watchdog = null;

  constructor(url) {
    this.#url = url;
  }

  /**
   * Call `listener(payload, position)` with each message of `channel`.
   * @returns {() => void} stops it
   */
  on(channel, listener) {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Open the socket, now, unless it is open. */
  connect() {
    if (this.#socket) return;
    this.#forgetRetry();
    const socket = (this.#socket = new WebSocket(this.#url));
    socket.onopen = () => {
      this.#opened = performance.now();
      this.#schedulePing();
    };
    socket.onmessage = ({ data }) => {
      this.#schedulePing();
      this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code }) => this.#closed(socket, code !== NORMAL_CLOSURE);
  }

  /** Do not wait for the next try, if there is to be one. */
  retry() {
    if (this.#retry !== null) this.connect();
  }

  /** Close the socket and stay away until `connect` is called. */
  disconnect() {
    this.#forgetRetry();
    const socket = this.#socket;
    this.#closed(socket, false);
    socket?.close();
  }

  #receive(message) {
    if (!("channel" in message)) return; // the answer to a ping
    const { channel, payload, position } = message;
    if (!message.lost && this.#isRepeat(channel, position)) return;
    this.#positions.set(channel, position);
    if (message.lost) {
      document.dispatchEvent(new CustomEvent("realtime:lost", { detail: channel }));
      return;
    }
    for (const listener of this.#listeners.get(channel) ?? []) {
      try {
        listener(payload, position);
      } catch (error) {
        reportError(error); // one broken listener does not keep a message from the rest
      }
    }
  }

  #isRepeat(channel, position) {
    const [lastEpoch, lastSeq] = (this.#positions.get(channel) ?? ":0").split(":");
    const [epoch, seq] = position.split(":");
    return epoch === lastEpoch && Number(seq) <= Number(lastSeq);
  }

  #closed(socket, comesBack) {
    if (socket !== this.#socket) return; // given up already
    this.#socket = null;
    clearTimeout(this.#ping);
    clearTimeout(this.#watchdog);
    if (performance.now() - this.#opened >= STABLE_AFTER) this.#failures = 0;
    this.#opened = Infinity;
    if (!comesBack) return;
    // Anywhere between at once and the limit: all clients of a server that restarts come back.
    const limit = Math.min(LONGEST_DELAY, 500 * 2 ** this.#failures++);
    this.#retry = setTimeout(() => this.connect(), Math.random() * limit);
  }

  #forgetRetry() {
    clearTimeout(this.#retry);
    this.#retry = null;
  }

  #schedulePing() {
    clearTimeout(this.#ping);
    clearTimeout(this.#watchdog);
    this.#ping = setTimeout(() => {
      const socket = this.#socket;
      socket.send('{"id": "ping", "action": "ping"}');
      this.#watchdog = setTimeout(() => {
        // A dead network never confirms a close: go on without waiting for it.
        this.#closed(socket, true);
        socket.close();
      }, ANSWER_TIMEOUT);
    }, PING_INTERVAL);
  }
}

function socketUrl(connectionId) {
  const tag = [...document.scripts].find((script) => script.src === import.meta.url);
  const { path = "/", prefix = "" } = tag?.dataset ?? {};
  const url = new URL(prefix + path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("socket_connection_id", connectionId);
  return url;
}

const connectionId = document.body.dataset.socketConnectionId;
if (connectionId) {
  const realtime = (window.realtime = new Realtime(socketUrl(connectionId)));
  realtime.connect();
  addEventListener("online", () => realtime.retry());
  // A page in the back-forward cache must hold no socket; it comes back where it was.
  addEventListener("pagehide", () => realtime.disconnect());
  addEventListener("pageshow", ({ persisted }) => persisted && realtime.connect());
} else {
  console.warn("realtime: the page's body has no data-socket-connection-id, so no socket opens.");
}
