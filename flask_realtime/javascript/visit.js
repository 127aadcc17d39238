import { unclobbered } from "./unclobbered.js";

/**
 * A request that a form or a link with `data-realtime` makes.
 * @param {Element} source the form or the link
 * @param {URL} url the address
 * @param {string[][]} [fields] the fields to post, as pairs; without them the request is a GET
 * @param {Element} [button] the button by which a form was sent, if by one
 */
export function visit(source, url, fields, button) {
  const element = unclobbered(source);
  const isForm = source.localName === "form";
  return { source, element, url, fields, button, isForm, target: element.dataset.realtimeTarget };
}

/** `address` as a URL; undefined if it is not a valid address. */
export function resolve(address, base) {
  try {
    return new URL(address, base);
  } catch {
  }
}
