const NOTE_KEY = "realtime-debug";

/** Why a page is loaded anew: the console tells it now, and on the page that comes. */
export class Reloads {
  #window;
  #console;

  constructor(window, console) {
    this.#window = window;
    this.#console = console;
    this.#tellOfLast();
    const on = (name, act) => window.addEventListener(`realtime:${name}`, act);
    on("lost", (event) => this.#expect(event, lossOf(event.detail)));
    on("identity", (event) => this.#expect(event, changeOf(event.detail)));
    on("stale", (event) => this.#hearStale(event));
    on("html", ({ detail }) => {
      const isMeant = detail.fragments?.some(({ action }) => action === "reload");
      if (isMeant) this.#note({ reason: `the app has asked for it on ${detail.channel}`, page: this.#page });
    });
  }

  get #page() {
    return this.#window.location.href.split("#")[0];
  }

  #tellOfLast() {
    const { reason, page } = this.#note() ?? {};
    this.#note(null);
    if (page === this.#page) this.#console.info("reload", `The page was loaded anew, since ${reason}.`);
  }

  /** Say why the page is to be loaded anew, unless a listener prevents that. */
  #expect(event, reason) {
    // Behind all listeners, and before the page may be gone.
    queueMicrotask(() => {
      if (event.defaultPrevented) {
        this.#console.info("reload", `A listener has prevented a reload, though ${reason}.`);
      } else {
        this.#console.info("reload", `The page is to be loaded anew, since ${reason}.`);
        this.#note({ reason, page: this.#page });
      }
    });
  }

  #hearStale(event) {
    const { blocks, status, reason } = event.detail;
    const what = `the blocks ${blocks.join(", ")} cannot be had (${reason ?? (status || "a redirect")})`;
    if (reason) this.#console.warn("stale", `The page stays as it is, and ${what}.`);
    else this.#expect(event, what);
  }

  /** What the tab keeps for the page that comes: returned, or replaced by `value`. */
  #note(value) {
    try {
      const { sessionStorage } = this.#window;
      if (value === undefined) return JSON.parse(sessionStorage.getItem(NOTE_KEY));
      sessionStorage.setItem(NOTE_KEY, JSON.stringify(value));
    } catch {
      // In a frame without storage nothing is kept.
    }
    return undefined;
  }
}

function changeOf({ reason }) {
  // The server's words are a sentence, which ends here with the line of the console.
  return ["its session is over, or another's", reason.replace(/\.$/, "")].filter(Boolean).join(": ");
}

function lossOf({ channels }) {
  return channels.length ? `messages of ${channels.join(", ")} are missing` : "the server has forgotten it";
}
