import { Blocks } from "./blocks.js";
import { emit } from "./events.js";
import { Fragments } from "./fragments.js";
import { Press } from "./press.js";
import { restrict } from "./restriction.js";

const SPREAD = 500; // ms; all pages that hear a channel may lose messages at the same time

/** Changes the page's HTML as the server says: applies fragments, and refreshes blocks. */
export class Html {
  #window;
  #client;
  #markup;
  #fragments;
  #blocks;

  /**
   * @param {Client} client the client of the page
   * @param {Markup} markup turns text into HTML that the page may insert
   * @param {boolean} isPosted whether the page came by another method than GET: then a GET of its address
   *   may return something else
   */
  constructor(window, client, markup, isPosted) {
    this.#window = window;
    this.#client = client;
    this.#markup = markup;
    client.press ??= new Press(window);
    client.restrict = restrict;
    this.#fragments = new Fragments(window, markup, client);
    this.#blocks = new Blocks(window, {
      fetch: (url, options) => client.fetch(url, options),
      whenFree: (element, act) => client.press.whenFree(() => [element], act),
      address: () => (isPosted ? null : window.location.href),
      update: (element, block, html) => this.#update(element, block, html),
      stale: (detail, reloads) => this.#emit("stale", detail) && reloads && client.expire(),
      warn: (text) => window.console.warn(`realtime: ${text}`),
    });
    window.addEventListener("realtime:open", () => this.#blocks.resume());
    window.addEventListener("realtime:lost", (event) => queueMicrotask(() => this.#catchUp(event)));
  }

  /** Make the changes that a message asks for. */
  hear(message) {
    const { channel, html, spread } = message;
    if (!this.#markup.isAllowed) return; // a line in the console says why
    if (!html) return this.#make(message, () => this.#blocks.refresh(channel, spread));
    this.#client.press.whenFree(
      () => this.#fragments.replaced(html),
      async () => this.#make(message, () => this.#apply(channel, html)),
    );
  }

  /** Make a change now, and again in a page that answers a form and is under way. */
  #make(message, change) {
    this.#client.note?.(message, change);
    change();
  }

  /** Refresh the blocks of channels whose messages are missing, if listeners have prevented a reload. */
  #catchUp({ defaultPrevented, detail }) {
    if (defaultPrevented) for (const channel of detail.channels) this.hear({ channel, spread: SPREAD });
  }

  #apply(channel, fragments) {
    if (!this.#emit("html", { channel, fragments })) return;
    for (const { action, target } of this.#fragments.apply(fragments)) {
      this.#emit("untargeted", { channel, action, target });
    }
  }

  #update(element, block, html) {
    const isWanted = emit(element, "html", { block, html });
    if (isWanted) this.#fragments.update(element, html);
    return isWanted;
  }

  #emit(name, detail) {
    return emit(this.#window.document, name, detail);
  }
}
