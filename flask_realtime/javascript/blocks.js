import { isIgnored } from "./ignored.js";
import { isPattern, matcher } from "./patterns.js";

const INTERVAL = 250; // ms between two requests for blocks, at the least
const BLOCK_HEADER = "X-Realtime-Block";
const HASH_HEADER = "X-Realtime-Block-Hash";
const DENIALS = [401, 403];
const OUTAGES = [502, 503, 504]; // of a server or a proxy, which pass
const FIRST_PAUSE = 1_000; // ms before what an outage interrupted is asked again
const LONGEST_PAUSE = 30_000;
const LONGEST_REST = 86_400_000; // a timer of more than 24 days would run at once
const MOST_RETRIES = 5; // of what the app fails to render, until the next refresh

/** The parts of the page that its own view renders again, for its own viewer. */
export class Blocks {
  #window;
  #hooks;
  #shown = new WeakMap(); // by element: the block's hash and address, and the HTML that it made there
  #asked = new WeakMap(); // by element: the address that was asked for its block last
  #due = new Set(); // what a refresh made old, to be asked for at `#moment`
  #moment = Infinity;
  #failed = new Map(); // by name: when a block that could not be had is asked for again
  #held = new Map(); // by address: until when its server wants not to be asked
  #isAsking = false;
  #earliest = 0;
  #pause = FIRST_PAUSE;
  #retries = 0;
  #timer;

  /**
   * @param {object} hooks what the owner does:
   *   `fetch(url, options)` names this page to its app;
   *   `address()` is the page's own, null if it has none that a GET gives;
   *   `update(element, name, html)` puts a block into an element, unless it is prevented;
   *   `stale(detail, reloads)` is told that a block cannot be had;
   *   `warn(text)` tells the developer, in debug.
   */
  constructor(window, hooks) {
    this.#window = window;
    this.#hooks = hooks;
  }

