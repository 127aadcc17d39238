import { own } from "./dom.js";

const OPTIONS = ["method", "input", "json", "headers", "partial", "timeout"];
const WITH_QUERY = /^(get|head|delete)$/i;
const REPEATABLE = /^(get|head)$/i;
const JSON_TYPE = /^application\/(.+\+)?json/i;
const TEXT_TYPE = /^(text\/|.+\+xml|application\/(javascript|ecmascript|xml|x-www-form-urlencoded))/i;

/** What a route of the app is asked for: as a message of the socket, or as a request by HTTP. */
export class RouteRequest {
  #url;
  #options;
  #referrer;

  /**
   * @param {string | URL} uri as `fetch` takes it, of the app's own origin
   * @throws {TypeError} says what cannot be asked for, and why
   */
  constructor(window, uri, options = {}) {
    const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
    if (unknown) throw new TypeError(`realtime.call: no option "${unknown}" but ${OPTIONS.join(", ")}.`);
    this.#url = new URL(uri, own(window, "baseURI"));
    if (this.#url.origin !== window.origin) {
      throw new TypeError(`realtime.call: ${this.#url.origin} is another origin; use fetch.`);
    }
    this.#options = { ...options, input: fields(options.input) };
    if (options.headers?.[Symbol.iterator]) this.#options.headers = Object.fromEntries(options.headers);
    this.#referrer = window.location.href;
  }

  /** Whether it does no harm to ask twice. */
  get isRepeatable() {
    return REPEATABLE.test(this.#method);
  }

  get message() {
    const { timeout, ...options } = this.#options;
    const uri = this.#url.pathname + this.#url.search;
    return { ...options, action: "call-route", uri, referrer: this.#referrer };
  }

  /** The arguments of `fetch`. */
  get fetched() {
    const { input, json } = this.#options;
    const headers = new Headers(this.#options.headers);
    const url = new URL(this.#url);
    const form = input && new URLSearchParams(Array.isArray(input) ? input : pairs(input));
    const isQuery = WITH_QUERY.test(this.#method);
    if (form && isQuery) url.search = [url.search.slice(1), form].filter(String).join("&");
    if (json !== undefined && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    const body = json === undefined ? (isQuery ? undefined : form) : JSON.stringify(json);
    return [url, { method: this.#method.toUpperCase(), headers, body }];
  }

  get #method() {
    return this.#options.method ?? "get";
  }
}

/** What HTTP has answered, as the reply to the message `id`. */
export async function replyOf(response, id) {
  const { status, url, redirected } = response;
  const headers = {};
  for (const [name, value] of response.headers) {
    headers[name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())] = value;
  }
  const content = bodyOf(new Uint8Array(await response.arrayBuffer()), headers["Content-Type"]);
  return { id, status, headers, ...content, url, redirected };
}

function bodyOf(bytes, type) {
  const text = new TextDecoder().decode(bytes);
  try {
    if (JSON_TYPE.test(type)) return { body: JSON.parse(text) };
  } catch {
    // It only says that it is JSON.
  }
  if (!text || TEXT_TYPE.test(type) || JSON_TYPE.test(type)) return { body: text };
  return { body: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), encoding: "base64" };
}

/** What a form or a query holds, as pairs in its order; an object as it is. */
function fields(input) {
  if (typeof input !== "object" || !input?.[Symbol.iterator]) return input;
  return [...input].map(([name, value]) => {
    if (value instanceof Blob) {
      throw new TypeError(`realtime.call: no message carries a file, as in "${name}"; use realtime.fetch.`);
    }
    return input instanceof FormData ? [lines(name), lines(value)] : [name, value];
  });
}

/** A form's text as browsers send it. */
function lines(text) {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

/** An object of fields, whose lists repeat a name, as pairs. */
function pairs(input) {
  return Object.entries(input).flatMap(([name, values]) =>
    [values].flat().filter((value) => value != null).map((value) => [name, value]),
  );
}
