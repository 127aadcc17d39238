import { thisDocument } from "./this_document.js";
import { unclobbered } from "./unclobbered.js";

/** Let the browser make the request of a form or a link. */
export function send({ url, fields }) {
  if (!/^http/.test(url.protocol)) return; // the browser would run a javascript: address
  if (fields) post(url, fields);
  else go(url);
}

/** Load `url`, even if it is a place on this page (`#place`), since the page may have changed. */
function go(url) {
  if (!isPlaceOn(location.href, url)) return location.assign(url);
  window.history.pushState(null, "", location.href);
  renew(url);
}

/** Load `url` in place of the history's present entry. */
export function renew(url) {
  // For a place on this page the browser would only scroll, and reload() would send the form again
  // that the page answers. Therefore the page gets another address first.
  if (isPlaceOn(location.href, url)) window.history.replaceState(null, "", `${url.pathname}${url.search || "?"}&`);
  location.replace(url);
}

/** Send a hidden form, without a `submit` event: the page's listeners have seen the event already. */
function post(url, fields) {
  const make = (name, properties) => Object.assign(thisDocument.createElement(name), properties);
  const form = make("form", { method: "post", action: url, target: "_self", acceptCharset: "utf-8" });
  form.append(...fields.map(([name, value]) => make("input", { type: "hidden", name, value })));
  const host = make("div");
  host.attachShadow({ mode: "closed" }).append(form);
  thisDocument.documentElement.append(host);
  unclobbered(form).submit();
  host.remove();
}

/** Whether `url` names a place on the page at `address`. */
export function isPlaceOn(address, url) {
  const [page, place] = url.href.split("#");
  return place !== undefined && page === address.split("#")[0];
}
