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
  #parts;
  #named;

  /** @param {Element[]} parts of the page, in which names are given once they are asked for */
  constructor(parts) {
    this.#parts = parts;
  }

  of(element) {
    const name = nameOf(element);
    return this.find(name) === element ? name : undefined;
  }

  find(name) {
    this.#named ??= this.#name();
    return this.#named.get(name);
  }

  /** The elements by their names; null where several would have the same. */
  #name() {
    const named = new Map();
    for (const part of this.#parts) {
      for (const element of [part, ...part.querySelectorAll(NAMED)]) {
        const name = !isIgnored(element) && nameOf(element);
        if (name) named.set(name, named.has(name) ? null : element);
      }
    }
    return named;
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
