import { RealtimeError } from "./errors.js";
import { resolve } from "./visit.js";

/** What a browser reads of a reply to a form or a link. */
export class Answer {
  #headers;

  constructor({ status, headers, body, encoding }) {
    this.status = status;
    this.body = body;
    this.#headers = Object.entries(headers ?? {});
    const type = this.header("content-type") ?? "";
    const policies = this.policy.split(/[;,]/);
    /** The app says that it is no part of its pages: an upload, a download. */
    this.isForeign =
      /^\s*attachment/i.test(this.header("content-disposition")) || policies.some((one) => /^\s*sandbox\b/i.test(one));
    this.isHTML = /^text\/html\b/i.test(type) && !encoding && !this.isForeign;
    this.isEmpty = status === 204 || status === 205 || (this.isHTML && !body);
    this.isError = status >= 400 && status !== 422;
  }

  /** Where it leads from `url`, as a URL, if it leads anywhere. */
  redirect(url) {
    const location = /^30[12378]$/.test(this.status) && this.header("location");
    const next = location && resolve(location, url);
    if (next) next.hash ||= url.hash;
    return next;
  }

  /** What `realtime:error` tells of it. */
  get error() {
    const { status, body } = this;
    return Object.assign(new RealtimeError("RealtimeRefused", `The app answered ${status}.`, true), { status, body });
  }

  /** Its Content-Security-Policy. */
  get policy() {
    return this.header("content-security-policy") ?? "";
  }

  header(name) {
    return this.#headers.find(([one]) => one.toLowerCase() === name)?.[1];
  }
}
