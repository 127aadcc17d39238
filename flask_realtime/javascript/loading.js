import { own } from "./dom.js";

/**
 * Load the script of forms and links as soon as the page has one with `data-realtime`; until it is
 * there, and if it can't be had, they go as ever. Load that of changing HTML where the page has a
 * block, whose first refresh then need not wait for it.
 * @param {(part: string) => Promise} load
 */
export function loadOnceWanted(window, load) {
  const loaded = {};
  const begin = (part) => (loaded[part] ??= load(part).catch(() => {})); // the browser has said why
  const { hasAttribute } = window.Element.prototype; // a form's own may be a field of that name
  const isWanted = (node) => node instanceof window.Element && hasAttribute.call(node, "data-realtime");
  // These come before a form is sent or a link followed.
  for (const type of ["focusin", "pointerdown"]) {
    window.addEventListener(type, (event) => event.composedPath().some(isWanted) && begin("forms"));
  }
  const has = (selector) => own(window, "querySelector").call(window.document, selector);
  if (has("[data-realtime]")) begin("forms");
  if (has("[data-realtime-block]")) begin("html");
}
