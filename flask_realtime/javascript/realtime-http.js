/** The script for pages that call routes which are not opened to calls: requests these by HTTP. */

import { byHttp } from "./http.js";

window.realtime.byHttp = byHttp;
