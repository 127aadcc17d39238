import { thisDocument } from "./this_document.js";
import { unclobbered } from "./unclobbered.js";
import { resolve, visit } from "./visit.js";

/**
 * The visit that a `submit` event stands for, with all changes that the page's listeners have made.
 *
 * @returns {object | undefined} undefined if a call cannot do what the browser would do: if the form has
 *   files, opens another window, is too large for a message, or uses another charset than UTF-8
 */
export function submissionOf({ target: source, submitter }) {
  const form = unclobbered(source);
  const method = submitter?.formMethod || form.method;
  const isPost = method === "post";
  const enctype = submitter?.formEnctype || form.enctype;
  const charset = form.acceptCharset.trim() || thisDocument.characterSet;
  if (method === "dialog" || (isPost && !enctype.includes("urlencoded")) || !/^utf-?8$/i.test(charset)) return;
  const read = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  if (!isOfThisFrame(read("target")) || (submitter?.name && !knowsButtons())) return;
  const url = resolve(read("action") || thisDocument.URL, thisDocument.baseURI);
  const entries = [...new FormData(source, submitter)];
  if (entries.some(([, value]) => value instanceof File) || !url) return;
  const fields = entries.map((entry) => entry.map((text) => text.replace(/\r\n?|\n/g, "\r\n")));
  // By default a server takes messages of up to 256 KiB.
  if (new Blob([JSON.stringify(fields)]).size > 200_000) return;
  if (!isPost) url.search = new URLSearchParams(fields);
  return visit(source, url, isPost ? fields : undefined, submitter);
}

/** Whether the browser's `FormData` takes a button: Safari's does from 16.4 on, others' since 2023. */
function knowsButtons() {
  try {
    new FormData(thisDocument.createElement("form"), thisDocument.createElement("p"));
    return false;
  } catch {
    return true; // it has seen that this is no button
  }
}

/** Whether the answer to a form or link with the target `frame`, or none, replaces this document. */
export function isOfThisFrame(frame) {
  return /^(_self)?$/i.test(frame || thisDocument.querySelector("base[target]")?.target || "");
}
