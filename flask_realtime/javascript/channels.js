import { isPattern, matcher } from "./patterns.js";

/** Who listens to which channels. */
export class Channels {
  #isEarly;
  #named = new Map(); // by channel: those who listen to it alone
  #patterned = new Set();
  #count = 0;
  #former = 0; // how many had begun before the page was replaced by another
  #left = new Set();
  #kept = [];

  /** @param {() => boolean} isEarly whether scripts that will listen may not have come so far */
  constructor(isEarly = () => false) {
    this.#isEarly = isEarly;
  }

  /** Have `listener` hear the channels that fit `pattern`; returns what ends it. */
  on(pattern, listener) {
    if (typeof listener !== "function") throw new TypeError("realtime.on: no function.");
    // A script that the new page has too runs again: it hears in place of its former self.
    this.#remove(pattern, (one) => one.number < this.#former && `${one.listener}` === `${listener}`);
    const fits = isPattern(pattern) && matcher(pattern);
    const one = { pattern, listener, fits, number: this.#count++ };
    if (fits) this.#patterned.add(one);
    else this.#named.set(pattern, (this.#named.get(pattern) ?? new Set()).add(one));
    this.#left.delete(pattern);
    // Behind the listeners that the same script is about to add.
    if (this.#kept.length) queueMicrotask(() => this.#takeKept().forEach((message) => this.deliver(message)));
    return () => this.#remove(pattern, (other) => other === one);
  }

  off(pattern, listener) {
    if (!listener) this.#left.add(pattern);
    this.#remove(pattern, (one) => !listener || one.listener === listener);
  }

  /** Another page has come into the document: its scripts run, and may listen once more. */
  turnPage() {
    this.#former = this.#count;
  }

  /** Whether the page has left `channel`, with all of its listeners. */
  hasLeft(channel) {
    return this.#left.has(channel);
  }

  /** Hand a message to those who listen. */
  deliver(message) {
    const { channel, payload, position } = message;
    const listeners = this.listenersOf(channel);
    if (!listeners.length) this.#kept = [...this.#takeKept(), message];
    for (const { listener } of listeners) {
      try {
        listener(payload, { channel, position });
      } catch (error) {
        reportError(error); // one broken listener does not keep a message from the rest
      }
    }
  }

  /** What nobody has listened to so far, and somebody may yet. */
  #takeKept() {
    const kept = this.#isEarly() ? this.#kept : [];
    this.#kept = [];
    return kept;
  }

  /** Those who listen to `channel`, in the order in which they began. */
  listenersOf(channel) {
    const fitting = [...this.#patterned].filter(({ fits }) => fits(channel));
    return [...(this.#named.get(channel) ?? []), ...fitting].sort((one, other) => one.number - other.number);
  }

  #remove(pattern, isMeant) {
    const all = this.#named.get(pattern) ?? this.#patterned;
    for (const one of all) if (one.pattern === pattern && isMeant(one)) all.delete(one);
    if (!all.size) this.#named.delete(pattern);
  }
}
