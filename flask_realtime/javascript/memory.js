const KEY = "flask-realtime";

/** Values that a tab keeps when its pages are reloaded, in the browser's `sessionStorage`. */
export class Memory {
  #window;
  #notes = {};

  /** @param {object} forgetful the values to begin with if there is no storage */
  constructor(window, forgetful) {
    this.#window = window;
    try {
      this.#notes = { ...JSON.parse(window.sessionStorage.getItem(KEY)) };
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
      // A frame may have no storage: the values live as long as the page.
    }
  }
}
