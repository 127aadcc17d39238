import { Backoff } from "./backoff.js";
import { Heartbeat } from "./heartbeat.js";

const PING = '{"id": "ping", "action": "ping"}';
const NORMAL_CLOSURE = 1000; // From the server it ends the log-in: it does not want us back.
const ABNORMAL_CLOSURE = 1006;
const ATTEMPTS_BEFORE_ASKING = 3;

/** The page's socket: opens when the page is there, and again and again until it is closed. */
export class Connection {
  #window;
  #url;
  #hooks;
  #backoff;
  #heartbeat;
  #state = "waiting";
  #socket;
  #retry;
  #openedAt;
  #attempts = 0;

  /**
   * @param {object} hooks what the owner does:
   *   `greet()` gives the first message of each socket;
   *   `receive(message)` and `change(state, before, detail)` are told;
   *   `isRefused()` finds out whether to go on would be in vain.
   */
  constructor(window, url, hooks) {
    this.#window = window;
    this.#url = url;
    this.#hooks = hooks;
    this.#backoff = new Backoff(window);
    this.#heartbeat = new Heartbeat(
      window,
      () => this.#write(PING),
      () => this.#end(ABNORMAL_CLOSURE, "No sign of life"),
    );
    this.#heedPage();
  }

  /** `connecting`, `open`, `waiting` (for the next attempt), or `closed`. */
  get state() {
    return this.#state;
  }

  /** Open the socket, unless there is one. */
  open() {
    if (this.#socket) return;
    this.#drop();
    const socket = (this.#socket = new this.#window.WebSocket(this.#url));
    this.#attempts++;
    this.#become("connecting");
    this.#heartbeat.start();
    socket.onopen = () => {
      this.#openedAt = this.#window.Date.now();
      this.#attempts = 0;
      this.#write(this.#hooks.greet());
    };
    socket.onmessage = ({ data }) => {
      this.#heartbeat.heard();
      this.#hooks.receive(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => this.#end(code, reason);
  }

  /** The server has answered the greeting. */
  welcome() {
    if (this.#socket) this.#become("open");
  }

  /** Send `text`; false if there is no socket to send it on. */
  send(text) {
    return this.#state === "open" && this.#write(text);
  }

  /** Give the socket up, until `open`. */
  close(code = NORMAL_CLOSURE, reason = "") {
    this.#drop();
    this.#become("closed", { code, reason });
  }

  #heedPage() {
    const { document } = this.#window;
    const begin = () => this.#state === "waiting" && this.open();
    const wake = () => begin() || (this.#state === "open" && this.#heartbeat.check());
    const on = (type, act) => this.#window.addEventListener(type, act);
    // All scripts of the page have run by then, and may listen. The other comes to a page that
    // was there before its script, and to one that the back button brings back alive.
    on("DOMContentLoaded", begin);
    on("pageshow", begin);
    on("online", wake);
    on("offline", wake);
    on("visibilitychange", () => document.hidden || wake());
    // A browser keeps no page alive that has a socket.
    on("pagehide", () => {
      this.#drop();
      if (this.#state !== "closed") this.#become("waiting", { code: NORMAL_CLOSURE, reason: "" });
    });
  }

  #end(code, reason) {
    if (code === NORMAL_CLOSURE) return this.close(code, reason);
    const lived = this.#openedAt && this.#window.Date.now() - this.#openedAt;
    this.#drop();
    this.#retry = this.#window.setTimeout(() => this.open(), this.#backoff.next(code, lived));
    this.#become("waiting", { code, reason });
    if (this.#attempts && this.#attempts % ATTEMPTS_BEFORE_ASKING === 0) this.#ask();
  }

  /** A script is not told why a handshake failed: the server can be asked by HTTP. */
  async #ask() {
    const isRefused = await this.#hooks.isRefused();
    if (isRefused && this.#attempts) this.close(ABNORMAL_CLOSURE, "Refused");
  }

  #drop() {
    this.#heartbeat.stop();
    this.#window.clearTimeout(this.#retry);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = this.#openedAt = socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(NORMAL_CLOSURE); // A dead link never confirms it: nobody waits for that.
  }

  #write(text) {
    const isWritable = this.#socket?.readyState === 1;
    if (isWritable) this.#socket.send(text);
    return isWritable;
  }

  #become(state, detail) {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#hooks.change(state, before, detail);
  }
}
