import { unclobbered } from "./unclobbered.js";

const REFUSED =
  "Forms and links go by HTTP, and no HTML is shown: add flask-realtime to trusted-types in the policy.";

/** Inserts HTML of the app into the page, with a Trusted Types policy if the page requires one. */
export class Markup {
  #window;
  #client;
  #isAllowed;

  /** @param {Client} client keeps the policy, which this library's scripts share */
  constructor(window, client) {
    this.#window = window;
    this.#client = client;
  }

  /** Whether the page's policy allows it. Tried when first needed, because a failure may be reported. */
  get isAllowed() {
    return (this.#isAllowed ??= this.#try());
  }

  /** The Trusted Types policy; undefined if the page has none. */
  get policy() {
    return this.#client.policy;
  }

  /** `html` in the form that `innerHTML` takes on this page. */
  trusted(html) {
    return this.policy?.createHTML(html) ?? html;
  }

  /** Let htmx process new elements, which it does not notice by itself. */
  process(elements) {
    for (const one of elements) this.#window.htmx?.process?.(one);
  }

  #try() {
    try {
      const rules = { createHTML: (html) => html, createScriptURL: (url) => url };
      this.#client.policy ??= this.#window.trustedTypes?.createPolicy("flask-realtime", rules);
    } catch {
      // The app may have a default policy, which does instead.
    }
    try {
      unclobbered(this.#window.document).createElement("p").innerHTML = this.trusted("<b></b>");
      return true;
    } catch {
      this.#window.console.warn(REFUSED);
      return false;
    }
  }
}
