import { unclobbered } from "./unclobbered.js";

/** Whether `element` is in a part of the page with `data-realtime-ignore`, for what users have written. */
export function isIgnored(element) {
  const own = unclobbered(element);
  if (own.closest("[data-realtime-ignore]")) return true;
  const { host } = own.getRootNode();
  return Boolean(host) && isIgnored(host);
}

/**
 * The elements that fit `selector`, except in parts of the page that are ignored.
 * @param {Element} [part] only those in this part of the page
 */
export function find(document, selector, part) {
  return [...unclobbered(document).querySelectorAll(selector)].filter(
    (one) => (!part || unclobbered(part).contains(one)) && !isIgnored(one),
  );
}
