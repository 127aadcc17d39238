import { unclobbered } from "./unclobbered.js";

/** A request that a form or a link with `data-realtime` makes. */
export class Visit {
  /**
   * @param {Element} source the form or the link
   * @param {URL} url the address
   * @param {string[][]} [fields] the fields to post, as pairs; without them the request is a GET
   * @param {Element} [button] the button by which a form was sent
   */
  constructor(source, url, fields, button) {
    this.source = source;
    this.element = unclobbered(source);
    this.url = url;
    this.fields = fields;
    this.button = button ?? undefined;
    this.isForm = source.localName === "form";
    this.target = this.element.dataset.realtimeTarget;
  }
}

/** `address` as a URL; undefined if it is not a valid address. */
export function resolve(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
}
