import { Entries } from "./entries.js";
import { isIgnored } from "./ignored.js";
import { Keeper } from "./keeper.js";
import { Names } from "./names.js";
import { unclobbered } from "./unclobbered.js";

const IDIOMORPH_OPTIONS = { ignoreActiveValue: true, restoreFocus: true };
const PLACES = { append: "beforeend", prepend: "afterbegin", before: "beforebegin", after: "afterend" };

/** Changes of the page's HTML that its server sends. */
export class Fragments {
  #window;
  #document;
  #markup;
  #reload;

  /**
   * @param {Markup} markup makes HTML that the page may insert
   * @param {() => void} reload has the page reloaded
   */
  constructor(window, markup, reload) {
    this.#window = window;
    this.#document = unclobbered(window.document);
    this.#markup = markup;
    this.#reload = reload;
  }

  /**
   * Make one change after the other; one that fails keeps none of the others.
   * @returns {object[]} those whose target the page has not
   */
  apply(fragments) {
    const targetless = [];
    for (const fragment of fragments) {
      try {
        if (!this.#change(fragment)) targetless.push(fragment);
      } catch (error) {
        const { console } = this.#window;
        if (error.name === "SyntaxError") console.error(`realtime: a fragment's target is no CSS selector: ${fragment.target}`);
        else this.#window.reportError(error);
      }
    }
    return targetless;
  }

  /** Put `html` into `element`, as the fragment `update` does. */
  update(element, html, morph = false) {
    this.#put("update", element, html, morph);
  }

  #change({ action, target, html, morph }) {
    if (action === "reload") return this.#reload(), true;
    const elements = this.#find(target);
    for (const element of elements) {
      if (action === "remove") element.remove();
      else if (action in PLACES) this.#insert(element, PLACES[action], html);
      else if (action === "replace" || action === "update") this.#put(action, element, html, morph);
    }
    return elements.length > 0;
  }

  /** The elements that fit, but for those that people may have written. */
  #find(selector) {
    return [...this.#document.querySelectorAll(selector)].filter((one) => !isIgnored(one));
  }

  #insert(element, place, html) {
    const content = this.#parse(html);
    // The page subscribed before it read what it shows: what comes may be there already.
    for (const child of [...content.children]) {
      const [present] = child.id ? this.#find(`[id="${this.#window.CSS.escape(child.id)}"]`) : [];
      if (present) this.#put("replace", present, child);
    }
    const added = [...content.children];
    if (place === "beforeend") element.append(content);
    else if (place === "afterbegin") element.prepend(content);
    else if (place === "beforebegin") element.before(content);
    else element.after(content);
    this.#process(added);
  }

  #put(action, element, html, morph) {
    const { Idiomorph } = this.#window;
    const isWhole = action === "replace";
    const names = new Names([element]);
    const keeper = new Keeper(element, names);
    const entries = new Entries(element, names);
    if (morph && Idiomorph) {
      const morphStyle = isWhole ? "outerHTML" : "innerHTML";
      const nodes = [...this.#parse(html).childNodes];
      const added = Idiomorph.morph(element, nodes, { ...IDIOMORPH_OPTIONS, morphStyle });
      const parts = isWhole ? [...(added ?? [])].filter(({ nodeType }) => nodeType === 1) : [element];
      return this.#restore(parts, entries, keeper);
    }
    const content = this.#parse(html);
    if (isWhole && entries.isTypedInto(element)) return;
    entries.keep(content);
    const added = [...content.children];
    if (isWhole) element.replaceWith(content);
    else element.replaceChildren(content);
    this.#restore(added, entries, keeper);
  }

  /** Give `parts`, which have taken the place, what the visitor had done there. */
  #restore(parts, entries, keeper) {
    const names = new Names(parts);
    entries.restore(names);
    keeper.restore(parts, names);
    this.#process(parts);
  }

  /** HTML as nodes; scripts in it do not run. */
  #parse(html) {
    const template = this.#document.createElement("template");
    if (typeof html === "string") template.innerHTML = this.#markup.trusted(html);
    else template.content.append(html);
    return template.content;
  }

  /** Have htmx, which watches no page, take up what came. */
  #process(elements) {
    for (const element of elements) if (element.nodeType === 1) this.#window.htmx?.process(element);
  }
}
