/** The script for debug mode, loaded before the client: writes to the console what is likely wrong. */

import { tellOfArguments } from "./debug_arguments.js";
import { Console } from "./debug_console.js";
import { standIn } from "./debug_early.js";
import { Forgotten } from "./debug_forgotten.js";
import { tellOfMisfits } from "./debug_misfits.js";
import { Reloads } from "./debug_reloads.js";
import { tellOfReplaced } from "./debug_replaced.js";
import { Silence } from "./debug_silence.js";

const debugKey = Symbol.for("realtime.debug");

// Libraries such as Turbo may run the script again with each page.
if (!window[debugKey]) {
  window[debugKey] = true;
  tellOfReplaced(window); // first: what follows needs some of that itself
  const speech = new Console(window);
  new Reloads(window, speech);
  tellOfMisfits(window, speech);
  standIn(window, speech, (client) => {
    if (client.connectionId == null) speech.warn("body", "No socket opens without data-socket-connection-id on <body>.");
    new Forgotten(window, client, speech);
    new Silence(window, client, speech);
    tellOfArguments(window, client, speech); // last, so that it sees the arguments first
  });
}
