const KEY = "realtime:";

/** Values that a tab keeps when its pages are reloaded, in the browser's `sessionStorage`. */
export class Memory {
  #window;
  #notes;

  /**
   * @param {object} forgetful the values to begin with if there is no storage: those after many reloads, since none
   *   is counted
   */
  constructor(window, forgetful) {
    this.#window = window;
    this.#notes = forgetful;
  }

  get(name) {
    try {
      // Not kept here: another page of the tab may change it while the browser keeps this one for the back button.
      return JSON.parse(this.#window.sessionStorage.getItem(KEY + name));
    } catch {
      return this.#notes[name];
    }
  }

  set(name, value) {
    this.#notes[name] = value;
    try {
      this.#window.sessionStorage.setItem(KEY + name, JSON.stringify(value));
    } catch {
      // A frame may have no storage: the values live as long as the page.
    }
  }
}
