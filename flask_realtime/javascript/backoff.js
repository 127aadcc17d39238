const SHORTEST = 1_000; // ms
export const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;
export const SESSION_CHANGED = 4001;
const REST = 30_000; // ms, at the least, before a server is asked again that found this page too busy
const GOOD_LIFE = 10_000; // ms; if a socket lived shorter than this, the outage before it is not over

/**
 * Says how long to wait before the next attempt to connect: a random part (full jitter) of a limit that
 * grows with the time for which the server has been away. A page is connected again within five seconds
 * after the end of an outage of up to a minute, and within fifteen seconds after the end of a longer one.
 */
export class Backoff {
  #window;
  #since;

  constructor(window) {
    this.#window = window;
    this.#since = window.Date.now();
  }

  /** The milliseconds to wait after a socket was closed with `code` that had been open for `lived` ms. */
  next(code, lived = 0) {
    const now = this.#window.Date.now();
    if (lived >= GOOD_LIFE) this.#since = now;
    const jitter = this.#window.Math.random();
    if (code === POLICY_VIOLATION) return REST * (1 + jitter);
    const limit = longest(now - this.#since);
    // Not at once: the browser may not have the cookie of its new session yet. And less and less often: the reload
    // may wait for what the visitor has typed.
    if (code === SESSION_CHANGED) return SHORTEST + limit * jitter;
    return (code === SERVICE_RESTART ? SHORTEST : limit) * jitter;
  }
}

/** The longest delay if the server has been away for `away` ms. The time of the attempt comes on top. */
function longest(away) {
  return Math.max(SHORTEST, Math.min(away / 2, Math.max(4_000, away / 15), 12_000));
}
