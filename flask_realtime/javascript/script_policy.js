/** The Content-Security-Policy of an answer, as far as it concerns scripts. */
export class ScriptPolicy {
  #policy;
  #sources;

  /** @param {string} policy the value of the header; several headers are joined by commas */
  constructor(policy) {
    // Browsers read the keyword in capitals as well, whereas capitals make another nonce.
    this.#policy = policy = policy.replace(/'nonce/gi, "'nonce");
    const find = (name) => new RegExp(`(?:^|[;,])\\s*${name}\\b(?!-)([^;,]*)`, "i").exec(policy)?.[1];
    this.#sources = find("script-src-elem") ?? find("script-src") ?? find("default-src");
    /** Whether the policy forbids all scripts, as one for uploads does. */
    this.isSandbox = find("sandbox") !== undefined || /^\s*('none'\s*)?$/i.test(this.#sources ?? "any");
  }

  /**
   * Get ready to restrict the answer's HTML by the policy, if it concerns scripts.
   * @param {Client} client loads the script that does so
   */
  async load(client) {
    if (/(script|default)-src/i.test(this.#policy)) await client.load("html");
    /** Take from parsed HTML what this policy, or that of the page which is shown, keeps from running. */
    this.restrict = (root) => client.restrict?.(root, this.#policy);
  }

  /** Whether the policy names `nonce`, for scripts or for anything else. */
  names(nonce) {
    return this.#policy.includes(`'nonce-${nonce}'`);
  }

  /**
   * Whether the policy allows `script`. The document's own policy has to allow it as well.
   * @param {boolean} isBound whether the document's policy allows scripts by nonces
   */
  allows({ nonce, src }, isBound) {
    if (nonce && this.#sources?.includes(`'nonce-${nonce}'`)) return true;
    if (isBound || /'(nonce|sha\d+)-|'strict-dynamic'/i.test(this.#sources)) return false;
    return Boolean(src) || !this.#sources || /'unsafe-inline'/i.test(this.#sources);
  }
}
