/**
 * Returns a proxy of `node` on which no element hides a property or method. Without it, a field named
 * `getAttribute` hides that method of its form, and an image named `body` the body of the document.
 */
export function unclobbered(node) {
  return new Proxy(node, {
    get(_, name) {
      const value = Reflect.get(Object.getPrototypeOf(node), name, node);
      return typeof value === "function" ? value.bind(node) : value;
    },
  });
}
