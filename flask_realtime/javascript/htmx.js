import { own } from "./dom.js";
import { CONNECTION_ID_HEADER } from "./session.js";

/** Add the page's id to the requests of htmx (versions 2 and 4) to the page's own origin. */
export function nameToHtmx(window, client) {
  for (const type of ["htmx:configRequest", "htmx:config:request"]) {
    window.addEventListener(type, ({ detail }) => {
      const { action, path = action, headers } = detail.ctx?.request ?? detail;
      const { origin } = new URL(path, own(window, "baseURI"));
      if (origin === window.origin && client.connectionId) headers[CONNECTION_ID_HEADER] = client.connectionId;
    });
  }
}
