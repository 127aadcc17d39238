const RELOAD_INTERVAL = 30_000; // ms; a page that is lost again at once must not reload in a loop.
const RELOAD_JITTER = 1_000; // ms; when a log is lost, all of its pages reload.

/** Reloads the page: soon, and not again and again. */
export class Reload {
  #window;
  #timer;

  constructor(window) {
    this.#window = window;
  }

  begin() {
    this.stop();
    const { Math, performance } = this.#window;
    const [{ type } = {}] = performance.getEntriesByType("navigation");
    const earliest = type === "reload" ? RELOAD_INTERVAL - performance.now() : 0;
    const delay = Math.max(earliest, Math.random() * RELOAD_JITTER);
    this.#timer = this.#window.setTimeout(() => this.#window.location.reload(), delay);
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
  }
}
