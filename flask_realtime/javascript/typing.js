import { all, own } from "./dom.js";
import { BOXES, cameWith, valueOf } from "./fields.js";

const FIELDS = ["input", "textarea", "select"];

/** Notes fields that the visitor has changed, and says whether a reload would lose any of the changes. */
export class Typing {
  #fields = new Set();

  /** @param {Memory} memory keeps the names of the fields that the visitor has changed in this tab */
  constructor(window, memory) {
    const note = (event) => {
      const [field] = event.composedPath();
      this.#fields = new Set([...this.#fields, field].filter((one) => one.isConnected));
      // No attribute says what an editable part came with. A script's change has no event before it.
      if (event.type !== "input") field.realtimeCame ??= field.innerHTML;
      memory.set(noteOf(field), true);
    };
    const watch = (target) => ["beforeinput", "input"].forEach((type) => target.addEventListener(type, note, true));
    watch(window);
    window.addEventListener("blur", () => {
      // Firefox says only afterwards what has the focus.
      window.setTimeout(() => {
        try {
          // A frame, such as that of an editor, keeps its events to itself.
          watch(own(window, "activeElement").contentWindow);
        } catch {
          // It is no frame that has the focus now, or one of another site.
        }
      });
    });
    // Where the back button loads a page anew, the browser enters again, without an event, what its fields held.
    // That may be what a script had filled in, and Firefox and WebKit enter it before any script can look.
    // A script of the page may have a variable named performance.
    if (window.performance?.getEntriesByType?.("navigation")[0]?.type === "back_forward") {
      this.#fields = new Set(all(window, FIELDS).filter((field) => memory.get(noteOf(field))));
    }
  }

  get isUnderWay() {
    return [...this.#fields].some(isChanged);
  }

  /** Note that `heir` has taken the place of `field`, with what the visitor has entered there. */
  move(field, heir) {
    if (this.#fields.delete(field)) this.#fields.add(heir);
  }
}

/** The name of the note that the visitor has changed `field`, or another of its name, in this tab. */
function noteOf({ name, id }) {
  return `typed ${name || id}`;
}

/** Whether `field` has a value that is not the original one, was not sent, and is not empty. */
function isChanged(field) {
  if (!field.isConnected || !field.ownerDocument?.defaultView) return false; // gone, or in a frame that is
  const isField = FIELDS.includes(field.localName);
  const isText = field.isContentEditable && !isField;
  const now = isText ? field.textContent && field.innerHTML : valueOf(field);
  const came = isField ? cameWith(field) : (field.defaultValue ?? field.realtimeCame);
  return (now || BOXES.test(field.type)) && now !== came && now !== field.realtimeSent;
}
