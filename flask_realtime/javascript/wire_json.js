/**
 * `value` as JSON. Some libraries give arrays a method `toJSON` by which they become texts: Prototype 1.6 does.
 */
export function jsonOf(value) {
  return JSON.stringify(value, function (key, given) {
    return Array.isArray(this[key]) ? this[key] : given;
  });
}
