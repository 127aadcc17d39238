const SHORTEST = 1_000; // ms
export const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;
export const SESSION_CHANGED = 4001;
const REST = 30_000; // ms for which a server is left alone that found us too busy
const GOOD_LIFE = 10_000; // ms; a socket that lived less may have been part of the trouble.

/**
 * Tells how long to wait before the next attempt: a random part of a share of the time that the server
 * has been away (full jitter). The page is back within five seconds after an outage of up to a minute,
 * and within fifteen seconds after a longer one.
 */
export class Backoff {
  #window;
  #since;

  constructor(window) {
    this.#window = window;
    this.#since = window.Date.now();
  }

  /** Milliseconds to wait, after a socket that lived `lived` ms was closed with `code`. */
  next(code, lived = 0) {
    const { Date, Math } = this.#window;
    const now = Date.now();
    if (lived >= GOOD_LIFE) this.#since = now;
    const jitter = Math.random();
    if (code === POLICY_VIOLATION) return REST * (1 + jitter);
    // Not at once: the browser may be about to get the cookie of its new session.
    if (code === SESSION_CHANGED) return SHORTEST * (1 + jitter);
    return (code === SERVICE_RESTART ? SHORTEST : longest(now - this.#since)) * jitter;
  }
}

/** The longest delay after `away` ms; what an attempt itself takes comes on top of it. */
function longest(away) {
  return Math.max(SHORTEST, Math.min(away / 2, Math.max(4 * SHORTEST, away / 15), 12 * SHORTEST));
}
