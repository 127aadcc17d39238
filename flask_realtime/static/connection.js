import { Backoff } from "./backoff.js";
import { Heartbeat } from "./heartbeat.js";

const PING = '{"id": "ping", "action": "ping"}';
const NORMAL_CLOSURE = 1000; // the server has ended the log-in: it does not want us back.
const ABNORMAL_CLOSURE = 1006;
const ATTEMPTS_BEFORE_ASKING = 3;

/** The page's socket: opens, and opens again, until it is closed. */
export class Connection {
  #window;
  #url;
  #hooks;
  #backoff;
  #heartbeat;
  #state = "waiting";
  #socket = null;
  #retry;
  #openedAt = 0;
  #attempts = 0;

  /**
   * @param {object} hooks what the owner does:
   *   `greeting()` is the first message on each socket,
   *   `received(message)` and `changed(state, detail)` are told,
   *   `isRefused()` finds out whether it is in vain to go on.
   */
  constructor(window, url, hooks) {
    this.#window = window;
    this.#url = url;
    this.#hooks = hooks;
    this.#backoff = new Backoff(window);
    this.#heartbeat = new Heartbeat(
      window,
      () => this.#write(PING),
      () => this.#down(ABNORMAL_CLOSURE, "No sign of life"),
    );
  }

  /** `connecting`, `open`, `waiting` (for the next attempt), or `closed`. */
  get state() {
    return this.#state;
  }

  /** Open the socket, now, unless there is one. */
  open() {
    if (this.#socket) return;
    this.#drop();
    const socket = (this.#socket = new this.#window.WebSocket(this.#url));
    this.#attempts++;
    this.#become("connecting");
    this.#heartbeat.start();
    socket.onopen = () => {
      this.#heartbeat.heard();
      this.#openedAt = this.#window.Date.now();
      this.#attempts = 0;
      this.#write(this.#hooks.greeting());
    };
    socket.onmessage = ({ data }) => {
      this.#heartbeat.heard();
      this.#hooks.received(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => this.#down(code, reason);
  }

  /** The server has answered the greeting. */
  welcome() {
    this.#become("open");
  }

  /** Send `text`; false if there is no socket to send it on. */
  send(text) {
    return this.#state === "open" && this.#write(text);
  }

  /** There may be news of the network: do not wait for a timer. */
  wake() {
    if (this.#state === "waiting") this.open();
    else if (this.#state === "open") this.#heartbeat.check();
  }

  /** Give the socket up until `wake`. */
  pause() {
    if (this.#state === "closed") return;
    this.#drop();
    this.#become("waiting", { code: NORMAL_CLOSURE, reason: "" });
  }

  /** Give the socket up until `open`. */
  close(code = NORMAL_CLOSURE, reason = "") {
    this.#drop();
    this.#become("closed", { code, reason });
  }

  #down(code, reason) {
    const lived = this.#openedAt && this.#window.Date.now() - this.#openedAt;
    if (code === NORMAL_CLOSURE) return this.close(code, reason);
    this.#drop();
    this.#become("waiting", { code, reason });
    this.#retry = this.#window.setTimeout(() => this.open(), this.#backoff.next(code, lived));
    if (this.#attempts && this.#attempts % ATTEMPTS_BEFORE_ASKING === 0) this.#ask();
  }

  /** A script is not told why a handshake was refused. */
  async #ask() {
    const isRefused = await this.#hooks.isRefused();
    if (isRefused && this.#attempts) this.close(ABNORMAL_CLOSURE, "The server refuses this page");
  }

  #drop() {
    this.#heartbeat.stop();
    this.#window.clearTimeout(this.#retry);
    this.#openedAt = 0;
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(NORMAL_CLOSURE); // A dead link never confirms it: nobody waits for that.
  }

  #write(text) {
    const isWritable = this.#socket?.readyState === 1;
    if (isWritable) this.#socket.send(text);
    return isWritable;
  }

  #become(state, detail) {
    if (state === this.#state) return;
    this.#state = state;
    this.#hooks.changed(state, detail);
  }
}
