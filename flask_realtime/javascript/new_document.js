import { decoded } from "./decoded.js";
import { emit } from "./events.js";
import { isPlaceOn, renew } from "./navigation.js";
import { thisDocument } from "./this_document.js";
import { unclobbered } from "./unclobbered.js";

const LONGEST_LOAD = 3_000; // ms to wait for a style sheet or a script before going on without it
const RUNNABLE = /^$|^module$|javascript|ecmascript/i;

/** Shows a whole page that answered a form in this document, as a navigation to the page would. */
export class NewDocument {
  #markup;
  #client;
  #nonce;
  #isBound; // whether the document's policy allows scripts by nonces
  #served; // the elements of the page's head that came from the server
  // A number for the page that is shown, kept in the entries of the history that belong to it.
  #page = Date.now();
  #url; // the address of the page that is shown, if it is not the one that was loaded

  constructor(markup, client) {
    this.#markup = markup;
    this.#client = client;
    const tag = thisDocument.querySelector("script[data-prefix]");
    this.#nonce = tag?.nonce;
    // If a policy uses the nonce, browsers empty the attribute, to hide it from style sheets.
    this.#isBound = this.#nonce && !tag.getAttribute("nonce");
    this.#served = client.served;
    // This entry of the history showed a page of another document, and has been loaded again.
    if (window.history.state?.realtimePage) this.#note(new URL(location));
    window.addEventListener("popstate", ({ state }) => this.#travel(state));
  }

  /**
   * Show a page, after the one before.
   * @param {ScriptPolicy} policy the policy that came with the page
   * @returns {Promise<Element[]>} the scripts to run
   */
  async show(html, url, policy) {
    const parsed = new DOMParser().parseFromString(this.#markup.trusted(html), "text/html");
    policy.restrict(parsed);
    const page = unclobbered(parsed);
    const runs = this.#adapt(page, policy);
    this.#enter(url);
    await this.#mergeHead(page.head);
    const { body: old, documentElement: root } = thisDocument;
    const { body, documentElement } = page;
    // Scripts may have added further classes.
    root.classList.add(...documentElement.classList);
    root.lang = documentElement.lang;
    root.dir = documentElement.dir;
    // The answer is shown by the page that asked for it, and a cache may have put in another id.
    body.dataset.socketConnectionId = old.dataset.socketConnectionId;
    old.replaceWith(body);
    this.#look(url);
    emit(document, "page");
    return runs;
  }

  /** Run the scripts of the page that was shown. */
  async run(scripts) {
    // Scripts that both heads have are not in the document a second time: they have run already.
    for (const script of scripts) if (thisDocument.contains(script)) await this.#run(script);
    this.#markup.process([thisDocument.body]);
  }

  /** Give the document's nonce to elements with a nonce. Returns the scripts that may run, in order. */
  #adapt(page, policy) {
    for (const one of page.querySelectorAll("noscript, meta[http-equiv=content-security-policy i]")) one.remove();
    const runs = [...page.querySelectorAll("script:not([data-prefix])")]
      .filter((script) => RUNNABLE.test(script.type) && policy.allows(script, this.#isBound))
      .sort((one, other) => isLate(one) - isLate(other));
    for (const one of page.querySelectorAll("[nonce]")) one.nonce = policy.names(one.nonce) ? this.#nonce : "";
    return runs;
  }

  /** Add an entry to the history, so that links of the new page are relative to its address. */
  #enter(url) {
    this.#note(url);
    this.#page++;
    window.history.pushState(null, "", url);
    this.#note(url);
  }

  /** Note in the present entry of the history which page is shown, and that it came from `url`. */
  #note(url) {
    window.history.replaceState({ ...window.history.state, realtimePage: this.#page }, "");
    this.#url = url;
  }

  /** Load the page of an entry of the history to which the visitor has gone back or forward. */
  #travel(state) {
    if (!this.#url || state?.realtimePage === this.#page) return;
    const address = new URL(location);
    if (!state?.realtimePage && isPlaceOn(this.#url.href, address)) this.#note(address);
    else {
      this.#client.leave();
      renew(address);
    }
  }

  /** Make the head like the page's. */
  async #mergeHead(head) {
    const { head: current } = thisDocument;
    const kept = new Set();
    const fresh = [];
    for (const one of head.children) {
      const same = [...current.children].find((other) => !kept.has(other) && bare(one).isEqualNode(bare(other)));
      if (same) kept.add(same);
      else fresh.push(one);
    }
    const gone = this.#served.filter((one) => !kept.has(one));
    this.#served = [...kept, ...fresh];
    const sheets = fresh.filter((one) => one.matches("link[rel~=stylesheet]"));
    current.append(...fresh);
    await Promise.all(sheets.map(loaded));
    for (const one of gone) one.remove();
  }

  /** Scroll to the place in the address, or to the top, and focus the element with `autofocus`. */
  #look({ hash }) {
    thisDocument.querySelector("[autofocus]")?.focus();
    const place = thisDocument.getElementById(decoded(hash.slice(1)));
    if (place) place.scrollIntoView();
    else window.scrollTo({ top: 0, left: 0, behavior: "instant" });
  }

  /** Run `script` by replacing it with a copy: scripts in parsed HTML do not run. */
  async #run(script) {
    const { noModule, nonce, src, type } = script;
    const range = thisDocument.createRange();
    const copy = range.createContextualFragment(this.#markup.trusted(script.outerHTML)).firstChild;
    copy.nonce = nonce;
    copy.async = script.hasAttribute("async");
    // A module runs only once for each address.
    if (src && type === "module") copy.src = this.#markup.trustedURL(`${src}#${this.#page}`);
    script.replaceWith(copy);
    if (src && !copy.async && !noModule) await loaded(copy);
  }
}

function loaded(element) {
  return new Promise((resolve) => {
    window.setTimeout(resolve, LONGEST_LOAD);
    for (const type of ["load", "error"]) element.addEventListener(type, resolve);
  });
}

/** A copy of `element` without its nonce, which differs in each page. */
function bare(element) {
  const copy = element.cloneNode(true);
  copy.removeAttribute("nonce");
  return copy;
}

/** Whether a browser runs a script only after it has parsed the whole page. */
function isLate({ defer, src, type }) {
  return type === "module" || (defer && src !== "");
}
