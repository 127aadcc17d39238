import { all } from "./dom.js";

/**
 * Load the scripts that the page needs besides the first: that of forms and links if one of them has
 * `data-realtime`, and that of changing HTML if the page has a block. Until the former has loaded, the
 * browser sends forms and follows links as usual.
 * @param {(part: string) => Promise} load loads the script of that name
 */
export function loadOnceWanted(window, load) {
  const loaded = {};
  const begin = (part) => (loaded[part] ??= load(part).catch(() => {})); // the console has the reason
  const { matches } = window.Element.prototype; // a field of a form may hide the method of its form
  const isWanted = (node) => node instanceof window.Element && matches.call(node, "[data-realtime]");
  // These events come before a form is sent or a link is followed.
  for (const type of ["focusin", "pointerdown"]) {
    window.addEventListener(type, (event) => event.composedPath().some(isWanted) && begin("forms"));
  }
  if (all(window, "[data-realtime]").length) begin("forms");
  if (all(window, "[data-realtime-block]").length) begin("html");
}
