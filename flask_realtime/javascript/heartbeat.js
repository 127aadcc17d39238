const PING_INTERVAL = 25_000; // ms; proxies commonly cut what is silent for 60 s.
const ANSWER_TIMEOUT = 5_000; // ms, where there is reason to doubt the link
const LATE = 5_000; // ms; a timer that late has slept, with its page or its machine.

/** Finds out by `ping`s that the link is dead: within two intervals, or sooner if an answer is awaited. */
export class Heartbeat {
  #window;
  #ping;
  #died;
  #isAwaiting;
  #timer;
  #isSilent;
  #lookout;
  #isQuiet;

  /**
   * @param {() => void} ping asks the server for a sign of life
   * @param {() => void} died told that none came
   * @param {() => boolean} isAwaiting whether what was sent has no answer yet
   */
  constructor(window, ping, died, isAwaiting) {
    this.#window = window;
    this.#ping = ping;
    this.#died = died;
    this.#isAwaiting = isAwaiting;
  }

  /** Send a ping whose answer has to come within `timeout` ms; then send more at intervals. */
  start(timeout = PING_INTERVAL) {
    this.stop();
    this.#isSilent = true;
    this.#ping();
    const { Date } = this.#window;
    const due = Date.now() + timeout;
    this.#timer = this.#window.setTimeout(() => {
      // After a sleep the answer may wait unread: ask once more before giving up.
      const isExcused = timeout > ANSWER_TIMEOUT && Date.now() - due > LATE;
      if (isExcused) this.check();
      else if (this.#isSilent) this.#died();
      else this.start();
    }, timeout);
    if (timeout === PING_INTERVAL) this.expect();
  }

  /** The link is in doubt: ask now, and do not wait long. */
  check() {
    this.start(ANSWER_TIMEOUT);
  }

  /** Doubt the link if nothing is heard for five seconds while an answer is awaited. */
  expect() {
    if (this.#lookout || !this.#isAwaiting()) return;
    this.#isQuiet = true;
    this.#lookout = this.#window.setTimeout(() => {
      this.#lookout = null;
      if (this.#isQuiet && this.#isAwaiting()) this.check();
      else this.expect();
    }, ANSWER_TIMEOUT);
  }

  heard() {
    this.#isSilent = this.#isQuiet = false;
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
    this.#window.clearTimeout(this.#lookout);
    this.#lookout = null;
  }
}
