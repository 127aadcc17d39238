const INTERVAL = 30_000; // ms; a page that is lost again at once must not reload in a loop.
const JITTER = 1_000; // ms; all pages of a log that was lost reload.
const KEY = "realtime:reloaded";

/** Reloads the page, soon, and not too often. */
export class Reload {
  #window;
  #timer;

  constructor(window) {
    this.#window = window;
  }

  begin() {
    this.stop();
    const delay = Math.max(INTERVAL - this.#age(), JITTER * this.#window.Math.random());
    this.#timer = this.#window.setTimeout(() => this.#reload(), delay);
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
  }

  #reload() {
    try {
      this.#window.sessionStorage[KEY] = this.#window.Date.now();
    } catch {
      // A page without storage counts its own age.
    }
    this.#window.location.reload();
  }

  /** Milliseconds since this tab was last reloaded by us. */
  #age() {
    try {
      return this.#window.Date.now() - (this.#window.sessionStorage[KEY] ?? 0);
    } catch {
      return this.#window.performance.now();
    }
  }
}
