import { unclobbered } from "./unclobbered.js";

/** What a form or a link with `data-realtime` asks the app for. */
export class Visit {
  /**
   * @param {Element} source the form or the link
   * @param {string[][]} [fields] what is posted; none: the address is asked for
   * @param {Element} [button] by which a form was sent
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

  /** The same, at another address; `fields` are sent along, if there are any. */
  at(url, fields) {
    return Object.assign(Object.create(Visit.prototype), this, { url, fields });
  }
}

/** `address` as a URL; undefined if it can't be one. */
export function resolve(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
}
