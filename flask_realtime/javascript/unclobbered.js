/**
 * `node` with the properties of its kind, whatever the elements in it are named: a field named
 * `getAttribute` stands before a form's method, and an image named `body` before a document's body.
 */
export function unclobbered(node) {
  return new Proxy(node, {
    get(_, name) {
      const value = Reflect.get(Object.getPrototypeOf(node), name, node);
      return typeof value === "function" ? value.bind(node) : value;
    },
  });
}
