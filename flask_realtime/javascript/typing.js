const BOXES = /^(checkbox|radio)$/;

/** Which fields hold what somebody has entered, and would lose with the page. */
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

/** Whether `field`, which somebody has changed, is not as the page came or was sent, nor empty. */
function isChanged(field) {
  if (!field.isConnected) return false;
  if (BOXES.test(field.type)) return field.checked !== field.defaultChecked;
  const text = field.value ?? field.textContent;
  return text && text !== field.defaultValue && text !== field.realtimeSent;
}
