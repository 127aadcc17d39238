/**
 * `value` as JSON. Some libraries give all arrays a method `toJSON` by which they become texts: Prototype 1.6 does.
 * One that an array has of its own, or by its class, is heeded.
 */
export function jsonOf(value) {
  return JSON.stringify(value, function (key, given) {
    const one = this[key];
    return one?.toJSON === [].toJSON ? one : given;
  });
}
