import { unclobbered } from "./unclobbered.js";

const REFUSED =
  "Forms and links with data-realtime go by HTTP, and fragments and blocks are not shown: the page's " +
  "Content-Security-Policy requires Trusted Types and lets no policy be named flask-realtime. Add it " +
  "to the directive trusted-types.";

/** HTML of the app's that becomes part of the page. */
export class Markup {
  #window;
  #document;
  #policy;
  #isAllowed;

  constructor(window) {
    this.#window = window;
    this.#document = unclobbered(window.document);
  }

  /** Whether the page's policy lets us insert any; asked when there is need, since it may report it. */
  get isAllowed() {
    return (this.#isAllowed ??= this.#try());
  }

  /** `html` as the sinks of the page take it. */
  trusted(html) {
    return this.#policy?.createHTML(html) ?? html;
  }

  /** The address of a script, likewise. */
  trustedURL(url) {
    return this.#policy?.createScriptURL(url) ?? url;
  }

  /** Have `html` be what `element` holds; the focus stays where it finds the id again. */
  update(element, html) {
    const { id, selectionStart, selectionEnd } = this.#document.activeElement ?? {};
    const hasFocus = id && element.contains(this.#document.activeElement);
    element.innerHTML = this.trusted(html);
    const again = hasFocus && this.#document.getElementById(id);
    if (!again) return;
    again.focus({ preventScroll: true });
    if (typeof selectionStart === "number") again.setSelectionRange?.(selectionStart, selectionEnd);
  }

  #try() {
    try {
      const rules = { createHTML: (html) => html, createScriptURL: (url) => url };
      this.#policy = this.#window.trustedTypes?.createPolicy("flask-realtime", rules);
    } catch {
      // The app may have a default policy instead.
    }
    try {
      this.#document.createElement("p").innerHTML = this.trusted("<b></b>");
      return true;
    } catch {
      this.#window.console.warn(REFUSED);
      return false;
    }
  }
}
