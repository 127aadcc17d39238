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
  if (!field.isConnected) return false;
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
