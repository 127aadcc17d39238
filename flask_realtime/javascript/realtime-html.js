/** The script for pages whose HTML the server changes: fragments and blocks. */

import { Html } from "./html.js";
import { Markup } from "./markup.js";

const { realtime } = window;
realtime.renderBy(new Html(window, realtime, new Markup(window, realtime)));
