const LARGEST_INTEGER = 2 ** 64; // of databases; what is larger was meant to be inexact

/** The integers in `value`, any JSON, or a form's fields, that JavaScript cannot tell from their neighbours. */
export function* inexactIn(value) {
  if (typeof value === "number") {
    const isInexact = Number.isInteger(value) && !Number.isSafeInteger(value);
    if (isInexact && Math.abs(value) <= LARGEST_INTEGER) yield value;
  } else if (value && typeof value === "object") {
    const parts = value[Symbol.iterator] ? value : Object.values(value);
    for (const part of parts) yield* inexactIn(part);
  }
}
