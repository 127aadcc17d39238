import { Backoff, POLICY_VIOLATION } from "./backoff.js";
import { own } from "./dom.js";
import { Heartbeat } from "./heartbeat.js";

const PING = '{"id": "ping", "action": "ping"}';
export const NORMAL_CLOSURE = 1000; // From the server it ends the log-in: it does not want us back.
export const ABNORMAL_CLOSURE = 1006;
const ATTEMPTS_BEFORE_ASKING = 2;
// Firefox holds a socket back for up to a minute when the last one to the same server failed.
const LONGEST_ATTEMPT = 7_000; // ms, where the server answers by HTTP
const YOUNG = 2_000; // ms; an attempt that is younger is not begun anew

/** The page's socket: opens when the page is there, and again and again until it is closed. */
export class Connection {
  #window;
  #hooks;
  #backoff;
  #heartbeat;
  #state = "waiting";
  #socket;
  #timer; // of the next attempt, or of a look at the one that is under way
  #begunAt;
  #openedAt;
  #attempts = 0; // since the last that came about, and questions
  #answer;

  /**
   * @param {object} hooks what the owner does:
   *   `url()` says where to; nowhere as long as it gives nothing;
   *   `greet()` gives the first message of each socket;
   *   `receive(message)` and `change(state, before, detail)` are told;
   *   `isAwaiting()` says whether what was sent has no answer yet;
   *   `ask()` asks the server by HTTP: `"answered"`, `"refused"`, the status of whoever answers in
   *   its place, or nothing;
   *   `refused()` is told that the server wants this page no more.
   */
  constructor(window, hooks) {
    this.#window = window;
    this.#hooks = hooks;
    this.#backoff = new Backoff(window);
    this.#heartbeat = new Heartbeat(
      window,
      () => this.#write(PING),
      () => this.#end(ABNORMAL_CLOSURE, "No sign of life"),
      hooks.isAwaiting,
    );
    this.#heedPage();
  }

  /** `connecting`, `open`, `waiting` (for the next attempt), or `closed`. */
  get state() {
    return this.#state;
  }

  /** Open the socket, unless there is one. */
  open() {
    const url = this.#hooks.url();
    if (this.#socket || !url) return;
    this.#drop();
    this.#attempts++;
    this.#begunAt = this.#window.Date.now();
    this.#become("connecting");
    let socket;
    try {
      socket = this.#socket = new this.#window.WebSocket(url);
    } catch (error) {
      // A policy of the page's forbids it; what is to be done, the event of the violation tells.
      return this.#end(ABNORMAL_CLOSURE, error.message);
    }
    this.#heartbeat.start();
    this.#watch(socket);
    socket.onopen = () => {
      this.#window.clearTimeout(this.#timer);
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
    const isSent = this.#state === "open" && this.#write(text);
    if (isSent) this.#heartbeat.expect();
    return isSent;
  }

  /** Give the socket up, until `open`. */
  close(code = NORMAL_CLOSURE, reason = "") {
    this.#drop();
    this.#become("closed", { code, reason });
  }

  /** Give the socket up for now. */
  rest() {
    this.#drop();
    this.#become("waiting", { code: NORMAL_CLOSURE, reason: "" });
  }

  #heedPage() {
    const begin = () => this.#state === "waiting" && this.open();
    const on = (type, act) => this.#window.addEventListener(type, act);
    const wake = () => this.#wake();
    // All scripts of the page have run by then, and may listen. The other comes to a page that
    // was there before its script, and to one that the back button brings back alive.
    on("DOMContentLoaded", begin);
    on("pageshow", begin);
    on("online", wake);
    on("offline", wake);
    on("visibilitychange", () => own(this.#window, "hidden") || wake());
    // A browser keeps no page alive that has a socket.
    on("pagehide", () => this.#state === "closed" || this.rest());
    on("securitypolicyviolation", ({ blockedURI, disposition, effectiveDirective }) => {
      // Firefox tells twice.
      if (this.#state === "closed" || blockedURI !== this.#hooks.url() || disposition !== "enforce") return;
      console.error(`realtime: the page's Content-Security-Policy needs ${effectiveDirective} 'self'.`);
      this.close(ABNORMAL_CLOSURE, effectiveDirective);
    });
  }

  /** The link is in doubt, or may be there again. */
  #wake() {
    if (this.#state === "waiting") this.#retry();
    else if (this.#socket?.readyState === 1) this.#heartbeat.check();
    else if (this.#socket && this.#window.Date.now() - this.#begunAt > YOUNG) {
      this.rest();
      this.open();
    }
  }

  /** Begin an attempt anew that the browser holds back, though the server is there. */
  #watch(socket) {
    this.#timer = this.#window.setTimeout(async () => {
      const answer = await this.#ask();
      if (socket !== this.#socket || socket.readyState) return;
      if (answer === "answered") this.#end(ABNORMAL_CLOSURE);
      else this.#watch(socket);
    }, LONGEST_ATTEMPT);
  }

  #end(code, reason) {
    if (code === NORMAL_CLOSURE) return this.close(code, reason);
    const lived = this.#openedAt && this.#window.Date.now() - this.#openedAt;
    this.#drop();
    this.#wait(code, lived);
    this.#become("waiting", { code, reason });
  }

  #wait(code, lived) {
    this.#timer = this.#window.setTimeout(() => this.#retry(), this.#backoff.next(code, lived));
  }

  /**
   * The next attempt, unless HTTP knows that it would fail: Firefox has each wait the longer, up to a
   * minute, the more have failed before it. HTTP may know nothing, so now and then there is one.
   */
  async #retry() {
    if (this.#attempts < ATTEMPTS_BEFORE_ASKING) return this.open();
    this.#window.clearTimeout(this.#timer);
    const timer = this.#timer;
    const count = ++this.#attempts;
    const answer = await this.#ask();
    if (this.#state !== "waiting" || timer !== this.#timer) return;
    const isNews = answer >= 0 && answer !== this.#answer;
    this.#answer = answer;
    // What the page does of it takes its time, and a second refusal is the last.
    if (answer === "refused") this.#wait(POLICY_VIOLATION);
    else if (isNews || answer === "answered" || !(count & (count - 1))) this.open();
    else this.#wait();
  }

  /** A script is not told why a handshake failed: the server can be asked by HTTP. */
  async #ask() {
    const answer = await this.#hooks.ask();
    if (answer === "refused" && this.#attempts) this.#hooks.refused();
    return answer;
  }

  #drop() {
    this.#heartbeat.stop();
    this.#window.clearTimeout(this.#timer);
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
