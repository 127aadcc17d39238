const FIRST_DELAY = 1_000; // ms
const LONGEST_DELAY = 30_000; // ms
const GOOD_LIFE = 10_000; // ms; a socket that lived less may have been part of the trouble.
const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;

/** How long to wait before the next attempt: exponential, with full jitter. */
export class Backoff {
  #window;
  #failures = 0;

  constructor(window) {
    this.#window = window;
  }

  /** Milliseconds to wait, after a socket that lived `lived` ms was closed with `code`. */
  next(code, lived = 0) {
    if (lived >= GOOD_LIFE) this.#failures = 0;
    const limit = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures++);
    const jitter = this.#window.Math.random();
    if (code === POLICY_VIOLATION) return LONGEST_DELAY * (1 + jitter);
    return (code === SERVICE_RESTART ? FIRST_DELAY : limit) * jitter;
  }
}
