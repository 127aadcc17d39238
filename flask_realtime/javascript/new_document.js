import { emit } from "./events.js";
import { isPlaceOn } from "./navigation.js";
import { unclobbered } from "./unclobbered.js";

const LONGEST_LOAD = 3_000; // ms that a style sheet or a script holds up what comes behind it
const RUNNABLE = /^$|^module$|javascript|ecmascript/i;

/** Shows a whole page that answered a form, as a navigation to it would have. */
export class NewDocument {
  #window;
  #document;
  #markup;
  #navigation;
  #nonce;
  #isBound; // by a policy, to nonces
  #served;
  #page; // names what the document shows now, in the entries of the history that show it
  #url; // of the page shown in place of the one that was loaded

  /** @param {Element[]} served what the server has put into the head of the page */
  constructor(window, markup, navigation, served) {
    this.#window = window;
    this.#document = unclobbered(window.document);
    this.#markup = markup;
    this.#navigation = navigation;
    const tag = this.#document.querySelector("script[data-prefix]");
    this.#nonce = tag?.nonce;
    // Where there is a policy the attribute hides it from style sheets.
    this.#isBound = this.#nonce && !tag.getAttribute("nonce");
    this.#served = served;
    this.#page = window.performance.timeOrigin;
    // The page of another document, which this one was loaded in place of.
    if (window.history.state?.realtimePage) this.#note(new URL(window.location));
    window.addEventListener("popstate", ({ state }) => this.#travel(state));
  }

  /** @param {ScriptPolicy} policy the answer's */
  async show(html, url, policy) {
    const page = unclobbered(new DOMParser().parseFromString(this.#markup.trusted(html), "text/html"));
    const runs = this.#adapt(page, policy);
    this.#enter(url);
    if (!(await this.#mergeHead(page.head))) return;
    mergeRoot(this.#document.documentElement, page.documentElement);
    const { body: old } = this.#document;
    const { body } = page;
    // The page stays the one that asked, whatever a cache between has made of its id.
    body.dataset.socketConnectionId = old.dataset.socketConnectionId;
    old.replaceWith(body);
    this.#look(url);
    emit(this.#window.document, "page");
    // Those that were kept in the head have run, and the page's are out of the document.
    for (const script of runs) if (this.#document.contains(script)) await this.#run(script);
    this.#markup.process(body);
  }

  /** Give what bears a nonce of the answer the document's; returns its scripts that may run, in order. */
  #adapt(page, policy) {
    for (const one of page.querySelectorAll("noscript, meta[http-equiv=content-security-policy i]")) one.remove();
    const scripts = [...page.querySelectorAll("script:not([data-prefix])")];
    const runs = scripts.filter((script) => RUNNABLE.test(script.type) && policy.allows(script, this.#isBound));
    for (const one of page.querySelectorAll("[nonce]")) one.nonce = policy.names(one.nonce) ? this.#nonce : "";
    return runs.sort((one, other) => isLate(one) - isLate(other));
  }

  /** A new entry of the history, whose address the links of the new page start from. */
  #enter(url) {
    this.#note(url);
    this.#page++;
    this.#window.history.pushState(null, "", url);
    this.#note(url);
  }

  /** Write into the history what is shown, which came from `url`. */
  #note(url) {
    const { history } = this.#window;
    history.replaceState({ ...history.state, realtimePage: this.#page }, "");
    this.#url = url;
  }

  /** The back button leads to what was shown there, which is no more: it is loaded again. */
  #travel(state) {
    if (!this.#url || state?.realtimePage === this.#page) return;
    const { location } = this.#window;
    const address = new URL(location);
    if (!state?.realtimePage && isPlaceOn(this.#url.href, address)) this.#note(address);
    else this.#navigation.renew(address);
  }

  /** Have the head hold what the page's does; false if another page has come before its style sheets. */
  async #mergeHead(head) {
    const { head: current } = this.#document;
    const kept = new Map();
    const fresh = [];
    for (const one of head.children) {
      const same = [...current.children].find((other) => !kept.has(other) && isSame(one, other));
      if (same) kept.set(same);
      else fresh.push(one);
    }
    const gone = this.#served.filter((one) => !kept.has(one));
    this.#served = [...kept.keys(), ...fresh];
    const sheets = fresh.filter((one) => one.matches("link[rel~=stylesheet]")).map((one) => this.#loaded(one));
    current.append(...fresh);
    const number = this.#page;
    await Promise.all(sheets);
    if (number !== this.#page) return false;
    for (const one of gone) one.remove();
    return true;
  }

  /** Have what the address names, or else the top, be seen, and what asks for it have the focus. */
  #look({ hash }) {
    this.#document.querySelector("[autofocus]")?.focus();
    const place = this.#document.getElementById(decoded(hash.slice(1)));
    if (place) place.scrollIntoView();
    else this.#window.scrollTo({ top: 0, left: 0, behavior: "instant" });
  }

  /** Put one that runs in the place of `script`, which was parsed to be looked at. */
  async #run(script) {
    const { noModule, nonce, src, type } = script;
    const range = this.#document.createRange();
    const copy = range.createContextualFragment(this.#markup.trusted(script.outerHTML)).firstChild;
    copy.nonce = nonce;
    copy.async = script.hasAttribute("async");
    // A module runs once an address.
    if (src && type === "module") copy.src = this.#markup.trustedURL(`${src}#${this.#page}`);
    script.replaceWith(copy);
    if (src && !copy.async && !noModule) await this.#loaded(copy);
  }

  #loaded(element) {
    return new Promise((resolve) => {
      this.#window.setTimeout(resolve, LONGEST_LOAD);
      element.onload = element.onerror = resolve;
    });
  }
}

/** Whether two elements are alike, but for their nonces, which are new with each page. */
function isSame(one, other) {
  return bare(one).isEqualNode(bare(other));
}

function bare(element) {
  const copy = element.cloneNode(true);
  copy.removeAttribute("nonce");
  return copy;
}

/** Scripts of the page may have put classes of their own on it. */
function mergeRoot(root, page) {
  for (const name of ["lang", "dir"]) root[name] = page[name];
  root.classList.add(...page.classList);
}

/** Whether a script that a page is loaded with waits until all of it is there. */
function isLate({ defer, src, type }) {
  return type === "module" || Boolean(defer && src);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
