/** The script of pages under app.debug, ahead of the client: says in the console what is amiss. */

import { Console } from "./debug_console.js";
import { standIn } from "./debug_early.js";
import { Forgotten } from "./debug_forgotten.js";
import { tellOfMisfits } from "./debug_misfits.js";
import { Reloads } from "./debug_reloads.js";
import { Silence } from "./debug_silence.js";

const debugKey = Symbol.for("realtime.debug");

// Turbo and its kind may run the script again with each page.
if (!window[debugKey]) {
  window[debugKey] = true;
  const speech = new Console(window);
  new Reloads(window, speech);
  tellOfMisfits(window, speech);
  standIn(window, speech, (client) => {
    new Forgotten(window, client, speech);
    new Silence(window, client, speech);
  });
}
