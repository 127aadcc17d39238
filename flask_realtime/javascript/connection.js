import { Backoff, POLICY_VIOLATION } from "./backoff.js";
import { own } from "./dom.js";
import { Heartbeat } from "./heartbeat.js";

const PING = '{"id": "ping", "action": "ping"}';
export const NORMAL_CLOSURE = 1000; // from the server: the log-in has ended, the page must not come back
export const ABNORMAL_CLOSURE = 1006;

/** The page's socket: opens when the page has loaded, and opens again whenever it breaks. */
export class Connection {
  #window;
  #hooks;
  #backoff;
  #heartbeat;
  #state = "waiting";
  #socket;
  #timer; // for the next attempt, or for a check of the present one
  #begunAt;
  #openedAt;
  #attempts = 0; // attempts and questions by HTTP since a socket last opened
  #answer;

  /**
   * @param {object} hooks functions of the owner:
   *   `url()` returns the address of the socket; nothing as long as there must be no socket;
   *   `greet()` returns the first message to send on each socket;
   *   `receive(message)` gets each message, and `changed(state, before, detail)` each change of state;
   *   `isAwaiting()` returns whether a message that was sent has no reply yet;
   *   `settled()` resolves when cookies are not being fetched any more, or after three seconds, and returns
   *   nothing if none are;
   *   `ask()` asks the server by HTTP, and resolves with `"answered"`, `"refused"`, the status of an
   *   answer that is not the app's, or nothing;
   *   `refused()` is called when the server no longer accepts this page.
   */
  constructor(window, hooks) {
    this.#window = window;
    this.#hooks = hooks;
    this.#backoff = new Backoff(window);
    this.#heartbeat = new Heartbeat(
      window,
      () => this.#write(PING),
      () => this.#end(ABNORMAL_CLOSURE, "No answer"),
      hooks.isAwaiting,
    );
    this.#heedPage();
  }

  /** `connecting`, `open`, `waiting` (for the next attempt), or `closed`. */
  get state() {
    return this.#state;
  }

  /** Open the socket now, unless there is one. */
  open() {
    const url = this.#hooks.url();
    if (this.#socket || !url) return;
    this.#drop();
    this.#attempts++;
    this.#begunAt = this.#window.Date.now();
    this.#become("connecting");
    // Calls by HTTP, blocks and cookies need it, which a script of the page may have replaced.
    if (!this.#window.fetch?.call) console.error("realtime: no fetch");
    let socket;
    try {
      socket = new this.#window.WebSocket(url);
      void socket.send.name; // fails as well if this is no socket
      this.#socket = socket;
    } catch (error) {
      // A script of the page has put something else in the place of the browser's WebSocket. Any other error
      // is that the page's Content-Security-Policy forbids the socket: see `securitypolicyviolation` below.
      if (error instanceof TypeError) console.error(`realtime: no WebSocket: ${error.message}`);
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

  /** Open the socket, unless that was tried since the page was shown. Called when all scripts of the page have run. */
  start() {
    if (!this.#begunAt) this.begin();
  }

  /**
   * Open the socket, unless it is closed or the page is not visited yet, as soon as no cookies are being fetched, or
   * after three seconds.
   */
  async begin() {
    const timer = this.#timer;
    const settling = this.#hooks.settled();
    if (settling) await settling;
    // A page that the browser renders ahead is hidden; `visibilitychange` tells when it is visited.
    const isWanted = this.#state === "waiting" && !own(this.#window, "prerendering");
    if (isWanted && timer === this.#timer) this.open();
  }

  /** Count the socket as open. Called when the server has answered the greeting. */
  welcome() {
    if (this.#socket) this.#become("open");
  }

  /** Send `text`. Returns false if the socket is not open. */
  send(text) {
    const isSent = this.#state === "open" && this.#write(text);
    if (isSent) this.#heartbeat.expect();
    return isSent;
  }

  /** Close the socket, and do not open it again until `open` is called. */
  close(code, reason) {
    this.#drop();
    this.#become("closed", code, reason);
  }

  /** Close the socket for now, and wait until `open` is called or the page asks for it. */
  rest() {
    this.#drop();
    this.#become("waiting");
  }

  #heedPage() {
    const start = () => this.start();
    const on = (type, act) => this.#window.addEventListener(type, act);
    const wake = () => this.#wake();
    // At DOMContentLoaded, all scripts of the page have run, and have added their listeners. pageshow
    // is for a page that the back button brings back.
    on("DOMContentLoaded", start);
    on("pageshow", start);
    on("online", wake);
    on("offline", wake);
    on("visibilitychange", () => own(this.#window, "hidden") || wake());
    // A browser keeps a page for the back button only if the page has no socket.
    on("pagehide", () => {
      this.#begunAt = null;
      if (this.#state !== "closed") this.rest();
    });
    on("securitypolicyviolation", ({ blockedURI, disposition }) => {
      // Firefox dispatches this event twice.
      if (this.#state === "closed" || blockedURI !== this.#hooks.url() || disposition !== "enforce") return;
      console.error(`realtime: no WebSocket: Content-Security-Policy needs connect-src 'self'.`);
      this.close(ABNORMAL_CLOSURE, "connect-src");
    });
  }

  /** Check the socket, or try again: the network may have changed, or be back. */
  #wake() {
    if (this.#state === "waiting") this.#retry();
    else if (this.#socket?.readyState === 1) this.#heartbeat.check();
    else if (this.#socket && this.#window.Date.now() - this.#begunAt > 2_000) {
      // The attempt may take up to a minute: Firefox delays it if the last one to the same server failed.
      this.rest();
      this.begin();
    }
  }

  /** Give up an attempt that the browser delays although the server answers by HTTP. */
  #watch(socket) {
    this.#timer = this.#window.setTimeout(async () => {
      const answer = await this.#ask();
      if (socket !== this.#socket || socket.readyState) return;
      if (answer === "answered") this.#end(ABNORMAL_CLOSURE);
      else this.#watch(socket);
    }, 7_000);
  }

  #end(code, reason) {
    if (code === NORMAL_CLOSURE) return this.close(code, reason);
    const lived = this.#openedAt && this.#window.Date.now() - this.#openedAt;
    this.#drop();
    this.#wait(code, lived);
    this.#become("waiting", code, reason);
  }

  #wait(code, lived) {
    this.#timer = this.#window.setTimeout(() => this.#retry(), this.#backoff.next(code, lived));
  }

  /**
   * Make the next attempt, unless an answer by HTTP says that it would fail: after each failure, Firefox
   * delays the next socket longer, up to a minute. The first two attempts do not ask. Since HTTP may fail for
   * reasons of its own, an attempt is made all the same when the count is a power of two.
   */
  async #retry() {
    if (this.#attempts < 2) return this.begin();
    this.#window.clearTimeout(this.#timer);
    const timer = this.#timer;
    const count = ++this.#attempts;
    const answer = await this.#ask();
    if (this.#state !== "waiting" || timer !== this.#timer) return;
    const isNews = answer >= 0 && answer !== this.#answer;
    this.#answer = answer;
    // The page is about to reload, which takes a while; after a second refusal it gives up.
    if (answer === "refused") this.#wait(POLICY_VIOLATION);
    else if (isNews || answer === "answered" || !(count & (count - 1))) this.open();
    else this.#wait();
  }

  /** Ask the server by HTTP: browsers do not tell scripts why a handshake failed. */
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
    socket.close(NORMAL_CLOSURE); // not waited for: a dead connection never confirms it
  }

  #write(text) {
    const isWritable = this.#socket?.readyState === 1;
    if (isWritable) this.#socket.send(text);
    return isWritable;
  }

  #become(state, code = NORMAL_CLOSURE, reason = "") {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#hooks.changed(state, before, { code, reason });
  }
}
