import { unclobbered } from "./unclobbered.js";

/** What the browser does by itself: goes to an address, sends a form. */
export class Navigation {
  #window;

  constructor(window) {
    this.#window = window;
  }

  /** Send what a form or a link asks for as the browser itself would have. */
  send({ url, fields }) {
    if (fields) this.#post(url, fields);
    else this.go(url);
  }

  /** Load `url`, also if it is a place on this very page, which may have changed. */
  go(url) {
    if (!/^http/.test(url.protocol)) return; // assign() would run a script's
    const { history, location } = this.#window;
    if (!isPlaceOn(location.href, url)) return location.assign(url);
    history.pushState(null, "", location.href);
    this.renew(url);
  }

  /** Load `url` in place of what is shown. */
  renew(url) {
    const { history, location } = this.#window;
    // To a place on this page the browser would merely scroll, and reload() would send again a form
    // that had brought the page: so the page gets another address before.
    if (isPlaceOn(location.href, url)) history.replaceState(null, "", `${url.pathname}${url.search || "?"}&`);
    location.replace(url);
  }

  /** By a form that nobody sees and no listener hears: those of the page's own have been heard. */
  #post(url, fields) {
    const document = unclobbered(this.#window.document);
    const make = (name, properties) => Object.assign(document.createElement(name), properties);
    const inputs = fields.map(([name, value]) => make("input", { type: "hidden", name, value }));
    const form = make("form", { method: "post", action: url, target: "_self", acceptCharset: "utf-8" });
    form.append(...inputs);
    const host = make("div");
    host.attachShadow({ mode: "closed" }).append(form);
    document.documentElement.append(host);
    unclobbered(form).submit();
    host.remove();
  }
}

/** Whether `url` names a place on the page at `address`. */
export function isPlaceOn(address, url) {
  const [page, place] = url.href.split("#");
  return place !== undefined && page === address.split("#")[0];
}
