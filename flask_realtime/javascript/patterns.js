export const isPattern = (name) => name.includes("*");

/**
 * Returns a function that says whether a channel's name fits `pattern`. In a pattern, `*` stands for any
 * characters, or none; all other characters stand for themselves. This is not a regular expression, which
 * for a pattern such as `*a*a*a*` would backtrack for minutes over a long name. The time is proportional
 * to the length of the name, as with the server's matcher.
 */
export function matcher(pattern) {
  const [head, ...middle] = pattern.split("*");
  const tail = middle.pop(); // undefined if the pattern is a name
  return (name) => {
    if (!name.startsWith(head)) return false;
    let rest = name.slice(head.length);
    for (const piece of middle) {
      const found = rest.indexOf(piece);
      if (found < 0) return false;
      rest = rest.slice(found + piece.length);
    }
    return tail === undefined ? rest === "" : rest.endsWith(tail);
  };
}
