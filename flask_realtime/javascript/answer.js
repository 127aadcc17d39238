import { ScriptPolicy } from "./script_policy.js";
import { resolve } from "./visit.js";

/** The reply to a form or a link, with the properties by which a browser decides what to do with it. */
export class Answer {
  #headers;

  constructor({ status, headers, body, encoding, positions = {}, left = [] }) {
    Object.assign(this, { status, body, encoding, positions, left });
    this.#headers = Object.entries(headers ?? {});
    this.type = this.#header("content-type");
    this.policy = new ScriptPolicy(this.#header("content-security-policy"));
    this.disposition = this.#header("content-disposition");
    // Browsers save what has any type but `inline`, also one that they do not know, and Firefox what has none that
    // is a word. The same rule as the server's.
    this.isAttachment = !/^[ \t]*(inline[ \t]|(inline)?(;|$)|filename\*?=)/i.test(this.disposition);
    // HTML that the app sends in one of these ways, such as an upload, must not become part of its pages.
    const isForeign = this.isAttachment || this.policy.isSandbox;
    this.isHTML = /^text\/html\s*(;|$)/i.test(this.type) && !encoding && !isForeign;
    this.isEmpty = /^20[45]$/.test(status) || (this.isHTML && !body);
    this.isError = status >= 400 && status !== 422;
  }

  /** The URL that this answer redirects a request of `url` to; something falsy if it does not redirect. */
  redirect(url) {
    const location = /^30[12378]$/.test(this.status) && this.#header("location");
    const next = location && resolve(location, url);
    if (next) next.hash ||= url.hash;
    return next;
  }

  /** The error that the event `realtime:error` carries if this answer has an error status. */
  get error() {
    const { status, body } = this;
    const properties = { name: "RealtimeRefused", wasSent: true, status, body };
    return Object.assign(new Error(`The app answered ${status}.`), properties);
  }

  #header(name) {
    return this.#headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? "";
  }
}
