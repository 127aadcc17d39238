import { isIgnored } from "./ignored.js";
import { unclobbered } from "./unclobbered.js";

const NAMED = "input, textarea, select, details, [id]";
export const BOXES = /^(checkbox|radio)$/;
// In a form that the server has rendered anew these differ, though it is the same form.
const TOKENS = /csrf|token|nonce/i;

/**
 * The names by which parts of the page are found again in new HTML: an id, or else what a field is
 * called in which form, if nothing else there is called the same.
 */
export class Names {
  #names = new Map();
  #elements = new Map();

  /** @param {Element[]} parts of the page, in which names are given */
  constructor(parts) {
    for (const part of parts) for (const element of [part, ...part.querySelectorAll(NAMED)]) this.#add(element);
    for (const [element, name] of this.#names) if (!this.#elements.get(name)) this.#names.delete(element);
  }

  /** The elements that have a name, each with it. */
  all() {
    return [...this.#names];
  }

  of(element) {
    return this.#names.get(element);
  }

  find(name) {
    return this.#elements.get(name);
  }

  #add(element) {
    const name = !isIgnored(element) && nameOf(element);
    if (!name) return;
    this.#names.set(element, name);
    this.#elements.set(name, this.#elements.has(name) ? null : element);
  }
}

/** What a visitor can change of a field. */
export function valueOf({ type, checked, value }) {
  return BOXES.test(type) ? checked : value;
}

function nameOf(element) {
  const { id, localName, form, name, type, value, textContent } = unclobbered(element);
  if (id && typeof id === "string") return `#${id}`;
  if (localName === "details") return `${localName} ${element.querySelector("summary")?.textContent ?? textContent}`;
  if (!element.matches("input, textarea, select")) return null;
  return JSON.stringify([form && nameOfForm(form), localName, type, name, BOXES.test(type) ? value : ""]);
}

function nameOfForm(form) {
  const own = unclobbered(form);
  const id = own.getAttribute("id");
  if (id) return id;
  const hidden = [...own.querySelectorAll("input[type=hidden]")].filter(({ name }) => !TOKENS.test(name));
  return [own.getAttribute("action"), ...hidden.map(({ name, value }) => [name, value])];
}
