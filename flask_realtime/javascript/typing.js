import { own } from "./dom.js";

const BOXES = /^(checkbox|radio)$/;
// Those whose value is not the original one even if nobody has changed it are left out: color, datetime-local, range.
const FIELDS = "input:not([type*=lo],[type=range]),textarea,select";

/** Notes fields that the visitor has changed, and says whether a reload would lose any of the changes. */
export class Typing {
  #fields = new Set();

  constructor(window) {
    const note = (event) => this.#note(event.composedPath()[0]);
    window.addEventListener("input", note, true);
    const hear = () => {
      try {
        // A frame, such as that of an editor, keeps its events to itself.
        own(window, "activeElement").contentWindow.addEventListener("input", note, true);
      } catch {
        // It is no frame that has the focus now, or one of another site.
      }
    };
    // Firefox says only afterwards what has the focus.
    window.addEventListener("blur", () => window.setTimeout(hear));
    // The browser enters again, without an event, what was typed into a page that the back button loads anew.
    if (window.performance?.getEntriesByType?.("navigation")[0]?.type === "back_forward") {
      this.#fields = new Set(own(window, "querySelectorAll").call(window.document, FIELDS));
    }
  }

  get isUnderWay() {
    return [...this.#fields].some(isChanged);
  }

  /** Note that `heir` has taken the place of `field`, with what the visitor has entered there. */
  move(field, heir) {
    if (this.#fields.delete(field)) this.#fields.add(heir);
  }

  #note(field) {
    this.#fields = new Set([...this.#fields, field].filter((one) => one.isConnected));
  }
}

/** Whether `field` has a value that is not the original one, was not sent, and is not empty. */
function isChanged(field) {
  if (!field.isConnected || !field.ownerDocument.defaultView) return false; // gone, or in a frame that is
  const isBox = BOXES.test(field.type);
  const now = isBox ? field.checked : (chosenIn(field) ?? field.value ?? field.textContent);
  // A copy of a list has the choices that the list came with.
  const came = field.selectedOptions ? chosenIn(field.cloneNode(true)) : field.defaultValue;
  const before = isBox ? field.defaultChecked : came;
  return (now || isBox) && now !== before && now !== field.realtimeSent;
}

function chosenIn({ selectedOptions }) {
  return selectedOptions && String(Array.from(selectedOptions, ({ value }) => value));
}
