const PING_INTERVAL = 25_000; // ms; many proxies cut a connection that is silent for 60 s
const ANSWER_TIMEOUT = 5_000; // ms to wait for an answer if there is reason to doubt the connection
const LATE = 5_000; // ms; if a timer is later than this, the page or the machine has been asleep

/** Finds out that a connection is dead: within two intervals, or sooner if an answer is awaited. */
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
   * @param {() => void} ping sends a ping, which the server answers
   * @param {() => void} died called when no answer has come
   * @param {() => boolean} isAwaiting whether a message that was sent has no reply yet
   */
  constructor(window, ping, died, isAwaiting) {
    this.#window = window;
    this.#ping = ping;
    this.#died = died;
    this.#isAwaiting = isAwaiting;
  }

  /** Send a ping that must be answered within `timeout` ms; after that, send more at intervals. */
  start(timeout = PING_INTERVAL) {
    this.stop();
    this.#isSilent = true;
    this.#ping();
    const due = this.#window.Date.now() + timeout;
    this.#timer = this.#window.setTimeout(() => {
      // After a sleep the answer may have come, but not have been read: ping once more.
      const isExcused = timeout > ANSWER_TIMEOUT && this.#window.Date.now() - due > LATE;
      if (isExcused) this.check();
      else if (this.#isSilent) this.#died();
      else this.start();
    }, timeout);
    if (timeout === PING_INTERVAL) this.expect();
  }

  /** Send a ping now, with the short timeout, since the connection is in doubt. */
  check() {
    this.start(ANSWER_TIMEOUT);
  }

  /** Check the connection if nothing is heard for five seconds while a reply is awaited. */
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
