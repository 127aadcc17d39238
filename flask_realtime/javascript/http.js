import { RealtimeError } from "./errors.js";

const WITH_QUERY = /^(get|head|delete)$/i;
const JSON_TYPE = /^application\/(.+\+)?json/i;
const TEXT_TYPE = /^(text\/|.+\+xml|application\/(javascript|ecmascript|xml|x-www-form-urlencoded))/i;

/**
 * Have HTTP answer what the app does not open to sockets.
 *
 * @param {RouteRequest} request
 * @param {typeof window.fetch} fetch names the page to its app
 * @param {string} id of the message that the socket has refused, which the reply repeats
 * @param {number} limit milliseconds; 0: none
 * @returns {Promise<RealtimeReply>} which follows redirects, and says so
 */
export async function byHttp(window, request, fetch, id, limit) {
  const aborter = new AbortController();
  const timer = limit && window.setTimeout(() => aborter.abort(), limit);
  const [url, options] = argumentsOf(request);
  try {
    return await replyOf(await fetch(url, { ...options, signal: aborter.signal }), id);
  } catch ({ message }) {
    const name = aborter.signal.aborted ? "RealtimeTimeout" : "RealtimeInterrupted";
    throw new RealtimeError(name, `By HTTP: ${message}`, true);
  } finally {
    window.clearTimeout(timer);
  }
}

/** What `fetch` takes. */
function argumentsOf({ url, method, input, json, headers: given }) {
  const headers = new Headers(given);
  const form = input && new URLSearchParams(Array.isArray(input) ? input : pairs(input));
  const isQuery = WITH_QUERY.test(method);
  const address = new URL(url);
  if (form && isQuery) address.search = [url.search.slice(1), form].filter(String).join("&");
  if (json !== undefined && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
  const body = json === undefined ? (isQuery ? undefined : form) : JSON.stringify(json);
  return [address, { method: method.toUpperCase(), headers, body }];
}

/** An object of fields, whose lists repeat a name, as pairs. */
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
    // It only says that it is JSON.
  }
  if (!text || TEXT_TYPE.test(type) || JSON_TYPE.test(type)) return { body: text };
  return { body: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), encoding: "base64" };
}
