const LARGEST_INTEGER = 2 ** 64; // as databases have them; a larger number is likely not meant to be exact

/** The integers in `value` (any JSON, or the fields of a form) that JavaScript cannot hold exactly. */
export function* inexactIn(value, seen = new Set()) {
  if (typeof value === "number") {
    const isInexact = Number.isInteger(value) && !Number.isSafeInteger(value);
    if (isInexact && Math.abs(value) <= LARGEST_INTEGER) yield value;
  } else if (value && typeof value === "object" && !seen.has(value)) {
    seen.add(value); // it may lead back to itself
    const parts = value[Symbol.iterator]?.() ?? Object.values(value);
    if (parts === value) return; // an iterator, which gives its parts only once
    for (const part of parts) yield* inexactIn(part, seen);
  }
}
