const EARLY_USE =
  "`realtime` is used before it is there. The script of realtime_script() makes it when the page's HTML " +
  'has been read: use it in a <script type="module"> or a <script defer src> below that tag. What is ' +
  "asked of it now is not kept.";

/**
 * Warn of scripts that use `realtime` before it is there.
 * @param {(client: Client) => void} came told of the client as soon as it is there, before others
 */
export function standIn(window, console, came) {
  // Not on the window itself, where it would stand in the way of a `const realtime` of the page's.
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
