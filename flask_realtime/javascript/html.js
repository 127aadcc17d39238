import { Blocks } from "./blocks.js";
import { emit } from "./events.js";
import { Fragments } from "./fragments.js";
import { Press } from "./press.js";
import { restrict } from "./restriction.js";

const SPREAD = 500; // ms; all pages that hear a channel may lose messages at the same time

/** Changes the page's HTML as the server says: applies fragments, and refreshes blocks. */
export class Html {
  #client;
  #markup;
  #fragments;
  #blocks;
  #waiting = new Set(); // the messages whose fragments wait for the end of a press

  /**
   * @param {Client} client the client of the page
   * @param {Markup} markup turns text into HTML that the page may insert
   */
  constructor(window, client, markup) {
    this.#client = client;
    this.#markup = markup;
    client.press ??= new Press(window);
    client.restrict = restrict;
    client.renew = (changed) => this.#blocks.renew(changed);
    this.#fragments = new Fragments(markup, client);
    this.#blocks = new Blocks(window, {
      fetch: (url, options) => client.fetch(url, options),
      whenFree: (element, act) => client.press.whenFree(() => [element], act),
      // A GET of the address of a page that came by another method may return something else.
      address: () => (location.href.split("#")[0] === client.posted ? null : location.href),
      update: (element, block, html) => {
        const isWanted = emit(element, "html", { block, html });
        if (isWanted) this.#fragments.update(element, html);
        return isWanted;
      },
      stale: (detail, reloads) => emit(document, "stale", detail) && reloads && client.expire(),
      warn: (text) => console.warn(`realtime: ${text}`),
    });
    window.addEventListener("realtime:open", () => this.#blocks.resume());
    // Blocks show what is missing even if a listener prevents the reload, which all listeners have to say first.
    window.addEventListener("realtime:lost", (event) => {
      queueMicrotask(() => {
        if (event.defaultPrevented) for (const channel of event.detail.channels) this.hear({ channel, spread: SPREAD });
      });
    });
  }

  /** Make the changes that a message asks for. */
  hear(message) {
    const { channel, html, spread } = message;
    if (!this.#markup.isAllowed) return; // a line in the console says why
    if (!html) return this.#make(message, (part) => this.#blocks.refresh(channel, spread, part));
    this.#waiting.add(message);
    this.#client.press.whenFree(
      () => this.#fragments.replaced(html),
      async () => this.#waiting.delete(message) && this.#make(message, (part) => this.#apply(channel, html, part)),
    );
  }

  /** Forget the messages that wait for the end of a press, except those for which `isWanted` returns true. */
  keep(isWanted) {
    for (const message of this.#waiting) if (!isWanted(message)) this.#waiting.delete(message);
  }

  /** Make a change now, and again in what comes by an answer that is under way. */
  #make(message, change) {
    this.#client.note?.(message, change);
    change();
  }

  #apply(channel, all, part) {
    const fragments = part ? this.#fragments.within(part, all) : all;
    if (!fragments.length || !emit(document, "html", { channel, fragments })) return;
    for (const { action, target } of this.#fragments.apply(fragments, part)) {
      emit(document, "untargeted", { channel, action, target });
    }
  }
}
