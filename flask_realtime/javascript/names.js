import { BOXES } from "./fields.js";
import { isIgnored } from "./ignored.js";
import { unclobbered } from "./unclobbered.js";

const NAMED = "input, textarea, select, details, [id]";
// Fields whose values change whenever the server renders the same form.
const TOKENS = /csrf|token|nonce/i;

/**
 * The names by which elements of the page are found again in new HTML: the id of an element, or else the
 * name of a field together with its form. A name that several elements would have is not used.
 */
export class Names {
  #parts;
  #named;

  /** @param {Element[]} parts the parts of the page whose elements are named */
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

  /** The elements by their names; null if several would have the same name. */
  #name() {
    const named = new Map();
    for (const part of this.#parts) {
      for (const element of [part, ...unclobbered(part).querySelectorAll(NAMED)]) {
        const name = !isIgnored(element) && nameOf(element);
        if (name) named.set(name, named.has(name) ? null : element);
      }
    }
    return named;
  }
}

function nameOf(element) {
  const { id, localName, form, name, type, value, textContent } = unclobbered(element);
  if (id) return `#${id}`;
  if (localName === "details") return `${localName} ${element.querySelector("summary")?.textContent ?? textContent}`;
  if (!unclobbered(element).matches("input, textarea, select")) return null;
  return JSON.stringify([form && nameOfForm(form), localName, type, name, BOXES.test(type) ? value : ""]);
}

function nameOfForm(form) {
  const own = unclobbered(form);
  if (own.id) return own.id;
  const hidden = [...own.querySelectorAll("input[type=hidden]")].filter(({ name }) => !TOKENS.test(name));
  return [own.getAttribute("action"), ...hidden.map(({ name, value }) => [name, value])];
}
