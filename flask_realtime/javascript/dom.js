/**
 * What a document really has under `name`: an element can hide it, as `<img name="body">` hides
 * `document.body`, and with it everything that scripts look for there.
 */
export function own({ Document, document }, name) {
  return Reflect.get(Document.prototype, name, document);
}
