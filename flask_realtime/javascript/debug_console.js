const MOST = 20; // lines of one kind; more would hide the others
const LONGEST_TEXT = 200; // characters of a quoted value

/** Writes to the browser's console for the developer, and limits the lines of each kind. */
export class Console {
  #console;
  #counts = new Map();

  constructor(window) {
    this.#console = window.console;
  }

  /** Write about something that the app should do in another way. */
  warn(kind, text) {
    this.#say("warn", kind, text);
  }

  /** Write about something that is in order, and good to know. */
  info(kind, text) {
    this.#say("info", kind, text);
  }

  #say(level, kind, text) {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= MOST) this.#console[level](`realtime: ${text}`);
    if (count === MOST) this.#console.info("realtime: Further messages of this kind are not shown.");
  }
}

/** `value` as text on one line, cut if it is long. */
export function quoted(value) {
  const line = textOf(value).replace(/\s+/g, " ").trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)} …` : line;
}

function textOf(value) {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value); // a large integer, or an object that leads back to itself
  }
}
