// What the client needs of the browser, by a method of each. A library may wrap it, which has the method too.
const NEEDED = {
  Blob: "slice",
  CustomEvent: "preventDefault",
  FormData: "append",
  Map: "set",
  MutationObserver: "observe",
  Promise: "then",
  Request: "clone",
  Set: "add",
  URL: "toJSON",
  WeakMap: "set",
  WeakSet: "add",
  WebSocket: "send",
};

/** Warn about variables and functions of the page that have taken the place of what the browser has. */
export function tellOfReplaced(window) {
  window.addEventListener("DOMContentLoaded", () => {
    const replaced = Object.keys(NEEDED).filter((name) => typeof window[name]?.prototype?.[NEEDED[name]] !== "function");
    if (typeof window.fetch !== "function") replaced.push("fetch");
    for (const name of replaced) {
      window.console.warn(
        `realtime: A script of the page has a global variable or function ${name} in place of the browser's, which ` +
          "the client needs. Rename it, or keep it in a module.",
      );
    }
  });
}
