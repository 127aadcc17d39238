import { Backoff } from "./backoff.js";

export const CONNECTION_ID_HEADER = "X-Realtime-Connection-Id";
const LONGEST_HOLD = 3_000; // ms that a reply is held back for its cookies
const LONGEST_QUESTION = 10_000; // ms
const LOCK = "realtime:session"; // shared by the pages of this browser that fetch what waits

/** The browser's session, for which cookies wait that no socket can set. */
export class Session {
  #window;
  #url;
  #connectionId;
  #named;
  #isWanted;
  #running = null;
  #asked = null;
  #taker;
  #finish;
  #timer;

  /**
   * @param {() => string} connectionId gives the page's id; of a page without one, nothing
   * @param {(connectionId: string) => void} named told of the id that such a page is given
   */
  constructor(window, url, connectionId, named) {
    this.#window = window;
    this.#url = url;
    this.#connectionId = connectionId;
    this.#named = named;
  }

  /**
   * Fetch what waits, again and again until it is here; resolves as `settled` does.
   * @param {boolean} [isLeaving] the page is being left: Chromium keeps none that holds a lock
   */
  take(isLeaving) {
    this.#isWanted = true;
    if (!this.#running) {
      this.#running = new Promise((resolve) => (this.#finish = resolve));
      if (!isLeaving) this.#lock({ mode: "shared" }, this.#running);
      this.#attempt(new Backoff(this.#window));
    }
    return this.settled();
  }

  /** Resolves when nothing is being fetched, or when that takes long. */
  async settled() {
    let timer;
    const late = new Promise((resolve) => (timer = this.#window.setTimeout(resolve, LONGEST_HOLD)));
    await Promise.race([this.#running, late]);
    this.#window.clearTimeout(timer);
  }

  /**
   * Resolves when nothing is being fetched, however long that takes: the browser has its session of
   * now. What other pages of this browser fetch is waited for, too, up to ten seconds.
   */
  async arrived() {
    await this.#running;
    await this.#lock({ signal: this.#window.AbortSignal.timeout(LONGEST_QUESTION) });
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#running = this.#asked = null;
    this.#finish?.();
  }

  async #attempt(backoff) {
    const running = this.#running;
    this.#isWanted = false; // a take() from here on may be of what is newer
    await (this.#asked = this.#ask());
    if (this.#running !== running) return;
    this.#asked = null;
    if (!this.#taker && !this.#isWanted) return this.stop();
    const delay = this.#taker ? backoff.next() : 0;
    this.#timer = this.#window.setTimeout(() => this.#attempt(backoff), delay);
  }

  /** Hold the lock until `end`; browsers have locks where a page came by https. */
  async #lock(options, end) {
    try {
      await this.#window.navigator.locks?.request(LOCK, options, () => end);
    } catch {
      // A frame without an origin of its own has none; and nobody waits for ever.
    }
  }

  /**
   * Ask for what waits, unless that is being asked.
   * @returns {Promise<"answered" | "refused" | number | undefined>} refused: the app says itself that
   *   this page is not of the browser's session; a status, or nothing: the app is not there, and
   *   somebody else answers for it, or nobody
   */
  ask() {
    return this.#asked ?? this.#ask();
  }

  async #ask() {
    this.#taker ||= Date.now(); // the same until it is answered: it gets the same
    try {
      const { headers, status } = await this.#window.fetch(this.#url, {
        method: "POST",
        headers: {
          [CONNECTION_ID_HEADER]: this.#connectionId() || "new",
          "X-Realtime-Taker": this.#taker,
        },
        redirect: "manual",
        keepalive: true, // a navigation does not cut it off
        signal: this.#window.AbortSignal.timeout(LONGEST_QUESTION),
      });
      const isRefused = headers.has("X-Realtime-Refused");
      // A hotel's network or a page that asks for patience may well answer 200: the app never does.
      if (status !== 204 && !isRefused) return status;
      this.#taker = 0;
      const given = headers.get(CONNECTION_ID_HEADER);
      if (given) this.#named(given);
      return isRefused ? "refused" : "answered";
    } catch {
      // No network; it is as with a server that is not there.
    }
  }
}
