import { isIgnored } from "./ignored.js";
import { isPattern, matcher } from "./patterns.js";

const INTERVAL = 250; // ms between two requests for blocks, at the least
const BLOCK_HEADER = "X-Realtime-Block";
const HASH_HEADER = "X-Realtime-Block-Hash";
const DENIALS = [401, 403];
const OUTAGES = [502, 503, 504]; // of a server or a proxy, which pass
const FIRST_PAUSE = 1_000; // ms before what an outage interrupted is asked again
const LONGEST_PAUSE = 30_000;
const MOST_RETRIES = 5; // of what the app fails to render, until the next refresh

/** The parts of the page that its own view renders again, for its own viewer. */
export class Blocks {
  #window;
  #hooks;
  #shown = new WeakMap(); // by element: the block's hash and address, and the HTML that it made there
  #due = new Set();
  #isAsking = false;
  #earliest = 0;
  #pause = FIRST_PAUSE;
  #again = new Set(); // what the requests under way could not get
  #retries = 0;
  #timer;
  #timerAt = Infinity;

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
    const before = this.#due.size;
    this.#retries = 0;
    for (const element of this.#elements()) {
      if (dependsOn(element, channel)) this.#due.add(element.dataset.realtimeBlock);
    }
    // The first request decides the moment: if each request could make it earlier, all pages would ask at once.
    const isPlanned = this.#due.size === before && this.#timerAt <= this.#window.performance.now() + spread;
    if (this.#due.size && !isPlanned) this.#schedule(this.#window.Math.random() * spread);
  }

  /** Ask now for the blocks that could not be had. */
  resume() {
    this.#pause = FIRST_PAUSE;
    if (this.#due.size) this.#schedule(0);
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#timerAt = Infinity;
    this.#due.clear();
  }

  #elements() {
    return [...this.#window.document.querySelectorAll("[data-realtime-block]")].filter((one) => !isIgnored(one));
  }

  /** Ask in `delay` ms, or earlier if that was said before; never twice within the interval. */
  #schedule(delay) {
    const now = this.#window.performance.now();
    const at = Math.max(now + delay, this.#earliest);
    if (this.#isAsking || at >= this.#timerAt) return;
    this.#window.clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = this.#window.setTimeout(() => this.#ask(), at - now);
  }

  async #ask() {
    this.#timerAt = Infinity;
    this.#earliest = this.#window.performance.now() + INTERVAL;
    const due = new Set(this.#due);
    this.#due.clear();
    this.#isAsking = true;
    const delays = await Promise.all([...this.#byAddress(due)].map((one) => this.#fetch(...one)));
    this.#isAsking = false;
    // What was refreshed meanwhile does not wait for what has failed.
    const delay = this.#due.size ? 0 : Math.max(...delays);
    for (const name of this.#again) this.#due.add(name);
    this.#again.clear();
    if (this.#due.size) this.#schedule(delay);
  }

  /** The blocks that are due, by the address that renders them. */
  #byAddress(due) {
    const found = new Map();
    for (const { dataset } of this.#elements()) {
      const { realtimeBlock: name, realtimeUrl } = dataset;
      if (!due.has(name)) continue;
      const address = realtimeUrl ?? this.#hooks.address();
      const url = address && new URL(address, this.#window.location.href).href;
      if (!url || new URL(url).origin !== this.#window.location.origin) {
        this.#hooks.stale({ blocks: [name], reason: "no address of this origin" }, false);
      } else {
        found.set(url, (found.get(url) ?? new Set()).add(name));
      }
    }
    return found;
  }

  /** Fetch and insert blocks; resolves with how long to wait, in ms, before asking for more. */
  async #fetch(url, names) {
    const blocks = [...names];
    const known = blocks.map((name) => [name, this.#hashOf(url, name)]).filter(([, hash]) => hash);
    const headers = { [BLOCK_HEADER]: blocks.join(" ") };
    if (known.length) headers[HASH_HEADER] = known.map((pair) => pair.join("=")).join(" ");
    let response, answer;
    try {
      response = await this.#hooks.fetch(url, { headers, cache: "no-store", redirect: "manual" });
      if (response.ok && response.headers.has(BLOCK_HEADER)) answer = await response.json();
    } catch {
      return this.#wait(blocks);
    }
    const { status, type } = response;
    if (answer) this.#insert(url, answer);
    else if (OUTAGES.includes(status)) return this.#wait(blocks, response.headers.get("Retry-After"));
    else if (type === "opaqueredirect" || DENIALS.includes(status)) this.#hooks.stale({ blocks, status }, true);
    else {
      this.#hooks.stale({ blocks, status, reason: response.ok ? `no ${BLOCK_HEADER}` : `status ${status}` }, false);
      if (status >= 500 && this.#retries++ < MOST_RETRIES) return this.#wait(blocks);
    }
    return 0;
  }

  /** Ask for `blocks` again once the outage may be over; the delay in ms. */
  #wait(blocks, seconds) {
    for (const name of blocks) this.#again.add(name);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    return seconds > 0 ? 1000 * seconds : (this.#pause / 2) * (0.5 + this.#window.Math.random());
  }

  #insert(url, answer) {
    this.#pause = FIRST_PAUSE;
    for (const element of this.#elements()) {
      const name = element.dataset.realtimeBlock;
      const block = answer[name];
      if (block?.error) this.#hooks.warn(block.error);
      if (block?.html === undefined) continue;
      if (!this.#hooks.update(element, name, block.html)) continue;
      this.#shown.set(element, { url, hash: block.hash, html: element.innerHTML });
    }
  }

  /** The hash of what all elements of a block hold; nothing where one of them was changed otherwise. */
  #hashOf(url, name) {
    const hashes = this.#elements()
      .filter(({ dataset }) => dataset.realtimeBlock === name)
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
