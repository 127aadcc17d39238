import { thisDocument } from "./this_document.js";

/** The visits that have no answer yet. Shows them (`aria-busy`), and keeps forms from being sent twice. */
export class Busy {
  #visits;

  /** @param {Set} visits where to keep the visits: the page is not reloaded before their answers have come */
  constructor(visits) {
    this.#visits = visits;
  }

  /** Whether the form was sent with the same button already, and has no answer yet. */
  has({ source, button }) {
    return this.#of(source).some((visit) => visit.button === button);
  }

  /** Mark the form or link of a visit as busy. Returns a function that ends this. */
  begin(visit) {
    const { source, element, button } = visit;
    this.#visits.add(visit);
    element.setAttribute("aria-busy", "true");
    const isEnabled = button && !button.disabled;
    const hasFocus = isEnabled && button === thisDocument.activeElement;
    if (isEnabled) button.disabled = true;
    return () => {
      this.#visits.delete(visit);
      if (!this.#of(source).length) element.removeAttribute("aria-busy");
      if (isEnabled) button.disabled = false;
      // A button loses the focus when it is disabled.
      if (hasFocus && thisDocument.activeElement === thisDocument.body) button.focus({ preventScroll: true });
    };
  }

  #of(source) {
    return [...this.#visits].filter((visit) => visit.source === source);
  }
}
