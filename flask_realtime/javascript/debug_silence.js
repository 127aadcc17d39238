import { isPattern } from "./patterns.js";

const LATE_SCRIPT = 2_500; // ms in which scripts that add listeners may still be loading

/** Warns about pushes without a listener, and about listeners and blocks whose channel brings no pushes. */
export class Silence {
  #window;
  #client;
  #console;
  #wanted = new Set();
  #told = new Set();

  constructor(window, client, console) {
    this.#window = window;
    this.#client = client;
    this.#console = console;
    const { on } = client;
    client.on = (channel, listener) => {
      const end = on.call(client, channel, listener);
      if (!isPattern(channel)) this.#wanted.add(channel);
      return end;
    };
    window.addEventListener("realtime:push", (event) => this.#hear(event), true);
    window.addEventListener("realtime:open", () => window.setTimeout(() => this.#look(), LATE_SCRIPT));
  }

  #hear(event) {
    const { detail } = event;
    const { channel } = detail;
    let isHeard = false;
    Object.defineProperty(event, "detail", { get: () => ((isHeard = true), detail) });
    this.#window.setTimeout(() => {
      if (isHeard || this.#isListening(channel) || this.#told.has(channel)) return;
      this.#told.add(channel);
      this.#console.warn("unheard", `A push came on ${channel}, but the page has no listener for it: add realtime.on("${channel}", …).`);
    }, LATE_SCRIPT);
  }

  #isListening(channel) {
    return this.#client.parts.channels.listenersOf(channel).length > 0;
  }

  /** Write which listeners and blocks wait in vain, or that the page has no subscription at all. */
  #look() {
    if (this.#client.state !== "open") return;
    const subscribed = Object.keys(this.#client.parts.page.positions);
    const deaf = [...this.#wanted].filter(
      (channel) => this.#isListening(channel) && !subscribed.includes(channel) && !this.#told.has(channel),
    );
    for (const channel of deaf) {
      this.#told.add(channel);
      this.#console.warn("deaf", `The page has a listener for ${channel}, but no view has subscribed the page to that channel.`);
    }
    this.#lookAtBlocks(subscribed);
    if (subscribed.length || deaf.length || this.#told.has("")) return;
    this.#told.add("");
    this.#console.info("idle", "The socket is open, but no view has subscribed this page to a channel.");
  }

  /** Warn about blocks that depend on no channel of the page. */
  #lookAtBlocks(subscribed) {
    for (const { dataset } of this.#window.document.querySelectorAll("[data-realtime-block]")) {
      const { realtimeBlock: block, realtimeOn = "" } = dataset;
      const names = realtimeOn.trim().split(/\s+/);
      if (this.#told.has(`block ${block}`) || names.some((name) => isPattern(name) || subscribed.includes(name))) continue;
      this.#told.add(`block ${block}`);
      const why = realtimeOn ? `${realtimeOn}, but no view has subscribed the page to that` : "no channel: data-realtime-on is missing";
      this.#console.warn("block", `The block ${block} depends on ${why}.`);
    }
  }
}
