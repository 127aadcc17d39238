import { emit } from "./events.js";

const LONGEST_FORM = 60_000; // characters, of up to four bytes: no server takes a longer message

/** Forms and links with `data-realtime`: over the socket while it is open, else as ever. */
export class Forms {
  #window;
  #client;
  #plain = new WeakSet();

  constructor(window, client) {
    this.#window = window;
    this.#client = client;
    window.document.addEventListener("submit", (event) => this.#submitted(event));
    window.document.addEventListener("click", (event) => this.#clicked(event));
  }

  #submitted(event) {
    const { target: form, submitter } = event;
    if (this.#plain.delete(form) || !this.#isOurs(event, form)) return;
    const read = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
    if (/dialog|multi|plain/i.test(read("method") + read("enctype"))) return;
    const input = new this.#window.FormData(form, submitter);
    if ([...input.values()].some((value) => value !== `${value}`)) return; // a file
    if (`${new URLSearchParams(input)}`.length > LONGEST_FORM) return;
    const url = new URL(read("action") || this.#window.location, this.#window.document.baseURI);
    const isPost = /post/i.test(read("method"));
    if (!isPost) url.search = new URLSearchParams(input);
    const request = isPost ? { method: "post", input } : {};
    this.#take(event, form, read("target"), url, request, () => {
      this.#plain.add(form);
      form.requestSubmit(submitter);
    });
  }

  #clicked(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || link.hasAttribute("download") || !this.#isOurs(event, link)) return;
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    this.#take(event, link, link.target, url, {}, () => this.#go(url));
  }

  #isOurs(event, element) {
    const isWanted = "realtime" in element.dataset && !event.defaultPrevented;
    return isWanted && this.#client.state === "open";
  }

  /** Answer the event over the socket, unless it leads out of this frame or site. */
  async #take(event, element, frame, url, request, submit) {
    if (!/^(_self)?$/i.test(frame) || url.origin !== this.#window.location.origin) return;
    event.preventDefault();
    const { realtimePartial: partial, realtimeTarget: target } = element.dataset;
    const call = this.#client.call(url.pathname + url.search, { ...request, partial });
    const reply = await call.catch((error) => {
      // What the server may have acted on is not submitted a second time.
      if (emit(element, "error", error) && !error.wasSent) submit();
    });
    if (reply && emit(element, "reply", reply)) this.#show(reply, url, request, partial, target);
  }

  /** Do what a browser does with such a response, or what `target` asks for. */
  #show({ status, headers, body }, url, { method }, partial, target) {
    if (/^3/.test(status) && headers.Location) return this.#go(new URL(headers.Location, url));
    if (!body || !/^text.html/.test(headers["Content-Type"])) return;
    if (target || (method && !partial)) {
      this.#window.document.querySelector(target ?? "body").innerHTML = body;
    } else if (!partial) {
      this.#go(url);
    }
  }

  /** Navigate, also to a place on this very page, which may have changed. */
  #go(url) {
    const { location } = this.#window;
    if (!/^http/.test(url.protocol)) return; // assign() would run a script's
    location.assign(url);
    if (url.hash && location.href === url.href) location.reload(); // it has merely scrolled
  }
}
