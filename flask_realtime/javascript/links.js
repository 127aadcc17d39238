import { isPlaceOn } from "./navigation.js";
import { isOfThisFrame } from "./submission.js";
import { resolve, Visit } from "./visit.js";

const XLINK = "http://www.w3.org/1999/xlink";
// What only a browser does as it follows a link.
const LEFT_TO_BROWSER = "[download], [ping], [referrerpolicy], [rel~=noreferrer i]";

/** The link that a click follows, of HTML or of SVG, in a shadow tree too; none where it edits. */
export function linkOf(event) {
  const path = event.composedPath();
  if (event.button || hasKeys(event) || path[0].isContentEditable) return undefined;
  return path.find((node) => /^(a|area)$/.test(node.localName) && addressOf(node) !== null);
}

/** Whether a key changes what the click means: another tab, another window, a download. */
export function hasKeys({ altKey, ctrlKey, metaKey, shiftKey }) {
  return altKey || ctrlKey || metaKey || shiftKey;
}

/** What a browser would ask for to follow `link`; nothing where it does more, or less, than that. */
export function visitOf(link, document) {
  if (link.matches(LEFT_TO_BROWSER) || !isOfThisFrame(link.getAttribute("target"), document)) return;
  const url = resolve(addressOf(link), document.baseURI);
  const visit = new Visit(link, url);
  if (url && (visit.target || !isPlaceOn(document.URL, url))) return visit;
}

function addressOf(link) {
  return link.getAttribute("href") ?? link.getAttributeNS(XLINK, "href");
}
