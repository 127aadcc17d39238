import { isPlaceOn } from "./navigation.js";
import { isOfThisFrame } from "./submission.js";
import { thisDocument } from "./this_document.js";
import { resolve, visit } from "./visit.js";

// Links for which a browser does something that a call cannot do.
const LEFT_TO_BROWSER = "[download],[ping],[referrerpolicy],[rel~=noreferrer i]";

/** The link, of HTML or SVG, that a click follows, also in a shadow tree; undefined if it follows none. */
export function linkOf(event) {
  const path = event.composedPath();
  if (event.button || hasKeys(event) || path[0].isContentEditable) return;
  return path.find((node) => /^(a|area)$/.test(node.localName) && addressOf(node) !== null);
}

/** Whether a key is held that makes a click open another tab or window, or a download. */
export function hasKeys(event) {
  return event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
}

/** The visit that follows `link`; undefined if a call cannot do what the browser does for this link. */
export function visitOf(link) {
  if (link.matches(LEFT_TO_BROWSER) || !isOfThisFrame(link.getAttribute("target"))) return;
  const url = resolve(addressOf(link), thisDocument.baseURI);
  const one = visit(link, url);
  if (url && (one.target || !isPlaceOn(thisDocument.URL, url))) return one;
}

function addressOf(link) {
  // The former is the address of a link of SVG, also if its attribute is xlink:href.
  return link.href?.baseVal || link.getAttribute("href");
}
