/** Whether `element` is in a part of the page with `data-realtime-ignore`, for what users have written. */
export function isIgnored(element) {
  if (element.closest("[data-realtime-ignore]")) return true;
  const { host } = element.getRootNode();
  return Boolean(host) && isIgnored(host);
}
