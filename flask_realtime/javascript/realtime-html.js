/** The script for pages whose HTML the server changes: fragments and blocks. */

import { Html } from "./html.js";
import { Markup } from "./markup.js";

const client = window.realtime;
client.rendering.begin(new Html(window, client, new Markup(window, client)));
