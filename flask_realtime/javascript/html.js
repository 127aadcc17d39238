import { Blocks } from "./blocks.js";
import { emit } from "./events.js";
import { Fragments } from "./fragments.js";

/** The page's HTML, as it is changed by what the server sends. */
export class Html {
  #window;
  #client;
  #markup;
  #fragments;
  #blocks;

  /**
   * @param {Client} client whose page it is
   * @param {Markup} markup makes HTML that the page may insert
   * @param {boolean} isPosted the page did not come by GET, so that its address may have no view
   */
  constructor(window, client, markup, isPosted) {
    this.#window = window;
    this.#client = client;
    this.#markup = markup;
    this.#fragments = new Fragments(window, markup, () => client.expire());
    this.#blocks = new Blocks(window, {
      fetch: (url, options) => client.fetch(url, options),
      address: () => (isPosted ? null : window.location.href),
      update: (element, block, html) => this.#update(element, block, html),
      stale: (detail, reloads) => this.#emit("stale", detail) && reloads && client.expire(),
      warn: (text) => window.console.warn(`realtime: ${text}`),
    });
    window.addEventListener("realtime:open", () => this.#blocks.resume());
  }

  /** Make the changes that a message of a channel says. */
  hear({ channel, html, spread }) {
    if (!this.#markup.isAllowed) return; // the console has been told
    if (!html) return this.#blocks.refresh(channel, spread);
    if (!this.#emit("html", { channel, fragments: html })) return;
    for (const { action, target } of this.#fragments.apply(html)) this.#emit("untargeted", { channel, action, target });
  }

  #update(element, block, html) {
    const isWanted = emit(element, "html", { block, html });
    if (isWanted) this.#fragments.update(element, html, true);
    return isWanted;
  }

  #emit(name, detail) {
    return emit(this.#window.document, name, detail);
  }
}
