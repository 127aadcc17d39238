import { BOXES, cameWith, valueOf } from "./fields.js";
import { Names } from "./names.js";
import { unclobbered } from "./unclobbered.js";

const FIELDS = "input, textarea, select";
// Fields with a cursor. What the visitor has chosen in others can be copied.
const TYPED = "input:not([type=checkbox i], [type=radio i]), textarea, [contenteditable]";

/** Keeps what a visitor has entered in a part of the page while new HTML replaces that part. */
export class Entries {
  #typed;
  #states = [];
  #elements = [];

  /**
   * @param {Element} part the part of the page that is about to be replaced
   * @param {Names} names the names of the elements in it
   */
  constructor(part, names) {
    const own = unclobbered(part);
    const { activeElement } = unclobbered(own.ownerDocument);
    if (own.contains(activeElement) && isTypedInto(activeElement)) this.#typed = activeElement;
    for (const element of [part, ...own.querySelectorAll(`${FIELDS}, details, [contenteditable]`)]) {
      const state = stateOf(element);
      const name = (state || element === this.#typed || element.type === "file") && names.of(element);
      if (!name) continue;
      if (state) this.#states.push({ name, element, state });
      // Scripts cannot copy these: a chosen file, and the cursor and undo history of the focused field.
      if (element === this.#typed || (element.type === "file" && element.files?.length)) {
        if (!isSent(element)) this.#elements.push({ name, element });
      }
    }
  }

  /** Whether `element` is the field that the visitor is typing into. */
  isTypedInto(element) {
    return this.#typed === element;
  }

  /** Put fields that cannot be copied into `content`, in place of the new fields of the same names. */
  keep(content) {
    if (!this.#elements.length) return;
    const names = new Names([...content.children]);
    for (const { name, element } of this.#elements) {
      const heir = names.find(name);
      if (heir?.localName === element.localName) heir.replaceWith(element);
    }
  }

  /**
   * Enter into the new fields what the visitor had entered into the former ones.
   * @param {Names} names the names of the elements in the new HTML
   * @param {Typing} typing knows the fields that the visitor has changed
   */
  restore(names, typing) {
    for (const { name, element, state } of this.#states) {
      const heir = element.isConnected ? element : names.find(name);
      if (heir?.localName !== element.localName) continue;
      state(heir);
      typing.move(element, heir);
    }
  }
}

function isTypedInto(element) {
  return unclobbered(element).matches(TYPED);
}

/** Whether a form with `data-realtime` has sent, or is sending, the present value of a field. */
function isSent(field) {
  const { form, realtimeSent } = field;
  return Boolean(form) && (valueOf(field) === realtimeSent || unclobbered(form).getAttribute("aria-busy") === "true");
}

/**
 * A function that does to another element what the visitor has done to this one; null if the visitor has
 * not changed it. The function does nothing if the server sent another value for the new element.
 */
function stateOf(element) {
  const own = unclobbered(element);
  const { localName, type } = own;
  if (localName === "details") return (heir) => (heir.open = element.open);
  if (!own.matches(FIELDS) || /^(hidden|file)$/.test(type) || isSent(element)) return null;
  const [now, came] = [valueOf(element), cameWith(element)];
  if (now === came) return null;
  const isOn = Array.from(element.selectedOptions ?? [], ({ value }) => value);
  return (heir) => {
    if (cameWith(heir) !== came) return;
    if (BOXES.test(type)) heir.checked = now;
    else if (heir.options) for (const one of heir.options) one.selected = isOn.includes(one.value);
    else heir.value = now;
  };
}
