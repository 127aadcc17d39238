import { find } from "./ignored.js";
import { matcher } from "./patterns.js";
import { unclobbered } from "./unclobbered.js";

const INTERVAL = 250; // ms, at the least, between two requests for blocks
const BLOCK_HEADER = "X-Realtime-Block";
const HASH_HEADER = `${BLOCK_HEADER}-Hash`;
const DENIALS = [401, 403];
const OUTAGES = [429, 502, 503, 504]; // statuses of a server or a proxy that is likely to recover
const FIRST_PAUSE = 1_000; // ms before the first retry after an outage
const LONGEST_PAUSE = 30_000;
const LONGEST_REST = 86_400_000; // ms, a day; browsers run a timer of more than 24 days at once
const MOST_RETRIES = 5; // for blocks that the app fails to render; the next refresh starts anew
const LONGEST_ANSWER = 60_000; // ms after which a request that was not answered counts as lost

/** The blocks of the page: parts that its own view renders again when a channel is refreshed. */
export class Blocks {
  #window;
  #hooks;
  #shown = new WeakMap(); // by element: the hash and the address of the block in it, and the element's HTML
  #asked = new WeakMap(); // by element: the address of the last request for its block, or ""
  #due = new Map(); // by name of a block: when to request it
  #failed = new Set(); // the names of the blocks among them whose request failed
  #faults = new Map(); // by address whose requests fail: see `#faultOf`
  #patience = LONGEST_ANSWER; // grows where answers take longer
  #pending = new Map(); // by address with a request under way: the names of blocks to request next
  #rest = 0; // ms until blocks that changed during their request are requested once more
  #earliest = 0;
  #timer;

  /**
   * @param {object} hooks functions of the owner:
   *   `fetch(url, options)` makes a request that names this page to its app;
   *   `whenFree(element, act)` calls an async function when the visitor presses nothing in an element, and
   *   returns its promise;
   *   `address()` returns the page's address, null if a GET does not return the page;
   *   `update(element, name, html)` puts a block into an element; returns false if that was prevented;
   *   `stale(detail, reloads)` reports that blocks could not be fetched, and asks for a reload or not;
   *   `warn(text)` writes to the console.
   */
  constructor(window, hooks) {
    this.#window = window;
    this.#hooks = hooks;
  }

