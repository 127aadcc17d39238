const PING_INTERVAL = 25_000; // ms; proxies commonly cut what is silent for 60 s.
const ANSWER_TIMEOUT = 5_000; // ms, for a link that there is reason to doubt
const LATE = 5_000; // ms; a timer that late has slept with its page or machine.

/** Notices, by `ping`s, a link that is dead within two intervals. */
export class Heartbeat {
  #window;
  #ping;
  #died;
  #timer;
  #due = 0;
  #isSilent = true;

  /**
   * @param {() => void} ping asks the server for a sign of life
   * @param {() => void} died told once after each `start` that none came
   */
  constructor(window, ping, died) {
    this.#window = window;
    this.#ping = ping;
    this.#died = died;
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
  }

  heard() {
    this.#isSilent = false;
  }

  /** Ask for a sign of life, to be had within `timeout` ms; then ask again and again. */
  start(timeout = PING_INTERVAL) {
    this.#isSilent = true;
    this.#ping();
    this.#wait(timeout);
  }

  /** The link is in doubt: ask now, and do not wait long. */
  check() {
    this.start(ANSWER_TIMEOUT);
  }

  #beat() {
    const isLate = this.#window.Date.now() - this.#due > LATE;
    if (isLate) this.check(); // what came meanwhile may not have been read yet
    else if (this.#isSilent) this.#died();
    else this.start();
  }

  #wait(milliseconds) {
    this.stop();
    this.#due = this.#window.Date.now() + milliseconds;
    this.#timer = this.#window.setTimeout(() => this.#beat(), milliseconds);
  }
}
