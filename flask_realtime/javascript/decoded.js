/** `text` without its escapes by "%": of UTF-8 or, if it is none, of ISO-8859-1. */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return unescape(text);
  }
}
