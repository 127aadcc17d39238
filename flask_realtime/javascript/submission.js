import { unclobbered } from "./unclobbered.js";
import { resolve, Visit } from "./visit.js";

const LONGEST = 200_000; // bytes, of the 256 KiB that a server takes of one message by default

/**
 * What a browser would ask for, for the form of a `submit` event and all that its listeners have
 * changed.
 *
 * @returns {Visit | undefined} none where no call can stand for it: files, another window, another
 *   charset than the wire's
 */
export function submissionOf({ target: source, submitter }, document) {
  const form = unclobbered(source);
  const method = submitter?.formMethod || form.method;
  const isPost = method === "post";
  const enctype = submitter?.formEnctype || form.enctype;
  const charset = form.getAttribute("accept-charset")?.trim() || document.characterSet;
  if (method === "dialog" || (isPost && !enctype.includes("urlencoded")) || !/^utf-?8$/i.test(charset)) return;
  const read = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  if (!isOfThisFrame(read("target"), document)) return;
  const url = resolve(read("action") || document.URL, document.baseURI);
  const entries = [...new FormData(source, submitter)];
  if (entries.some(([, value]) => value instanceof File) || !url) return;
  const fields = entries.map((entry) => entry.map((text) => text.replace(/\r\n?|\n/g, "\r\n")));
  if (new Blob([JSON.stringify(fields)]).size > LONGEST) return;
  if (!isPost) url.search = new URLSearchParams(fields);
  return new Visit(source, url, isPost ? fields : undefined, submitter);
}

/** Whether what names `frame` as its target, or names none, is shown where the document is. */
export function isOfThisFrame(frame, document) {
  return /^(_self)?$/i.test(frame || (document.querySelector("base[target]")?.target ?? ""));
}
