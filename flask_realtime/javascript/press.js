const MOST = 1_000; // changes that wait for one press

/**
 * Puts off changes of what the visitor presses or drags: browsers click, and begin a drag, only if the
 * element is still there, so a change within the press would lose the click or the drag.
 */
export class Press {
  #window;
  #element;
  #isDrag = false;
  #waiting = [];

  constructor(window) {
    this.#window = window;
    this.#listen("pointerdown", (event) => event.button === 0 && this.#begin(event));
    this.#listen("keydown", (event) => event.key === " " && this.#begin(event));
    this.#listen("dragstart", (event) => this.#begin(event, true));
    // A browser clicks after it has told of the end of the press.
    for (const type of ["pointerup", "keyup", "dragend"]) this.#listen(type, () => window.setTimeout(() => this.#end()));
    // This event comes at the begin of a drag, too.
    this.#listen("pointercancel", () => this.#isDrag || this.#end());
    // Browsers do not tell the end of every press, such as one that opens a list, or on a scroll bar.
    this.#listen("pointermove", ({ buttons }) => buttons || this.#end());
  }

  /** Call `act` now, or as soon as the visitor presses none of `elements()`; in the order of the calls. */
  whenFree(elements, act) {
    if (!this.#element || !(this.#waiting.length || elements().some((one) => one.contains(this.#element)))) act();
    else if (this.#waiting.push(act) > MOST) this.#end();
  }

  /** A promise that resolves as soon as the visitor does not press `element`. */
  free(element) {
    return new Promise((resolve) => this.whenFree(() => [element], resolve));
  }

  #listen(type, act) {
    this.#window.addEventListener(type, act, true);
  }

  #begin({ target }, isDrag = false) {
    this.#element = target;
    this.#isDrag = isDrag;
  }

  #end() {
    this.#element = null;
    this.#isDrag = false;
    for (const act of this.#waiting.splice(0)) act();
  }
}