  /** Have the blocks rendered again that depend on `channel`, within `spread` ms. */
  refresh(channel, spread = 0) {
    const now = this.#window.performance.now();
    const before = this.#due.size;
    this.#retries = 0;
    for (const element of this.#elements()) {
      if (dependsOn(element, channel)) this.#due.add(element.dataset.realtimeBlock);
    }
    // The first request decides the moment: if each request could make it earlier, all pages would ask at once.
    const isPlanned = this.#due.size === before && this.#moment <= now + spread;
    if (this.#due.size && !isPlanned) this.#moment = Math.min(this.#moment, now + this.#window.Math.random() * spread);
    this.#plan();
  }

  /** Ask now for the blocks that could not be had, but of no server that has named a later time. */
  resume() {
    this.#pause = FIRST_PAUSE;
    for (const name of this.#failed.keys()) this.#failed.set(name, 0);
    this.#plan();
  }

  #elements() {
    return [...this.#window.document.querySelectorAll("[data-realtime-block]")].filter((one) => !isIgnored(one));
  }

  /** Ask when the first block is to be asked for; never twice within the interval. */
  #plan() {
    this.#window.clearTimeout(this.#timer);
    const at = Math.max(this.#earliest, Math.min(this.#moment, ...this.#failed.values()));
    if (this.#isAsking || at === Infinity) return;
    this.#timer = this.#window.setTimeout(() => this.#ask(at), at - this.#window.performance.now());
  }

  /** Ask for what was planned for `moment`, which the clock may miss by a fraction, as timers do. */
  async #ask(moment) {
    this.#earliest = this.#window.performance.now() + INTERVAL;
    this.#isAsking = true;
    try {
      await Promise.all([...this.#byAddress(this.#take(moment))].map((one) => this.#fetch(moment, ...one)));
    } finally {
      this.#isAsking = false;
      this.#plan();
    }
  }

  /** The names of the blocks whose time has come, which are due no longer. */
  #take(moment) {
    const names = new Set(this.#moment <= moment ? this.#due : []);
    for (const [name, at] of this.#failed) if (at <= moment) names.add(name);
    for (const name of names) {
      this.#due.delete(name);
      this.#failed.delete(name);
    }
    if (!this.#due.size) this.#moment = Infinity;
    return names;
  }

  /** The blocks that are due, by the address that renders them. */
  #byAddress(due) {
    const found = new Map();
    for (const element of this.#elements()) {
      const name = element.dataset.realtimeBlock;
      if (!due.has(name)) continue;
      const url = this.#addressOf(element);
      this.#asked.set(element, url);
      if (!url) {
        this.#hooks.stale({ blocks: [name], reason: "no address of this origin" }, false);
      } else {
        found.set(url, (found.get(url) ?? new Set()).add(name));
      }
    }
    return found;
  }

  /** The address of this origin that renders an element's block; undefined if there is none. */
  #addressOf({ dataset }) {
    const { href, origin } = this.#window.location;
    const address = dataset.realtimeUrl ?? this.#hooks.address();
    try {
      const url = address && new URL(address, href);
      if (url?.origin === origin) return url.href.split("#")[0];
    } catch {
      // It can be no address.
    }
  }

  /** Fetch and insert blocks, if their server may be asked at this `moment`. */
  async #fetch(moment, url, names) {
    const blocks = [...names];
    if (this.#held.get(url) > moment) return this.#retry(blocks, this.#held.get(url));
    this.#held.delete(url);
    const known = blocks.map((name) => [name, this.#hashOf(url, name)]).filter(([, hash]) => hash);
    const headers = { [BLOCK_HEADER]: blocks.join(" ") };
    if (known.length) headers[HASH_HEADER] = known.map((pair) => pair.join("=")).join(" ");
    let response, answer;
    try {
      response = await this.#hooks.fetch(url, { headers, cache: "no-store", redirect: "manual" });
      if (response.ok && response.headers.has(BLOCK_HEADER)) answer = await response.json();
    } catch {
      return this.#wait(blocks, url);
    }
    const { status, type } = response;
    if (answer) this.#insert(url, answer);
    else if (OUTAGES.includes(status)) this.#wait(blocks, url, response.headers.get("Retry-After"));
    else if (type === "opaqueredirect" || DENIALS.includes(status)) this.#hooks.stale({ blocks, status }, true);
    else {
      this.#hooks.stale({ blocks, status, reason: response.ok ? `no ${BLOCK_HEADER}` : `status ${status}` }, false);
      if (status >= 500 && this.#retries++ < MOST_RETRIES) this.#wait(blocks, url);
    }
  }

  /** Ask for `blocks` again once the outage may be over: when the server says, if it does. */
  #wait(blocks, url, seconds) {
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    const own = (this.#pause / 2) * (0.5 + this.#window.Math.random());
    const at = this.#window.performance.now() + (seconds > 0 ? Math.min(1000 * seconds, LONGEST_REST) : own);
    if (seconds > 0) this.#held.set(url, at);
    this.#retry(blocks, at);
  }

  #retry(blocks, at) {
    for (const name of blocks) this.#failed.set(name, at);
  }

  #insert(url, answer) {
    this.#pause = FIRST_PAUSE;
    for (const element of this.#elements()) {
      const name = element.dataset.realtimeBlock;
      const block = answer[name];
      if (block?.error) this.#hooks.warn(block.error);
      if (block && this.#addressOf(element) !== url) {
        // An element that has got another address meanwhile is still to be asked for there.
        if (this.#asked.get(element) === url) this.#retry([name], 0);
        continue;
      }
      if (block?.html === undefined) continue;
      if (!this.#hooks.update(element, name, block.html)) continue;
      this.#shown.set(element, { url, hash: block.hash, html: element.innerHTML });
    }
  }

  /** The hash of what all elements of a block hold; nothing where one of them was changed otherwise. */
  #hashOf(url, name) {
    const hashes = this.#elements()
      .filter((one) => one.dataset.realtimeBlock === name && this.#addressOf(one) === url)
      .map((element) => {
        const { url: of, hash, html } = this.#shown.get(element) ?? {};
        return of === url && html === element.innerHTML ? hash : undefined;
      });
    return hashes.every((hash) => hash === hashes[0]) ? hashes[0] : undefined;
  }
}

/** Whether an element's `data-realtime-on` (names or patterns, separated by spaces) fits `channel`. */
function dependsOn(element, channel) {
  const names = element.dataset.realtimeOn?.trim().split(/\s+/) ?? [];
  return names.some((name) => (isPattern(name) ? matcher(name)(channel) : name === channel));
}
