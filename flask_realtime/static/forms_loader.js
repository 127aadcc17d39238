import { own } from "./dom.js";

const BEFORE_USE = ["focusin", "pointerdown"]; // come before a form is sent or a link followed

/**
 * Load the script at `address` as soon as the page has a form or a link with `data-realtime`; until it
 * is there, and if it can't be had, they go as ever.
 */
export function loadOnceWanted(window, address) {
  const load = () => {
    for (const type of BEFORE_USE) window.removeEventListener(type, look);
    import(/* @vite-ignore */ address).catch(() => {}); // the browser has said why
  };
  const { hasAttribute } = window.Element.prototype; // a form's own may be a field of that name
  const isWanted = (node) => node instanceof window.Element && hasAttribute.call(node, "data-realtime");
  const look = (event) => event.composedPath().some(isWanted) && load();
  for (const type of BEFORE_USE) window.addEventListener(type, look);
  if (own(window, "querySelector").call(window.document, "[data-realtime]")) load();
}
