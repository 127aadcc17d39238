const EARLY_USE =
  "`realtime` is used before it exists, and is undefined here. The script of realtime_script() creates it " +
  'once the page\'s HTML has been read: use it in a <script type="module"> or a <script defer src> below ' +
  "that tag.";

const OTHER =
  "No socket opens: a script of the page has a global variable or function `realtime` of its own. Rename it, or " +
  "keep it in a module.";

/**
 * Warn about scripts that use `window.realtime` before it exists, or that take its name.
 * @param {(client: Client) => void} came called with the client when it is made: before any other script, unless
 *   the page has a variable of this name
 */
export function standIn(window, console, came) {
  // Not on the window itself, where the property would forbid a script's own `const realtime`.
  const place = window.Window.prototype;
  let hasCome = false;
  const come = (client) => {
    hasCome = true;
    came(client);
  };
  window.addEventListener("DOMContentLoaded", () => {
    if (hasCome || !Object.hasOwn(window, "realtime")) return;
    // A variable of the page hides the property below. An empty one has been given the client.
    if (window.realtime?.parts) come(window.realtime);
    else console.warn("other", OTHER);
  });
  if (Object.hasOwn(window, "realtime")) return;
  Object.defineProperty(place, "realtime", {
    configurable: true,
    get: () => console.warn("early", EARLY_USE),
    set(value) {
      delete place.realtime;
      window.realtime = value;
      if (value?.parts) come(value);
    },
  });
}
