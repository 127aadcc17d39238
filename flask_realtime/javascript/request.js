import { own } from "./dom.js";

const OPTIONS = ["method", "input", "json", "headers", "timeout"];

/** A request to a route of the app. */
export class RouteRequest {
  /**
   * @param {string | URL} uri as for `fetch`; the origin must be the app's
   * @param {object} [options] see `RealtimeCall` in `realtime.d.ts`
   * @throws {TypeError} if an option is unknown or cannot be sent, or the origin is another
   */
  constructor(window, uri, { method = "get", ...options } = {}) {
    checkOptions("call", options, OPTIONS);
    const url = new URL(uri, own(window, "baseURI"));
    if (url.origin !== window.origin) {
      throw new TypeError(`realtime.call: use fetch for ${url.origin}.`);
    }
    const { input, headers } = options;
    Object.assign(this, { method, url }, options, { input: fields(input) });
    if (headers?.[Symbol.iterator]) this.headers = Object.fromEntries(headers);
    this.referrer = window.location.href;
  }

  /** Whether the request may be made twice without harm. */
  get isRepeatable() {
    return /^(get|head)$/i.test(this.method);
  }

  /** The request as a message, which a socket can carry. */
  get message() {
    const { url, timeout, ...message } = this;
    return { action: "call-route", uri: url.pathname + url.search, ...message };
  }
}

/** Throw a TypeError if `options` has others than those that the method `name` of the client knows. */
export function checkOptions(name, options, known) {
  // Not "in": what a script has given all objects is no option.
  for (const one of Object.keys(options)) {
    if (!known.includes(one)) throw new TypeError(`realtime.${name}: unknown option "${one}"; use ${known}.`);
  }
}

/** The fields of a form or a query as pairs, in order. An object is returned as it is. */
function fields(input) {
  if (typeof input !== "object" || !input?.[Symbol.iterator]) return input;
  return [...input].map(([name, value]) => {
    if (value instanceof Blob) {
      throw new TypeError(`realtime.call: use realtime.fetch for file "${name}".`);
    }
    const pair = [name, value];
    // The line endings that browsers send in forms.
    return input instanceof FormData ? pair.map((text) => text.replace(/\r\n?|\n/g, "\r\n")) : pair;
  });
}
