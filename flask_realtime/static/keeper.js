const FIELDS = "input, textarea, select, [contenteditable]";

/** Keeps what a visitor does in a part of the page while new HTML takes its place. */
export class Keeper {
  #document;
  #focused;
  #isField;
  #selection;
  #scrolled;

  /** @param {Element} element the part whose content is about to be replaced */
  constructor(element) {
    const { ownerDocument } = element;
    const { activeElement } = ownerDocument;
    this.#document = ownerDocument;
    if (activeElement?.id && element.contains(activeElement)) {
      this.#focused = activeElement;
      this.#isField = activeElement.matches(FIELDS);
      const { selectionStart, selectionEnd, selectionDirection } = activeElement;
      this.#selection = [selectionStart, selectionEnd, selectionDirection];
    }
    this.#scrolled = [element, ...element.querySelectorAll("[id]")]
      .filter(({ scrollTop, scrollLeft }) => scrollTop || scrollLeft)
      .map((one) => ({ element: one, id: one.id, top: one.scrollTop, left: one.scrollLeft }));
  }

  /** Whether `element` is a field that has the focus. */
  isTypedInto(element) {
    return this.#isField && this.#focused === element;
  }

  /** Let the field that is being typed into stand in `content` for the one of its id. */
  keep(content) {
    const successor = this.#isField && find(content, this.#focused.id);
    if (successor) successor.replaceWith(this.#focused);
  }

  /** Give focus, selection and scroll positions to those of the same id. */
  restore() {
    for (const { element, id, top, left } of this.#scrolled) {
      const heir = element.isConnected ? element : id && this.#document.getElementById(id);
      heir?.scrollTo?.({ top, left, behavior: "instant" });
    }
    const heir = this.#focused && this.#document.getElementById(this.#focused.id);
    if (!heir || heir === this.#document.activeElement) return;
    heir.focus({ preventScroll: true });
    // Of a field without a text, such as a checkbox or a date, this is null.
    if (this.#selection[0] != null) heir.setSelectionRange?.(...this.#selection);
  }
}

/** The element of `id` in a document fragment; an id may hold what a selector does not take. */
function find(content, id) {
  return [...content.querySelectorAll("[id]")].find((one) => one.id === id);
}
