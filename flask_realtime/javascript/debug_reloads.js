const NOTE_KEY = "realtime-debug";

/** Writes to the console why a page is reloaded: before the reload, and again after it. */
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

  /** Write why the page is about to be reloaded, or that a listener has prevented it. */
  #expect(event, reason) {
    // In a microtask, which runs after all listeners, but before the page is reloaded.
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

  /** Return what the tab keeps for the next page; with `value`, replace it. */
  #note(value) {
    try {
      const { sessionStorage } = this.#window;
      if (value === undefined) return JSON.parse(sessionStorage.getItem(NOTE_KEY));
      sessionStorage.setItem(NOTE_KEY, JSON.stringify(value));
    } catch {
      // A frame may have no storage.
    }
    return undefined;
  }
}

function changeOf({ reason }) {
  // The server's reason is a sentence with a full stop, and the line in the console adds another.
  return ["its session is over, or another's", reason.replace(/\.$/, "")].filter(Boolean).join(": ");
}

function lossOf({ channels }) {
  return channels.length ? `messages of ${channels.join(", ")} are missing` : "the server has forgotten it";
}
