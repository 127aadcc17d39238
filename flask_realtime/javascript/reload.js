const JITTER = 500; // ms; when a log is lost, all of its pages reload.
const FREE = 3; // reloads, which come at once
const CALM = 10_000; // ms without a loss, which make up for one reload
const LONGEST_DELAY = 60_000; // ms
const LONGEST_PROBE = 10_000; // ms
const LEAVING = 10_000; // ms in which a page that is about to be left is gone

/** Reloads the page: soon, not again and again, and never if the server answers with an error. */
export class Reload {
  #window;
  #memory;
  #isPosted;
  #typing;
  #timer;
  #reload;
  #ready;
  // A reload would call off a navigation that is under way, to where a form redirects, say.
  #yield = () => {
    this.#window.clearTimeout(this.#timer);
    this.#wait(LEAVING, 0);
  };

  /**
   * @param {Memory} memory outlives a reload
   * @param {boolean} isPosted the page did not come by GET: to reload it would repeat its request
   * @param {Typing} typing
   */
  constructor(window, memory, isPosted, typing) {
    this.#window = window;
    this.#memory = memory;
    this.#isPosted = isPosted;
    this.#typing = typing;
  }

  /**
   * Have the page of `connectionId` reloaded, as soon as its address gives a page.
   * @param {() => Promise} [ready] called after the first delay; resolves when the page may be reloaded
   */
  begin(connectionId, ready) {
    if (this.#timer) return;
    const { Date, Math } = this.#window;
    const { count = 0, at = 0, id } = this.#memory.get("reload") ?? {};
    // The page came out of a cache, and a reload would bring the same page again.
    if (id === connectionId) return;
    const recent = Math.max(0, Math.round(count - (Date.now() - at) / CALM));
    const delay = recent < FREE ? 0 : growing(recent - FREE);
    this.#ready = ready;
    this.#reload = () => {
      this.stop();
      this.#memory.set("reload", { count: recent + 1, at: Date.now(), id: connectionId });
      this.#go();
    };
    this.#window.addEventListener("beforeunload", this.#yield);
    this.#wait(delay + JITTER * Math.random(), 0);
  }

  /** Whether one is put off until what `begin` was handed has resolved. */
  get isPutOff() {
    return Boolean(this.#timer && this.#ready);
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#window.removeEventListener("beforeunload", this.#yield);
    this.#timer = null;
  }

  #wait(delay, tries) {
    const timer = (this.#timer = this.#window.setTimeout(async () => {
      await this.#ready?.();
      if (this.#timer !== timer) return;
      this.#ready = null;
      const isWorse = this.#typing.isUnderWay || !(await this.#isThere());
      if (this.#timer !== timer) return;
      if (isWorse) this.#wait(growing(tries), tries + 1);
      else this.#reload();
    }, delay));
  }

  /** Whether the page's address would give a page, and not an error; where it leads is its affair. */
  async #isThere() {
    const { AbortSignal, location } = this.#window;
    try {
      const { ok, type } = await this.#window.fetch(location.href, {
        method: "HEAD",
        redirect: "manual",
        cache: "no-store",
        signal: AbortSignal.timeout(LONGEST_PROBE),
      });
      return ok || type === "opaqueredirect";
    } catch {
      return false;
    }
  }

  #go() {
    const { location } = this.#window;
    if (this.#isPosted) location.replace(location.pathname + location.search);
    else location.reload();
  }
}

function growing(tries) {
  return Math.min(LONGEST_DELAY, 1_000 * 2 ** tries);
}
