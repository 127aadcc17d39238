import { Names } from "./names.js";
import { unclobbered } from "./unclobbered.js";

/** Keeps focus and scroll positions in a part of the page while new HTML replaces that part. */
export class Keeper {
  #document;
  #focused;
  #name;
  #selection;
  #scrolled;

  /**
   * @param {Element} element the part of the page that is about to be replaced
   * @param {Names} [names] the names of the elements in it
   */
  constructor(element, names = new Names([element])) {
    const own = unclobbered(element);
    this.#document = unclobbered(own.ownerDocument);
    const focused = this.#document.activeElement;
    if (own.contains(focused)) {
      this.#focused = focused;
      this.#name = names.of(focused);
      this.#selection = [focused.selectionStart, focused.selectionEnd, focused.selectionDirection];
    }
    this.#scrolled = [element, ...own.querySelectorAll("[id]")]
      .map(unclobbered)
      .map((one) => ({ one, top: one.scrollTop, left: one.scrollLeft }))
      .filter(({ top, left }) => top || left);
  }

  /**
   * Give focus, selection and scroll positions to the new elements of the same names.
   * @param {Element[]} parts the new HTML
   * @param {Names} [names] the names of the elements in it
   */
  restore(parts, names = new Names(parts)) {
    const heirOf = (one, name) => (one?.isConnected ? one : name && names.find(name));
    for (const { one, top, left } of this.#scrolled) {
      heirOf(one, `#${one.id}`)?.scrollTo?.({ top, left, behavior: "instant" });
    }
    const heir = heirOf(this.#focused, this.#name);
    if (!heir || heir === this.#document.activeElement) return;
    heir.focus({ preventScroll: true });
    // selectionStart is null for fields that hold no text, such as a checkbox or a date.
    if (this.#selection[0] != null) heir.setSelectionRange?.(...this.#selection);
  }
}
