/**
 * The document's own property or method `name`. Elements can hide it: with `<img name="body">` in the
 * page, `document.body` is that image.
 */
export function own({ Document, document }, name) {
  return Reflect.get(Document.prototype, name, document);
}
