const INTERVAL = 25_000; // ms; proxies commonly cut what is silent for 60 s.
const ANSWER = 5_000; // ms, for a link that there is reason to doubt
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

  /** A socket is being opened, which counts as a first ping. */
  start() {
    this.#isSilent = true;
    this.#wait(INTERVAL);
  }

  stop() {
    this.#window.clearTimeout(this.#timer);
  }

  heard() {
    this.#isSilent = false;
  }

  /** Ask now, and wait a short time only. */
  check() {
    this.#isSilent = true;
    this.#ping();
    this.#wait(ANSWER);
  }

  #beat() {
    if (this.#window.Date.now() - this.#due > LATE) return this.check(); // the answer may wait unread
    if (this.#isSilent) return this.#died();
    this.#isSilent = true;
    this.#ping();
    this.#wait(INTERVAL);
  }

  #wait(milliseconds) {
    this.stop();
    this.#due = this.#window.Date.now() + milliseconds;
    this.#timer = this.#window.setTimeout(() => this.#beat(), milliseconds);
  }
}
