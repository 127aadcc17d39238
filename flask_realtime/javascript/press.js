const MOST = 1_000; // changes that wait for one press
const PAUSE = 10_000; // ms; a word that is left half-composed for longer holds up no changes

/**
 * Puts off changes of what the visitor presses or drags: browsers click, and begin a drag, only if the
 * element is still there, so a change within the press would lose the click or the drag. Composing a word
 * of Chinese or Japanese, say, counts as a press: a change would leave its first letters in the text.
 */
export class Press {
  #window;
  #element;
  #isDrag;
  #word; // the timer that ends the composing of a word
  #waiting = [];

  constructor(window) {
    this.#window = window;
    this.#listen("pointerdown", (event) => event.button === 0 && this.#begin(event));
    this.#listen("keydown", (event) => event.key === " " && (this.#word || this.#begin(event)));
    this.#listen("dragstart", (event) => this.#begin(event, true));
    // A browser clicks after it has told of the end of the press.
    for (const type of ["pointerup", "keyup", "dragend"]) this.#listen(type, () => window.setTimeout(() => this.#word || this.#end()));
    // This event comes at the begin of a drag, too.
    this.#listen("pointercancel", () => this.#isDrag || this.#end());
    // Browsers do not tell the end of every press, such as one that opens a list, or on a scroll bar.
    this.#listen("pointermove", ({ buttons }) => buttons || this.#word || this.#end());
    // Nor of a key that is let go in another window.
    window.addEventListener("blur", () => this.#isDrag || this.#end());
    this.#listen("compositionupdate", (event) => this.#begin(event, false, true));
    this.#listen("compositionend", () => window.setTimeout(() => this.#end()));
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

  #begin({ target }, isDrag, isWord) {
    this.#window.clearTimeout(this.#word);
    this.#element = target;
    this.#isDrag = isDrag;
    this.#word = isWord && this.#window.setTimeout(() => this.#end(), PAUSE);
  }

  #end() {
    this.#begin({});
    for (const act of this.#waiting.splice(0)) act();
  }
}
