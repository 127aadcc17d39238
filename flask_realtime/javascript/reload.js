const JITTER = 500; // ms; when a log is lost, all pages that hear the channel reload
const FREE = 3; // reloads that are not delayed
const CALM = 10_000; // ms after which one reload is forgotten
const LONGEST_DELAY = 60_000; // ms
const LONGEST_PROBE = 10_000; // ms to wait for the response to the first HEAD request; later ones get more
const LEAVING = 10_000; // ms that a navigation may take before the page counts as not left
// The events of a navigation, and of what Turbo and Unpoly do in place of one.
const DEPARTURES = ["beforeunload", "turbo:visit", "turbo:submit-start", "up:link:follow", "up:form:submit"];

/** Reloads the page: soon, but more slowly if often, and not while the server answers with an error. */
export class Reload {
  #window;
  #memory;
  #isPosted;
  #isBusy;
  #timer;
  #reload;
  #going; // what begin() was given, until stop(): also while the page is being left
  #isFetch; // whether a library fetches in place of a navigation, and tells of the end
  #leaving = 0; // the time until which a navigation that has begun may take
  /** Note that a navigation has begun, such as the one that follows a form: a reload would cancel it. */
  leave = ({ type } = {}) => {
    this.#isFetch = /:/.test(type);
    this.#leaving = this.#window.Date.now() + LEAVING;
  };
  /** Note that no navigation is under way any more: another page is shown, or this one has come back. */
  arrive = () => (this.#leaving = 0);

  /**
   * @param {Memory} memory keeps the number of reloads
   * @param {boolean} isPosted whether the page came by another method than GET: a reload would repeat that
   * @param {() => boolean} isBusy whether the visitor is doing something that a reload would lose
   */
  constructor(window, memory, isPosted, isBusy) {
    this.#window = window;
    this.#memory = memory;
    this.#isPosted = isPosted;
    this.#isBusy = () => isBusy() || this.#isLeaving;
    for (const type of DEPARTURES) window.addEventListener(type, this.leave);
    for (const type of ["turbo:submit-end", "up:fragment:inserted"]) {
      window.addEventListener(type, () => {
        // A visit to where the form redirects may follow.
        if (this.#isFetch) this.#leaving = Math.min(this.#leaving, window.Date.now() + 1_000);
      });
    }
    // Safari on iOS has no "beforeunload". Older browsers have no `navigation`, and a script of the page may
    // have a variable of this name.
    window.navigation?.addEventListener?.("navigate", ({ destination }) => destination.sameDocument || this.leave());
    // The page may come back by the back button.
    window.addEventListener("pagehide", this.arrive);
  }

  /**
   * Reload the page with the id `connectionId`, as soon as its address has an answer for the visitor.
   * @param {() => Promise} ready called after each delay; resolves when the page may be reloaded
   * @param {() => void} [going] called right before the page is reloaded
   */
  begin(connectionId, ready, going) {
    if (this.#timer) return;
    const { count = 0, at = 0, id } = this.#memory.get("reload") ?? {};
    // The last reload brought a page with the same id, out of a cache, and another would do the same.
    if (id === connectionId) return;
    const recent = Math.max(0, Math.round(count - (this.#window.Date.now() - at) / CALM));
    const delay = recent < FREE ? 0 : this.#growing(recent - FREE);
    this.#going = going;
    this.#reload = () => {
      this.#timer = null;
      this.#memory.set("reload", { id: connectionId, count: recent + 1, at: this.#window.Date.now() });
      going?.();
      this.#go();
    };
    this.#wait(ready, delay + JITTER * this.#window.Math.random(), 0);
  }

  /** Whether a reload for which `going` was given is to come, or is under way. */
  get isPutOff() {
    return this.#going && (this.#timer || this.#isLeaving);
  }

  get #isLeaving() {
    return this.#window.Date.now() < this.#leaving;
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#timer = this.#going = null;
  }

  #wait(ready, delay, tries) {
    const timer = (this.#timer = this.#window.setTimeout(async () => {
      await ready();
      const isWorse = this.#isBusy() || !(await this.#isThere(tries)) || this.#isBusy();
      if (this.#timer !== timer) return;
      if (isWorse) this.#wait(ready, this.#growing(tries), tries + 1);
      else this.#reload();
    }, delay));
  }

  /** A random delay that grows with `tries`: pages that have begun together do not stay in step. */
  #growing(tries) {
    return Math.min(LONGEST_DELAY, 1_000 * 2 ** tries) * (0.5 + this.#window.Math.random());
  }

  /** Whether the page's address has an answer for the visitor: a page, a redirect or a refusal. */
  async #isThere(tries) {
    try {
      // After 401 and 403, what the page shows is not for its visitor any more.
      const { ok, status } = await this.#window.fetch(this.#window.location.href, {
        method: "HEAD",
        headers: { Accept: "text/html,*/*;q=0.9" }, // a view may have JSON for whoever asks for anything
        redirect: "manual",
        cache: "no-store",
        signal: this.#window.AbortSignal.timeout?.(LONGEST_PROBE * 2 ** Math.min(tries, 5)),
      });
      return ok || [0, 401, 403].includes(status); // 0: a redirect
    } catch {
      // There is no network: the server does not answer.
    }
  }

  #go() {
    const { location } = this.#window;
    this.leave();
    if (this.#isPosted) location.replace(location.pathname + location.search);
    else location.reload();
  }
}
