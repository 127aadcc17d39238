import { Backoff } from "./backoff.js";

export const CONNECTION_ID_HEADER = "X-Realtime-Connection-Id";
const LONGEST_HOLD = 3_000; // ms that a reply is held back for its cookies
const REFUSALS = [401, 403, 404];

/** The browser's session, for which cookies wait that no socket can set. */
export class Session {
  #window;
  #url;
  #connectionId;
  #isWanted;
  #running = null;
  #finish;
  #timer;

  constructor(window, url, connectionId) {
    this.#window = window;
    this.#url = url;
    this.#connectionId = connectionId;
  }

  /** Whether the server wants nothing of this page any more. */
  async isRefused() {
    return REFUSALS.includes(await this.#ask());
  }

  /** Fetch what waits, again and again until it is here; resolves as `settled` does. */
  take() {
    this.#isWanted = true;
    if (!this.#running) {
      this.#running = new Promise((resolve) => (this.#finish = resolve));
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

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#running = null;
    this.#finish?.();
  }

  async #attempt(backoff) {
    const running = this.#running;
    this.#isWanted = false; // a take() from here on may be of what is newer
    const status = await this.#ask();
    if (this.#running !== running) return;
    const isAnswered = /^2/.test(status) || REFUSALS.includes(status);
    if (isAnswered && !this.#isWanted) return this.stop();
    const delay = isAnswered ? 0 : backoff.next();
    this.#timer = this.#window.setTimeout(() => this.#attempt(backoff), delay);
  }

  async #ask() {
    try {
      const { status, type } = await this.#window.fetch(this.#url, {
        method: "POST",
        headers: { [CONNECTION_ID_HEADER]: this.#connectionId },
        redirect: "manual",
        keepalive: true, // a navigation does not cut it off
      });
      return type === "opaqueredirect" ? 401 : status; // a redirect leads to a log-in
    } catch {
      return 0;
    }
  }
}
