const EARLY_USE =
  "`realtime` is used before it exists, and is undefined here. The script of realtime_script() creates it " +
  'once the page\'s HTML has been read: use it in a <script type="module"> or a <script defer src> below ' +
  "that tag.";

/**
 * Warn about scripts that use `window.realtime` before it exists.
 * @param {(client: Client) => void} came called with the client when it is made, before any other script
 */
export function standIn(window, console, came) {
  // Not on the window itself, where the property would forbid a script's own `const realtime`.
  const place = window.Window.prototype;
  if (Object.hasOwn(window, "realtime")) return;
  Object.defineProperty(place, "realtime", {
    configurable: true,
    get: () => console.warn("early", EARLY_USE),
    set(value) {
      delete place.realtime;
      window.realtime = value;
      if (value?.parts) came(value);
    },
  });
}
