import { Keeper } from "./keeper.js";
import { unclobbered } from "./unclobbered.js";

const REFUSED =
  "Forms and links with data-realtime go by HTTP, and fragments and blocks are not shown: the page's " +
  "Content-Security-Policy requires Trusted Types and lets no policy be named flask-realtime. Add it " +
  "to the directive trusted-types.";

/** HTML of the app's that becomes part of the page. */
export class Markup {
  #window;
  #document;
  #client;
  #isAllowed;

  /** @param {Client} client keeps the one policy that all scripts of ours may make */
  constructor(window, client) {
    this.#window = window;
    this.#document = unclobbered(window.document);
    this.#client = client;
  }

  /** Whether the page's policy lets us insert any; asked when there is need, since it may report it. */
  get isAllowed() {
    return (this.#isAllowed ??= this.#try());
  }

  /** `html` as the sinks of the page take it. */
  trusted(html) {
    return this.#client.policy?.createHTML(html) ?? html;
  }

  /** The address of a script, likewise. */
  trustedURL(url) {
    return this.#client.policy?.createScriptURL(url) ?? url;
  }

  /** Have `html` be what `element` holds; focus and scroll positions stay where what had them is found again. */
  update(element, html) {
    const keeper = new Keeper(element);
    element.innerHTML = this.trusted(html);
    keeper.restore([...element.children]);
    this.process(element);
  }

  /** Have htmx, which watches no page, take up what came. */
  process(element) {
    this.#window.htmx?.process(element);
  }

  #try() {
    try {
      const rules = { createHTML: (html) => html, createScriptURL: (url) => url };
      this.#client.policy ??= this.#window.trustedTypes?.createPolicy("flask-realtime", rules);
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
