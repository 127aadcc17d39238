/** The script of pages that call what their app does not open to sockets: has HTTP answer it. */

import { byHttp } from "./http.js";

window[Symbol.for("realtime.byHttp")] = byHttp;
