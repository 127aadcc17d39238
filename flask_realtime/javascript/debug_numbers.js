const LARGEST_INTEGER = 2 ** 64; // as databases have them; a larger number is likely not meant to be exact

/** The integers in `value` (any JSON, or the fields of a form) that JavaScript cannot hold exactly. */
export function* inexactIn(value) {
  if (typeof value === "number") {
    const isInexact = Number.isInteger(value) && !Number.isSafeInteger(value);
    if (isInexact && Math.abs(value) <= LARGEST_INTEGER) yield value;
  } else if (value && typeof value === "object") {
    const parts = value[Symbol.iterator] ? value : Object.values(value);
    for (const part of parts) yield* inexactIn(part);
  }
}
