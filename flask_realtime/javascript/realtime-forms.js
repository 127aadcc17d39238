/** The script for pages with `data-realtime`: sends their forms and links over the socket. */

import { Forms } from "./forms.js";

new Forms(window.realtime);
window.performance?.mark?.("realtime-forms"); // forms and links go over the socket from now on
