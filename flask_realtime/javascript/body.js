import { own } from "./dom.js";

/** The page's `<body>`, whose attributes have the page's id and its state. Scripts may replace it. */
export class Body {
  #window;
  #connectionId;
  #replaced;
  #observer;
  #state;

  /** @param {(connectionId: string) => void} replaced called with the id of a page that replaced this one */
  constructor(window, connectionId, replaced) {
    this.#window = window;
    this.#connectionId = connectionId;
    this.#replaced = replaced;
    this.#observer = new window.MutationObserver(() => this.#look());
    this.#observe();
  }

  show(state, connectionId) {
    this.#state = state;
    this.#connectionId = connectionId;
    this.#mark();
  }

  get #body() {
    return own(this.#window, "body");
  }

  #look() {
    this.#observe();
    const id = this.#body?.dataset.socketConnectionId;
    // A preview is a copy of the page from the cache of Turbo, shown until the page itself has come.
    const isPreview = "turboPreview" in own(this.#window, "documentElement").dataset;
    const isReplaced = id && id !== this.#connectionId && !isPreview;
    if (isReplaced) this.#connectionId = id;
    this.#mark();
    if (isReplaced) this.#replaced(id);
  }

  #observe() {
    this.#observer.observe(own(this.#window, "documentElement"), { childList: true });
    if (this.#body) this.#observer.observe(this.#body, { attributes: true });
  }

  #mark() {
    const dataset = this.#body?.dataset;
    if (!dataset) return;
    if (dataset.realtimeState !== this.#state) dataset.realtimeState = this.#state;
    if (this.#connectionId) dataset.socketConnectionId ||= this.#connectionId;
  }
}
