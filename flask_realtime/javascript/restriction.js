import { unclobbered } from "./unclobbered.js";

const RUNNABLE = /^$|^\s*module\s*$|([aj]|live)script/i;
const policies = new WeakMap(); // by body of a page that answered a form: the policy of the answer

/**
 * Take from a parsed page, or a part of one, what the Content-Security-Policy of its answer keeps from
 * running: handlers such as `onclick`, `javascript:` addresses, and scripts whose address it does not
 * allow. The document that shows the page may have a laxer policy. What is put into the page later is
 * bound by the page's policy too.
 * @param {Node} root the page, in a document that is not shown; or what is about to be put into a page
 * @param {string} [policy] the value of the header; several headers are joined by commas
 */
export function restrict(root, policy = "") {
  const { body } = unclobbered(root);
  if (body) policies.set(body, policy); // a whole page
  else policy += `,${policies.get(unclobbered(document).body) ?? ""}`;
  for (const one of policy.split(",")) if (one) restrictBy(directivesOf(one), root);
}

function restrictBy({ elements, handlers }, root) {
  for (const one of unclobbered(root).querySelectorAll("*")) {
    const element = unclobbered(one);
    for (const { name, value } of [...element.attributes]) {
      const isHandler = name.startsWith("on");
      const isCode = isHandler || isAddressOfCode(name, value);
      if (isCode && !allowsInline(isHandler ? handlers : elements)) element.removeAttribute(name);
    }
    // The document in such a frame has the policy of this one.
    if (element.srcdoc && !allowsInline(elements)) element.sandbox.value = "allow-same-origin";
    if (one instanceof HTMLTemplateElement) restrictBy({ elements, handlers }, element.content);
    const isScript = element.localName === "script" && RUNNABLE.test(element.type); // of SVG, too
    if (isScript && elements && !allows(elements, element)) one.type = "forbidden";
  }
}

/** The values of a policy's directives for scripts and for handlers; undefined if it has none. */
function directivesOf(policy) {
  const find = (name) => new RegExp(`(?:^|;)\\s*${name}(?![\\w-])([^;]*)`, "i").exec(policy)?.[1];
  const both = find("script-src") ?? find("default-src");
  return { elements: find("script-src-elem") ?? both, handlers: find("script-src-attr") ?? both };
}

/** Whether an attribute may be an address that runs; what stands in a field is none. */
function isAddressOfCode(name, value) {
  return !/^(value|content|title|alt|placeholder)$/.test(name) && /(^|;)javascript:/i.test(value.replace(/[\0- ]/g, ""));
}

function allowsInline(sources = "'unsafe-inline'") {
  return /'unsafe-inline'/i.test(sources) && !/'(nonce|sha\d+)-|'strict-dynamic'/i.test(sources);
}

/** Whether a directive allows a script; where that is uncertain, it does not. */
function allows(sources, { nonce, src }) {
  const isNamed = nonce && sources.replace(/'nonce/gi, "'nonce").includes(`'nonce-${nonce}'`);
  if (isNamed || !src) return isNamed || allowsInline(sources);
  return !/'strict-dynamic'/i.test(sources) && sources.split(/\s+/).some((one) => fits(one, src));
}

/** Whether a source, such as `'self'`, `https:` or `*.example.com`, allows an address. */
function fits(source, src) {
  const { origin, protocol } = window.location;
  const [address] = src.split(/[?#]/);
  if (source === "*") return /^https?:/.test(address);
  const pattern = source.replace(/^'self'$/i, origin).replace(/[^\w*]/g, "\\$&").replaceAll("*", "[^/:@]+");
  const end = /[:/]$/.test(source) ? "" : /[^/:]\/[^/]/.test(source) ? "$" : "/";
  return source !== "" && new RegExp(`^(${protocol}//)?${pattern}${end}`, "i").test(address);
}
