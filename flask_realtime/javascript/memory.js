const KEY = "realtime";

/** What a tab remembers of its pages when they have been reloaded. */
export class Memory {
  #window;
  #notes = {};

  /** @param {object} forgetful what counts where the browser keeps nothing */
  constructor(window, forgetful) {
    this.#window = window;
    try {
      this.#notes = JSON.parse(window.sessionStorage.getItem(KEY) ?? "{}");
    } catch {
      this.#notes = forgetful;
    }
  }

  get(name) {
    return this.#notes[name];
  }

  set(name, value) {
    this.#notes[name] = value;
    try {
      this.#window.sessionStorage.setItem(KEY, JSON.stringify(this.#notes));
    } catch {
      // In a frame without storage the page itself remembers, as long as it lives.
    }
  }
}
