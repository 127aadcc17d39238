import { Backoff } from "./backoff.js";

export const CONNECTION_ID_HEADER = "X-Realtime-Connection-Id";
const LONGEST_QUESTION = 10_000; // ms to wait for a response
const LOCK = "realtime"; // held by each page of this browser that is fetching changes

/** Fetches changes of cookies by HTTP: the reply to a message over a WebSocket cannot set cookies. */
export class Session {
  #window;
  #url;
  #connectionId;
  #named;
  #told; // see take()
  #wanted = new Set(); // the ids of the pages whose changes are to be fetched: one may replace another meanwhile
  #running;
  #asked;
  #taker;
  #finish;
  #timer;

  /**
   * @param {string} url the address to fetch changes from
   * @param {() => string} connectionId returns the page's id, or nothing if the page has none yet
   * @param {(connectionId: string) => void} named called with the id that the server gives to such a page
   */
  constructor(window, url, connectionId, named) {
    this.#window = window;
    this.#url = url;
    this.#connectionId = connectionId;
    this.#named = named;
  }

  /**
   * Fetch the changes that wait, and retry until that succeeds. Resolves when `settled` does.
   * @param {string | number} [told] what the reply says of them, if there was one; or the code by which the
   *   socket was closed: the server ends a session that has ended, and that the browser has kept, or waits for it
   * @param {boolean} [isLeaving] whether the page is being left: Chromium does not keep a page for the back
   *   button that holds a lock
   */
  take(told, isLeaving) {
    this.#told = told || this.#told;
    this.#wanted.add(this.#connectionId());
    if (!this.#running) {
      this.#running = new Promise((resolve) => (this.#finish = resolve));
      if (!isLeaving) this.#lock({ mode: "shared" }, this.#running);
      this.#attempt(new Backoff(this.#window));
    }
    return this.settled();
  }

  /** Resolves when no changes are being fetched, or after three seconds. Returns nothing if none are. */
  settled() {
    return this.#running && new Promise((resolve) => {
      const timer = this.#window.setTimeout(resolve, 3_000);
      this.#running.then(() => resolve(this.#window.clearTimeout(timer)));
    });
  }

  /**
   * Resolves when no changes are being fetched, however long that takes: the browser's cookies are up to
   * date then. It also waits, up to ten seconds, for other pages of this browser.
   */
  async arrived() {
    await this.#running;
    await this.#lock({ signal: this.#window.AbortSignal.timeout?.(LONGEST_QUESTION) });
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#running = null;
    this.#finish?.();
  }

  async #attempt(backoff) {
    const running = this.#running;
    await this.#asked; // by ask(): an answer to one request is no answer to another
    if (this.#running !== running) return;
    const [id] = this.#wanted;
    this.#wanted.delete(id); // take() may be called for newer changes from here on
    await this.ask(id);
    if (this.#running !== running) return;
    if (this.#taker) this.#wanted = new Set([id, ...this.#wanted]);
    if (!this.#wanted.size) return this.stop();
    this.#timer = this.#window.setTimeout(() => this.#attempt(backoff), this.#taker && backoff.next());
  }

  /** Hold the lock until the promise `end` resolves. Browsers have locks only on pages from https. */
  async #lock(options, end) {
    try {
      await this.#window.navigator.locks?.request(LOCK, options, () => end);
    } catch {
      // A sandboxed frame has no locks; or the wait for the lock has timed out.
    }
  }

  /**
   * Fetch the changes that wait, or wait for a request that is being made already.
   * @returns {Promise<"answered" | "refused" | number | undefined>} `"refused"` if the app says that the
   *   page does not belong to the browser's session; a status if somebody else answers, such as a proxy;
   *   undefined if nobody answers
   */
  ask(id = [...this.#wanted][0]) {
    return (this.#asked ??= this.#ask(id));
  }

  async #ask(id) {
    this.#taker ||= Date.now(); // the same until a response comes: the server sends the same changes again
    try {
      const { headers, status } = await this.#window.fetch(this.#url, {
        method: "POST",
        headers: {
          [CONNECTION_ID_HEADER]: id || this.#connectionId() || "new",
          "X-Realtime-Taker": this.#taker,
          "X-Realtime-Session": this.#told || "",
        },
        redirect: "manual",
        keepalive: true, // so that a navigation does not cancel the request
        signal: this.#window.AbortSignal.timeout?.(LONGEST_QUESTION),
      });
      const isRefused = headers.has("X-Realtime-Refused");
      // The app answers 204. The login page of a hotel's network, or a maintenance page, may answer 200.
      if (status !== 204 && !isRefused) return status;
      this.#taker = 0;
      const given = headers.get(CONNECTION_ID_HEADER);
      if (given) this.#named(given);
      // A page that has replaced this one may belong to the session all the same.
      return isRefused && (!id || id === this.#connectionId()) ? "refused" : "answered";
    } catch {
      // There is no network, or nobody answered in time.
    } finally {
      this.#asked = null;
    }
  }
}
