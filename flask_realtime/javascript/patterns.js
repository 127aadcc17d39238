export const isPattern = (name) => name.includes("*");

/**
 * A function that says whether a channel's name fits `pattern`, in which `*` is any run of
 * characters, an empty one too, and the rest is literal. No regular expression: one such as
 * `*a*a*a*` would backtrack for minutes over a long name. This takes time in proportion to the
 * name's length, as the server's matcher does.
 */
export function matcher(pattern) {
  const [head, ...middle] = pattern.split("*");
  const tail = middle.pop();
  return (name) => {
    const end = name.length - tail.length;
    if (end < head.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    let start = head.length;
    for (const piece of middle) {
      const found = name.indexOf(piece, start);
      if (found < 0) return false;
      start = found + piece.length;
    }
    return start <= end;
  };
}
