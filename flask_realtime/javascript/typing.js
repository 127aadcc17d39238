const BOXES = /^(checkbox|radio)$/;

/** Notes fields that the visitor has changed, and says whether a reload would lose any of the changes. */
export class Typing {
  #fields = new Set();

  constructor(window) {
    window.addEventListener("input", (event) => this.#note(event.composedPath()[0]), true);
  }

  get isUnderWay() {
    return [...this.#fields].some(isChanged);
  }

  #note(field) {
    for (const one of this.#fields) if (!one.isConnected) this.#fields.delete(one);
    this.#fields.add(field);
  }
}

/** Whether `field` has a value that is not the original one, was not sent, and is not empty. */
function isChanged(field) {
  if (!field.isConnected) return false;
  if (BOXES.test(field.type)) return field.checked !== field.defaultChecked;
  const text = field.value ?? field.textContent;
  return text && text !== field.defaultValue && text !== field.realtimeSent;
}
