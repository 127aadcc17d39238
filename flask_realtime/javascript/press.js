import { unclobbered } from "./unclobbered.js";

const MOST = 1_000; // changes that wait for one press
const LONGEST = 60_000; // ms after which a press is over in any case, as browsers do not tell every end
// The events by which the visitor takes hold of an element and lets it go, and the ms after which the hold
// is over in any case. Browsers tell of a key again while it is pressed, and of a word with each letter,
// from where these ms count anew.
const HOLDS = [
  ["pointerdown", "pointerup", LONGEST],
  ["dragstart", "dragend", LONGEST],
  ["keydown", "keyup", 10_000],
  ["compositionupdate", "compositionend", 10_000],
];
// ms from the beginning of a press in which nothing changes, since a change above would move what is pressed;
// and from the end of a touch to its click, which browsers make somewhat later.
const QUICK = 500;

/**
 * Puts off changes of what the visitor presses or drags: browsers click, and begin a drag, only if the
 * element is still there, so a change within the press would lose the click or the drag. Within a quick
 * click no change is made at all. Composing a word, of Japanese for example, counts as a press: a change
 * would leave its first letters in the text.
 */
export class Press {
  #window;
  // What is held, as `{ target }`, by the pointer's id or the type of the event that began it. By `undefined`:
  // what was pressed when this script was loaded; without a target while a press may be a quick click.
  #held = new Map();
  #waiting = []; // the changes that are not begun yet
  #isMaking = false; // whether a change is being made

  constructor(window) {
    this.#window = window;
    const listen = (type, act) => window.addEventListener(type, act, true);
    for (const [begin, end, longest] of HOLDS) {
      listen(begin, ({ button, key, pointerId = begin, target }) => {
        if (!button && (begin !== "keydown" || key === " ")) this.#hold(pointerId, target, longest);
      });
      // A browser clicks after it has told of the end of the press.
      listen(end, ({ pointerId = begin, pointerType }) => this.#end(pointerId, pointerType === "touch" ? QUICK : 0));
    }
    listen("pointerdown", ({ button }) => button || this.#hold(undefined, null, QUICK));
    listen("click", ({ pointerId }) => this.#end(pointerId));
    // Browsers tell no end of a drag that the app forbids, or whose element is removed as it is dropped.
    for (const type of ["drop", "pointerup"]) listen(type, () => this.#held.has("dragstart") && this.#end("dragstart"));
    listen("pointercancel", ({ pointerId }) => this.#free([pointerId]));
    // The end of a press that opens a list, or on a scroll bar, is not told.
    listen("pointermove", ({ buttons, pointerId }) => buttons || this.#free([pointerId, "dragstart"]));
    // Above a frame, a browser tells the end of a press to that frame.
    listen("pointerover", ({ pointerId, target }) => target.contentWindow && this.#end(pointerId, 1_000));
    // The end of a key that is let go in another window is not told. A drag may go there and come back.
    window.addEventListener("blur", () => this.#held.has("dragstart") || this.#free(this.#held.keys()));
    const pressed = [...unclobbered(window.document).querySelectorAll(":active")].pop();
    if (pressed) this.#hold(undefined, pressed, LONGEST);
  }

  /** Whether the visitor presses anything. */
  get isHeld() {
    return this.#held.size > 0;
  }

  /**
   * Call `act` now, or as soon as the visitor presses none of `elements()` and all changes before are made.
   * @param {function} act an async function; changes wait until it is done
   * @returns {Promise} what `act` returns
   */
  whenFree(elements, act) {
    return new Promise((resolve, reject) => {
      const isHeld = ({ target }) => !target || elements().some((one) => unclobbered(one).contains(target));
      const make = () => act().then(resolve, reject);
      if (this.#waiting.push({ isHeld, make }) > MOST) this.#held.clear();
      this.#make();
    });
  }

  /** Make the changes that wait, one after the other, up to one of what is pressed. */
  async #make() {
    const [next] = this.#waiting;
    if (this.#isMaking || !next || [...this.#held.values()].some(next.isHeld)) return;
    this.#isMaking = true;
    await this.#waiting.shift().make();
    this.#isMaking = false;
    this.#make();
  }

  #hold(name, target, longest) {
    this.#held.set(name, { target });
    this.#end(name, longest);
  }

  /** End in `delay` ms what is held by `name`; a hold that has begun by then outlives this. */
  #end(name, delay) {
    const held = this.#held.get(name);
    this.#window.setTimeout(() => held === this.#held.get(name) && this.#free([name]), delay);
  }

  #free(names) {
    for (const name of [...names, undefined]) this.#held.delete(name);
    this.#make();
  }
}