  /**
   * Request all blocks that depend on `channel` anew, at a random moment within `spread` ms.
   * @param {Element} [part] only those in this part of the page
   */
  refresh(channel, spread = 0, part) {
    const elements = this.#elements(part).filter((one) => dependsOn(one, channel));
    const now = this.#now();
    // The first refresh decides the moment, and later ones join its request. If every further one could
    // make it earlier, all pages would make their requests at the same time.
    const planned = Math.min(...[...this.#due].map(([name, at]) => (this.#failed.has(name) ? Infinity : at)));
    const at = planned <= now + spread ? planned : now + this.#window.Math.random() * spread;
    for (const element of elements) {
      this.#faultOf(this.#addressOf(element)).retries = 0;
      const name = datasetOf(element).realtimeBlock;
      if (!(this.#due.get(name) <= now + spread)) this.#due.set(name, at);
    }
    this.#plan();
  }

  /**
   * Request the blocks in `changed`, or around it, once more if a request for them is under way: its answer
   * may be older than the change. Where something changes during each request, it is made less and less often.
   */
  renew(changed) {
    for (const one of this.#elements()) {
      const isOf = unclobbered(changed).contains(one) || unclobbered(one).contains(changed);
      const next = isOf && this.#pending.get(this.#addressOf(one));
      if (next) next.add(datasetOf(one).realtimeBlock).isLate = true;
    }
  }

  /** Retry all failed requests now, except where a server has named a later time. */
  resume() {
    this.#patience = LONGEST_ANSWER; // the network may have lost what was not answered
    for (const fault of this.#faults.values()) fault.pause = FIRST_PAUSE;
    for (const name of this.#failed) this.#due.set(name, 0);
    this.#plan();
  }

  #now() {
    // A script of the page may have a variable named performance, or a class of its own named Event.
    return unclobbered(this.#window.document).createEvent("Event").timeStamp;
  }

  #elements(part) {
    return find(this.#window.document, "[data-realtime-block]", part);
  }

  /** What is known of an address: the last pause, how often the app has failed, and until when its
   * server wants no requests (Retry-After). */
  #faultOf(url) {
    return this.#faults.get(url) ?? { pause: FIRST_PAUSE, retries: 0, until: 0 };
  }

  /** Set the timer for the next request: when the first block is due, but not within the interval. */
  #plan() {
    this.#window.clearTimeout(this.#timer);
    const at = Math.max(this.#earliest, Math.min(...this.#due.values()));
    if (at === Infinity) return;
    this.#timer = this.#window.setTimeout(() => this.#ask(at), at - this.#now());
  }

  /** Request the blocks that are due at `moment`; a timer may run a fraction of a ms before it. */
  async #ask(moment) {
    this.#earliest = this.#now() + INTERVAL;
    const requests = [...this.#byAddress(this.#take(moment))].map((one) => this.#request(moment, ...one));
    this.#plan();
    await Promise.all(requests);
  }

  async #request(moment, url, names) {
    const next = this.#pending.get(url);
    if (next) return names.forEach((name) => next.add(name));
    this.#pending.set(url, new Set());
    try {
      await this.#fetch(moment, url, names);
    } finally {
      const next = this.#pending.get(url);
      const rest = next.isLate ? this.#rest : 0;
      for (const name of next) this.#due.set(name, this.#now() + rest);
      this.#rest = next.isLate ? Math.min(2 * this.#rest + FIRST_PAUSE, LONGEST_PAUSE) : 0;
      this.#pending.delete(url);
      this.#plan();
    }
  }

  /** Return the names of the blocks that are due at `moment`, and take them off the plan. */
  #take(moment) {
    const names = new Set();
    for (const [name, at] of this.#due) {
      if (at > moment) continue;
      names.add(name);
      this.#due.delete(name);
      this.#failed.delete(name);
    }
    return names;
  }

  /** The names of the blocks in `due`, by the address that renders them. */
  #byAddress(due) {
    const found = new Map();
    for (const element of this.#elements()) {
      const name = datasetOf(element).realtimeBlock;
      if (!due.has(name)) continue;
      const url = this.#addressOf(element);
      this.#asked.set(element, url ?? "");
      if (!url) {
        this.#hooks.stale({ blocks: [name], reason: "no address of this origin" }, false);
      } else {
        found.set(url, (found.get(url) ?? new Set()).add(name));
      }
    }
    return found;
  }

  /** The address that renders an element's block; undefined if it has none, or one of another origin. */
  #addressOf(element) {
    const { href, origin } = this.#window.location;
    const address = datasetOf(element).realtimeUrl ?? this.#hooks.address();
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
    const { until } = this.#faultOf(url);
    if (until > moment) return this.#retry(blocks, until);
    const known = blocks.map((name) => [name, this.#hashOf(url, name)]).filter(([, hash]) => hash);
    const headers = { [BLOCK_HEADER]: blocks.join(" ") };
    if (known.length) headers[HASH_HEADER] = known.map((pair) => pair.join("=")).join(" ");
    const signal = AbortSignal.timeout?.(this.#patience);
    let response, answer;
    try {
      response = await this.#hooks.fetch(url, { headers, cache: "no-store", redirect: "manual", signal });
      if (response.ok && response.headers.has(BLOCK_HEADER)) answer = await response.json();
    } catch {
      if (signal?.aborted) {
        this.#hooks.warn(`${url} has no answer within ${this.#patience / 1000} s; asked again.`);
        this.#patience *= 2;
      }
      return this.#wait(blocks, url);
    }
    const { status, type } = response;
    if (answer) await this.#insert(url, answer);
    else if (OUTAGES.includes(status)) this.#wait(blocks, url, response.headers.get("Retry-After"));
    else if (type === "opaqueredirect" || DENIALS.includes(status)) this.#hooks.stale({ blocks, status }, true);
    else {
      this.#hooks.stale({ blocks, status, reason: response.ok ? `no ${BLOCK_HEADER}` : `status ${status}` }, false);
      if (status >= 500 && this.#faultOf(url).retries < MOST_RETRIES) this.#wait(blocks, url).retries++;
    }
  }

  /** Plan a retry: after a growing, random pause, which begins after `seconds` if the server has given them. */
  #wait(blocks, url, seconds = 0) {
    const fault = this.#faultOf(url);
    this.#faults.set(url, fault);
    fault.pause = Math.min(2 * fault.pause, LONGEST_PAUSE);
    const own = (fault.pause / 2) * (0.5 + this.#window.Math.random());
    const at = this.#now() + own + (Math.min(1000 * seconds, LONGEST_REST) || 0);
    if (seconds > 0) fault.until = at;
    this.#retry(blocks, at);
    return fault;
  }

  #retry(blocks, at) {
    for (const name of blocks) {
      this.#failed.add(name);
      this.#due.set(name, Math.min(at, this.#due.get(name) ?? Infinity));
    }
  }

  async #insert(url, answer) {
    this.#faults.delete(url);
    await Promise.all(this.#elements().map((element) => this.#show(url, element, answer)));
  }

  async #show(url, element, answer) {
    const name = datasetOf(element).realtimeBlock;
    const block = answer[name];
    if (!block) return;
    if (block.error) this.#hooks.warn(block.error);
    const update = async () => this.#update(url, element, name, block);
    await (block.html === undefined ? update() : this.#hooks.whenFree(element, update));
  }

  #update(url, element, name, block) {
    const { realtimeBlock } = datasetOf(element);
    if (this.#addressOf(element) !== url || realtimeBlock !== name || !element.isConnected) {
      // The element was given another address or block during the request, or another element has taken
      // its place: ask for that.
      if ((this.#asked.get(element) ?? url) === url) this.#retry([realtimeBlock], 0);
    } else if (block.html !== undefined) {
      try {
        if (!this.#hooks.update(element, name, block.html)) return;
        this.#shown.set(element, { url, hash: block.hash, html: element.innerHTML });
      } catch (error) {
        // Of the app's own code, or of a policy that refuses HTML: the other blocks are shown all the same.
        this.#window.reportError(error);
      }
    }
  }

  /**
   * The hash of the block that all of its elements show. Undefined if they differ, or if something else
   * has changed one of them, because the server then must send the whole block.
   */
  #hashOf(url, name) {
    const hashes = this.#elements()
      .filter((one) => datasetOf(one).realtimeBlock === name && this.#addressOf(one) === url)
      .map((element) => {
        const { url: of, hash, html } = this.#shown.get(element) ?? {};
        return of === url && html === element.innerHTML ? hash : undefined;
      });
    return hashes.every((hash) => hash === hashes[0]) ? hashes[0] : undefined;
  }
}

/** The data attributes of an element; a form may have a field named "dataset". */
function datasetOf(element) {
  return unclobbered(element).dataset;
}

/** Whether an element's `data-realtime-on` (names or patterns, separated by spaces) fits `channel`. */
function dependsOn(element, channel) {
  const names = datasetOf(element).realtimeOn?.trim().split(/\s+/) ?? [];
  return names.some((name) => matcher(name)(channel));
}
