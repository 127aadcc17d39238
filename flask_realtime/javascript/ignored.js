/** What stands below `data-realtime-ignore`, as what people write may, is not heeded. */
export function isIgnored(element) {
  if (element.closest("[data-realtime-ignore]")) return true;
  const { host } = element.getRootNode();
  return Boolean(host) && isIgnored(host);
}
