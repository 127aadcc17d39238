import { unclobbered } from "./unclobbered.js";

/** Whether `element` is in a part of the page with `data-realtime-ignore`, for what users have written. */
export function isIgnored(element) {
  const own = unclobbered(element);
  if (own.closest("[data-realtime-ignore]")) return true;
  const { host } = own.getRootNode();
  return Boolean(host) && isIgnored(host);
}
