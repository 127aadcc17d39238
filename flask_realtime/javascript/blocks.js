import { isIgnored } from "./ignored.js";
import { isPattern, matcher } from "./patterns.js";

const INTERVAL = 250; // ms, at the least, between two requests for blocks
const BLOCK_HEADER = "X-Realtime-Block";
const HASH_HEADER = "X-Realtime-Block-Hash";
const DENIALS = [401, 403];
const OUTAGES = [502, 503, 504]; // statuses of a server or a proxy that is likely to recover
const FIRST_PAUSE = 1_000; // ms before the first retry after an outage
const LONGEST_PAUSE = 30_000;
const LONGEST_REST = 86_400_000; // ms, a day; browsers run a timer of more than 24 days at once
const MOST_RETRIES = 5; // for blocks that the app fails to render; the next refresh starts anew

/** The blocks of the page: parts that its own view renders again when a channel is refreshed. */
export class Blocks {
  #window;
  #hooks;
  #shown = new WeakMap(); // by element: the hash and the address of the block in it, and the element's HTML
  #asked = new WeakMap(); // by element: the address of the last request for its block
  #due = new Set(); // the names of blocks that a refresh made outdated, to be requested at `#moment`
  #moment = Infinity;
  #failed = new Map(); // by name of a block whose request failed: when to retry it
  #held = new Map(); // by address: until when its server wants no requests (Retry-After)
  #isAsking = false;
  #earliest = 0;
  #pause = FIRST_PAUSE;
  #retries = 0;
  #timer;

  /**
   * @param {object} hooks functions of the owner:
   *   `fetch(url, options)` makes a request that names this page to its app;
   *   `address()` returns the page's address, null if a GET does not return the page;
   *   `update(element, name, html)` puts a block into an element; returns false if that was prevented;
   *   `stale(detail, reloads)` reports that blocks could not be fetched, and asks for a reload or not;
   *   `warn(text)` writes to the console.
   */
  constructor(window, hooks) {
    this.#window = window;
    this.#hooks = hooks;
  }

  /** Request all blocks that depend on `channel` anew, at a random moment within `spread` ms. */
  refresh(channel, spread = 0) {
    const now = this.#window.performance.now();
    const before = this.#due.size;
    this.#retries = 0;
    for (const element of this.#elements()) {
      if (dependsOn(element, channel)) this.#due.add(element.dataset.realtimeBlock);
    }
    // The first refresh decides the moment. If every further one could make it earlier, all pages would
    // make their requests at the same time.
    const isPlanned = this.#due.size === before && this.#moment <= now + spread;
    if (this.#due.size && !isPlanned) this.#moment = Math.min(this.#moment, now + this.#window.Math.random() * spread);
    this.#plan();
  }

  /** Retry all failed requests now, except where a server has named a later time. */
  resume() {
    this.#pause = FIRST_PAUSE;
    for (const name of this.#failed.keys()) this.#failed.set(name, 0);
    this.#plan();
  }

  #elements() {
    return [...this.#window.document.querySelectorAll("[data-realtime-block]")].filter((one) => !isIgnored(one));
  }

  /** Set the timer for the next request: when the first block is due, but not within the interval. */
  #plan() {
    this.#window.clearTimeout(this.#timer);
    const at = Math.max(this.#earliest, Math.min(this.#moment, ...this.#failed.values()));
    if (this.#isAsking || at === Infinity) return;
    this.#timer = this.#window.setTimeout(() => this.#ask(at), at - this.#window.performance.now());
  }

  /** Request the blocks that are due at `moment`; a timer may run a fraction of a ms before it. */
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

  /** Return the names of the blocks that are due at `moment`, and take them off the plan. */
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

  /** The names of the blocks in `due`, by the address that renders them. */
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

  /** The address that renders an element's block; undefined if it has none, or one of another origin. */
  #addressOf({ dataset }) {
    const { href, origin } = this.#window.location;
    const address = dataset.realtimeUrl ?? this.#hooks.address();
    try {
      const url = address && new URL(address, href);
      if (url?.origin === origin) return url.href.split("#")[0];
    } catch {
      // The attribute is not a valid address.
    }
  }

  /** Fetch blocks and put them into the page, unless the server wants no requests at `moment`. */
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

  /** Plan a retry: after `seconds` if the server has given them, or else after a growing, random pause. */
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
        // The element was given another address during the request: ask there.
        if (this.#asked.get(element) === url) this.#retry([name], 0);
        continue;
      }
      if (block?.html === undefined) continue;
      if (!this.#hooks.update(element, name, block.html)) continue;
      this.#shown.set(element, { url, hash: block.hash, html: element.innerHTML });
    }
  }

  /**
   * The hash of the block that all of its elements show. Undefined if they differ, or if something else
   * has changed one of them, because the server then must send the whole block.
   */
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
