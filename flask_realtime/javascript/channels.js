import { isPattern, matcher } from "./patterns.js";

/** The listeners that the page's scripts have added, by channel and by pattern. */
export class Channels {
  #isEarly;
  #named = new Map(); // by channel: its listeners
  #patterned = new Set();
  #count = 0;
  #former = 0; // listeners of a lower rank were added before another page replaced this one
  #left = new Set();
  #told = new WeakMap(); // by message: listeners of a lower rank have got it
  #kept = [];

  /** @param {() => boolean} isEarly whether scripts of the page that add listeners may still be loading */
  constructor(isEarly) {
    this.#isEarly = isEarly;
  }

  /** Add a listener to a channel, or to all channels that fit a pattern. Returns a function to remove it. */
  on(pattern, listener) {
    if (typeof listener !== "function") throw new TypeError("realtime.on: no function.");
    // A script that both pages have runs again: its new listener replaces the one from before.
    this.#remove(pattern, (one) => one.rank < this.#former && `${one.listener}` === `${listener}`);
    const one = { pattern, listener, covers: matcher(pattern), rank: this.#count++ };
    if (isPattern(pattern)) this.#patterned.add(one);
    else this.#named.set(pattern, (this.#named.get(pattern) ?? new Set()).add(one));
    this.#left.delete(pattern);
    // In a microtask: the same script may be about to add further listeners.
    Promise.resolve().then(() => this.#takeKept().forEach((message) => this.deliver(message)));
    return () => this.#remove(pattern, (other) => other === one);
  }

  off(pattern, listener) {
    if (!listener) this.#left.add(pattern);
    this.#remove(pattern, (one) => !listener || one.listener === listener);
  }

  /** Note that another page has replaced this one: its scripts run, and may add the same listeners again. */
  turnPage() {
    this.#former = this.#count;
  }

  /** Whether `off` removed all listeners of `channel`, and nobody has added one since. */
  hasLeft(channel) {
    return this.#left.has(channel);
  }

  /** Call the listeners of a message's channel; the second time, only those that were added since. */
  deliver(message) {
    const { channel, payload, position } = message;
    const listeners = this.listenersOf(channel).filter(({ rank }) => !(rank < this.#told.get(message)));
    this.#told.set(message, this.#count);
    if (!listeners.length) this.#kept = [...this.#takeKept(), message];
    for (const { listener } of listeners) {
      try {
        listener(payload, { channel, position });
      } catch (error) {
        reportError(error); // an error of one listener must not keep the message from the others
      }
    }
  }

  /** Return the messages that had no listener, and forget them; none once all scripts have loaded. */
  #takeKept() {
    const kept = this.#isEarly() ? this.#kept : [];
    this.#kept = [];
    return kept;
  }

  /** The listeners of `channel`, in the order in which they were added. */
  listenersOf(channel) {
    const all = [...(this.#named.get(channel) ?? []), ...this.#patterned];
    return all.filter(({ covers }) => covers(channel)).sort((one, other) => one.rank - other.rank);
  }

  #remove(pattern, isMeant) {
    const all = this.#named.get(pattern) ?? this.#patterned;
    for (const one of all) if (one.pattern === pattern && isMeant(one)) all.delete(one);
    if (!all.size) this.#named.delete(pattern);
  }
}
