const PING_INTERVAL = 25_000; // ms; proxies commonly cut what is silent for 60 s.
const ANSWER_TIMEOUT = 5_000; // ms, where there is reason to doubt the link
const LATE = 5_000; // ms; a timer that late has slept, with its page or its machine.

/** Notices, by `ping`s, a link that is dead within two intervals. */
export class Heartbeat {
  #window;
  #ping;
  #died;
  #timer;
  #isSilent;

  /**
   * @param {() => void} ping asks the server for a sign of life
   * @param {() => void} died told that none came
   */
  constructor(window, ping, died) {
    this.#window = window;
    this.#ping = ping;
    this.#died = died;
  }

  /** Ask for a sign of life, to be had within `timeout` ms; then ask again and again. */
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
  }

  /** The link is in doubt: ask now, and do not wait long. */
  check() {
    this.start(ANSWER_TIMEOUT);
  }

  heard() {
    this.#isSilent = false;
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
  }
}
