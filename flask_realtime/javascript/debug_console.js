const MOST = 20; // of one kind; more would only hide the rest
const LONGEST_TEXT = 200; // characters of what is quoted

/** The browser's console, which a developer reads. */
export class Console {
  #console;
  #counts = new Map();

  constructor(window) {
    this.#console = window.console;
  }

  /** Say what the app should mend. */
  warn(kind, text) {
    this.#say("warn", kind, text);
  }

  /** Say what is well, and good to know. */
  info(kind, text) {
    this.#say("info", kind, text);
  }

  #say(level, kind, text) {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= MOST) this.#console[level](`realtime: ${text}`);
    if (count === MOST) this.#console.info("realtime: More of this kind is not told.");
  }
}

/** `value` as a text that fits a line. */
export function quoted(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)} …` : line;
}
