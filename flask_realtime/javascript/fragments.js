import { Entries } from "./entries.js";
import { find } from "./ignored.js";
import { Keeper } from "./keeper.js";
import { Names } from "./names.js";
import { restrict } from "./restriction.js";
import { unclobbered } from "./unclobbered.js";

const IDIOMORPH_OPTIONS = { ignoreActiveValue: true, restoreFocus: true };
const INSERTS = /^(append|prepend|before|after)$/; // the actions that are methods of elements, too

/** Applies the changes of the page's HTML that the server sends. */
export class Fragments {
  #markup;
  #client;

  /**
   * @param {Markup} markup turns text into HTML that the page may insert
   * @param {Client} client reloads the page, and knows what the visitor has entered
   */
  constructor(markup, client) {
    this.#markup = markup;
    this.#client = client;
  }

  /**
   * Apply one fragment after the other. If one fails, the others are applied all the same.
   * @param {Element} [part] the part of the page that may change
   * @returns {object[]} the fragments whose target no element of the page fits
   */
  apply(fragments, part) {
    return fragments.filter((one) => {
      try {
        return !this.#change(one, part);
      } catch (error) {
        reportError(error);
      }
    });
  }

  /** The elements of the page that `fragments` would remove, replace or give another content. */
  replaced(fragments) {
    return fragments.flatMap((one) => {
      if (!INSERTS.test(one.action)) return this.#find(one);
      return [...this.#parse(one.html).children].flatMap((child) => this.#present(child));
    });
  }

  /** Those of `fragments` that change something in a part of the page. */
  within(part, fragments) {
    return fragments.filter((one) => this.#find(one, part).length);
  }

  /** Put `html` into `element`, as the fragment `update` with `morph` does. */
  update(element, html) {
    this.#put("update", element, html, true);
  }

  #change(fragment, part) {
    const { action, html, morph } = fragment;
    if (action === "reload") this.#client.expire();
    const elements = this.#find(fragment, part);
    for (const element of elements) {
      this.#client.renew(element);
      if (action === "remove") unclobbered(element).remove();
      else if (INSERTS.test(action)) this.#insert(action, element, html);
      else if (action === "replace" || action === "update") this.#put(action, element, html, morph);
    }
    return elements.length || action === "reload";
  }

  /** The elements, in `part` if it is given, that a fragment changes, except where the page is ignored. */
  #find({ action, target }, part) {
    try {
      return find(document, target, part).filter((one) => one !== part || !/before|after/.test(action));
    } catch {
      console.error(`realtime: a fragment's target is not a CSS selector: ${target}`);
      return [];
    }
  }

  #insert(action, element, html) {
    const content = this.#parse(html);
    // The page was subscribed before its view read the data: it may show the new elements already.
    for (const child of [...content.children]) {
      const [present] = this.#present(child);
      if (present) this.#put("replace", present, child);
    }
    const added = [...content.children];
    unclobbered(element)[action](content);
    this.#markup.process(added);
  }

  /** The elements of the page that have the id of `element`. */
  #present(element) {
    const { id } = unclobbered(element);
    return id ? this.#find({ target: `[id="${CSS.escape(id)}"]` }) : [];
  }

  #put(action, element, html, morph) {
    const isWhole = action === "replace";
    const names = new Names([element]);
    const keeper = new Keeper(element, names);
    const entries = new Entries(element, names);
    if (morph && window.Idiomorph?.morph) { // an element may have the id "Idiomorph"
      const morphStyle = isWhole ? "outerHTML" : "innerHTML";
      const nodes = [...this.#parse(html).childNodes];
      const added = window.Idiomorph.morph(element, nodes, { ...IDIOMORPH_OPTIONS, morphStyle });
      const parts = isWhole ? [...(added ?? [])].filter(({ nodeType }) => nodeType === 1) : [element];
      return this.#restore(parts, entries, keeper);
    }
    const content = this.#parse(html);
    if (isWhole && entries.isTypedInto(element)) return;
    entries.keep(content);
    const added = [...content.children];
    if (isWhole) unclobbered(element).replaceWith(content);
    else unclobbered(element).replaceChildren(content);
    this.#restore(added, entries, keeper);
  }

  /** Restore the visitor's entries, focus and scroll positions in the new HTML `parts`. */
  #restore(parts, entries, keeper) {
    const names = new Names(parts);
    entries.restore(names, this.#client.typing);
    keeper.restore(parts, names);
    this.#markup.process(parts);
  }

  /** Parse HTML into nodes. Scripts in it do not run. */
  #parse(html) {
    const template = unclobbered(document).createElement("template");
    if (typeof html !== "string") template.content.append(html);
    else {
      template.innerHTML = this.#markup.trusted(html);
      restrict(template.content);
    }
    return template.content;
  }
}
