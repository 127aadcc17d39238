import { own } from "./dom.js";

const OPTIONS = ["method", "input", "json", "headers", "timeout"];

/** What a route of the app is asked for. */
export class RouteRequest {
  /**
   * @param {string | URL} uri as `fetch` takes it, of the app's own origin
   * @throws {TypeError} says what cannot be asked for, and why
   */
  constructor(window, uri, { method = "get", ...options } = {}) {
    const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
    if (unknown) throw new TypeError(`realtime.call: no option "${unknown}" but ${OPTIONS.join(", ")}.`);
    const url = new URL(uri, own(window, "baseURI"));
    if (url.origin !== window.origin) {
      throw new TypeError(`realtime.call: ${url.origin} is another origin; use fetch.`);
    }
    const { input, headers } = options;
    Object.assign(this, options, { method, url, input: fields(input) });
    if (headers?.[Symbol.iterator]) this.headers = Object.fromEntries(headers);
    this.referrer = window.location.href;
  }

  /** Whether it does no harm to ask twice. */
  get isRepeatable() {
    return /^(get|head)$/i.test(this.method);
  }

  /** The same as a message of the socket. */
  get message() {
    const { url, timeout, ...message } = this;
    return { ...message, action: "call-route", uri: url.pathname + url.search };
  }
}

/** What a form or a query holds, as pairs in its order; an object as it is. */
function fields(input) {
  if (typeof input !== "object" || !input?.[Symbol.iterator]) return input;
  return [...input].map(([name, value]) => {
    if (value instanceof Blob) {
      throw new TypeError(`realtime.call: no message carries file "${name}"; use realtime.fetch.`);
    }
    return input instanceof FormData ? [lines(name), lines(value)] : [name, value];
  });
}

/** A form's text as browsers send it. */
function lines(text) {
  return text.replace(/\r\n?|\n/g, "\r\n");
}
