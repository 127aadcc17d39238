import { RealtimeError } from "./errors.js";
import { jsonOf } from "./wire_json.js";

const WITH_QUERY = /^(get|head|delete)$/i;
const JSON_TYPE = /^application\/(.+\+)?json/i;
const TEXT_TYPE = /^(text\/|.+\+xml|application\/(javascript|ecmascript|xml|x-www-form-urlencoded))/i;

/**
 * Make by HTTP a request to a route that the app has not opened to calls.
 *
 * @this {Client} whose `fetch` tells the app which page asks
 * @param {RouteRequest} request
 * @param {string} id the id of the call that was refused; the reply has it too
 * @param {number} end the time, in ms, until which to wait for the response; 0: no limit
 * @returns {Promise<RealtimeReply>} the reply; redirects are followed, and `url` is where they led
 */
export async function byHttp(window, request, id, end) {
  const aborter = new AbortController();
  const timer = end && window.setTimeout(() => aborter.abort(), Math.max(1, end - window.Date.now()));
  const [url, options] = argumentsOf(request);
  try {
    return await replyOf(await this.fetch(url, { ...options, signal: aborter.signal }), id);
  } catch ({ message }) {
    const name = aborter.signal.aborted ? "RealtimeTimeout" : "RealtimeInterrupted";
    throw new RealtimeError(name, `By HTTP: ${message}`, true);
  } finally {
    window.clearTimeout(timer);
  }
}

/** The arguments of `fetch` for a request. */
function argumentsOf({ url, method, input, json, headers: given }) {
  const headers = new Headers(given);
  const form = input && new URLSearchParams(Array.isArray(input) ? input : pairs(input));
  const isQuery = WITH_QUERY.test(method);
  const address = new URL(url);
  if (form && isQuery) address.search = [url.search.slice(1), form].filter(String).join("&");
  if (json !== undefined && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
  const body = json === undefined ? (isQuery ? undefined : form) : jsonOf(json);
  return [address, { method: method.toUpperCase(), headers, body }];
}

/** The fields of an object as pairs; a list of values becomes several pairs of one name. */
function pairs(input) {
  return Object.entries(input).flatMap(([name, values]) =>
    [values].flat().filter((value) => value != null).map((value) => [name, value]),
  );
}

async function replyOf(response, id) {
  const { status, url, redirected } = response;
  const headers = {};
  for (const [name, value] of response.headers) {
    headers[name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())] = value;
  }
  const content = contentOf(new Uint8Array(await response.arrayBuffer()), headers["Content-Type"]);
  return { id, status, headers, ...content, url, redirected };
}

function contentOf(bytes, type) {
  const text = new TextDecoder().decode(bytes);
  try {
    if (JSON_TYPE.test(type)) return { body: JSON.parse(text) };
  } catch {
    // The body is not JSON, although its type says so.
  }
  if (!text || TEXT_TYPE.test(type) || JSON_TYPE.test(type)) return { body: text };
  return { body: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), encoding: "base64" };
}
