/**
 * The document's own property or method `name`. Elements can hide it: with `<img name="body">` in the
 * page, `document.body` is that image.
 */
export function own({ Document, document }, name) {
  return Reflect.get(Document.prototype, name, document);
}

/** The elements of the document that fit `selector`. */
export function all(window, selector) {
  return [...own(window, "querySelectorAll").call(window.document, selector)];
}
