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
      if (isMeant) this.#note({ reason: `the app pushed a reload to ${detail.channel}`, page: this.#page });
    });
  }

  get #page() {
    return this.#window.location.href.split("#")[0];
  }

  #tellOfLast() {
    const { reason, page } = this.#note() ?? {};
    this.#note(null);
    if (page === this.#page) this.#console.info("reload", `The page was reloaded, because ${reason}.`);
  }

  /** Write why the page is about to be reloaded, or that a listener has prevented it. */
  #expect(event, reason) {
    // In a microtask, which runs after all listeners, but before the page is reloaded.
    queueMicrotask(() => {
      if (event.defaultPrevented) {
        this.#console.info("reload", `A listener has prevented a reload of the page, although ${reason}.`);
      } else {
        this.#console.info("reload", `The page will be reloaded, because ${reason}.`);
        this.#note({ reason, page: this.#page });
      }
    });
  }

  #hearStale(event) {
    const { blocks, status, reason } = event.detail;
    const what = `the server did not send the blocks ${blocks.join(", ")} (${reason ?? (status || "a redirect")})`;
    if (reason) this.#console.warn("stale", `The page shows old content, because ${what}.`);
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
  return ["its session has ended, or belongs to another user now", reason.replace(/\.$/, "")].filter((text) => text).join(": ");
}

function lossOf({ channels }) {
  return channels.length ? `messages of ${channels.join(", ")} are missing` : "the server does not know the page any more";
}
