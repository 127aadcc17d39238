/** What the Content-Security-Policy of an answer says of scripts. */
export class ScriptPolicy {
  #policy;
  #sources;
  #nonces;

  /** @param {string} policy the header; several are joined by commas */
  constructor(policy) {
    this.#policy = policy;
    const find = (name) => new RegExp(`(?:^|[;,])\\s*${name}\\b(?!-)([^;,]*)`, "i").exec(policy)?.[1];
    this.#sources = find("script-src-elem") ?? find("script-src") ?? find("default-src");
    this.#nonces = [...(this.#sources ?? "").matchAll(/'nonce-([^']+)'/gi)].map(([, nonce]) => nonce);
  }

  /** Whether what it is the policy of is no page with scripts, an upload say. */
  get isSandbox() {
    return /(^|[;,])\s*sandbox\b/i.test(this.#policy) || /^\s*('none'\s*)?$/i.test(this.#sources ?? "any");
  }

  /** Whether it names `nonce`, for scripts or for anything else. */
  names(nonce) {
    return this.#policy.includes(`'nonce-${nonce}'`);
  }

  /**
   * Whether `script` may run, as far as can be told; the document's own policy has its say besides.
   * @param {boolean} isBound that one goes by nonces
   */
  allows({ nonce, src }, isBound) {
    if (this.#nonces.includes(nonce)) return true;
    if (isBound || /'(nonce|sha\d+)-|'strict-dynamic'/i.test(this.#sources)) return false;
    return Boolean(src) || !this.#sources || /'unsafe-inline'/i.test(this.#sources);
  }
}
