import { isPattern, matcher } from "./patterns.js";

/** Who listens to which channels, and how far each has been heard. */
export class Channels {
  #named = new Map(); // by channel: those who listen to it alone
  #patterned = new Set();
  #count = 0;
  #former = 0; // how many had begun before the page was replaced by another
  #positions = new Map();
  #left = new Set();

  /** The position of the last message of each channel. */
  get positions() {
    return Object.fromEntries(this.#positions);
  }

  /** Have `listener` hear the channels that fit `pattern`; returns what ends it. */
  on(pattern, listener) {
    // A script that the new page has too runs again: it hears in place of its former self.
    this.#remove(pattern, (one) => one.number < this.#former && `${one.listener}` === `${listener}`);
    const one = { pattern, listener, number: this.#count++ };
    if (isPattern(pattern)) {
      this.#patterned.add({ ...one, fits: matcher(pattern) });
    } else {
      this.#named.set(pattern, (this.#named.get(pattern) ?? new Set()).add(one));
    }
    this.#left.delete(pattern);
    return () => this.#remove(pattern, ({ number }) => number === one.number);
  }

  off(pattern, listener) {
    if (!listener) this.#left.add(pattern);
    this.#remove(pattern, (one) => !listener || one.listener === listener);
  }

  /** Another page has come into the document: its scripts run, and may listen once more. */
  turnPage() {
    this.#former = this.#count;
  }

  /** Note that `channel` was heard up to `position`; false if it had been already. */
  advance(channel, position) {
    const [epoch, seq] = position.split(":");
    const [lastEpoch, lastSeq] = (this.#positions.get(channel) ?? ":").split(":");
    if (epoch === lastEpoch && +seq <= +lastSeq) return false;
    this.#positions.set(channel, position);
    return true;
  }

  /** Forget where `channel` was; true if the page has left it, with all of its listeners. */
  forget(channel) {
    this.#positions.delete(channel);
    return this.#left.has(channel);
  }

  /** Hand a message to those who listen, in the order in which they began. */
  deliver({ channel, payload, position }) {
    for (const { listener } of this.#listenersOf(channel)) {
      try {
        listener(payload, { channel, position });
      } catch (error) {
        reportError(error); // one broken listener does not keep a message from the rest
      }
    }
  }

  #listenersOf(channel) {
    const fitting = [...this.#patterned].filter(({ fits }) => fits(channel));
    return [...(this.#named.get(channel) ?? []), ...fitting].sort((one, other) => one.number - other.number);
  }

  #remove(pattern, isMeant) {
    const named = this.#named.get(pattern);
    for (const one of named ?? this.#patterned) {
      if (one.pattern === pattern && isMeant(one)) (named ?? this.#patterned).delete(one);
    }
    if (!named?.size) this.#named.delete(pattern);
  }
}
