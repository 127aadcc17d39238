/** The script of pages with `data-realtime`: puts their forms and links on the socket. */

import { Forms } from "./forms.js";

new Forms(window, window.realtime);
performance.mark("realtime-forms"); // from here on they are
