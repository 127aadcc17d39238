import { unclobbered } from "./unclobbered.js";

/** The page's document, of which no element hides a property or method. */
export const thisDocument = unclobbered(document);
