/** Who listens to which channels, and how far each has been heard. */
export class Channels {
  #listeners = new Set();
  #positions = new Map();
  #left = new Set();

  /** The position of the last message of each channel. */
  get positions() {
    return Object.fromEntries(this.#positions);
  }

  /** Have `listener` hear the channels that fit `pattern`; returns what ends it. */
  on(pattern, listener) {
    const one = { pattern, listener };
    this.#listeners.add(one);
    this.#left.delete(pattern);
    return () => void this.#listeners.delete(one);
  }

  off(pattern, listener) {
    if (!listener) this.#left.add(pattern);
    for (const one of this.#listeners) {
      if (one.pattern === pattern && one.listener === (listener ?? one.listener)) this.#listeners.delete(one);
    }
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

  /** Hand a message to those who listen. */
  deliver({ channel, payload, position }) {
    for (const { pattern, listener } of [...this.#listeners]) {
      if (!fits(pattern, channel)) continue;
      try {
        listener(payload, { channel, position });
      } catch (error) {
        reportError(error); // one broken listener does not keep a message from the rest
      }
    }
  }
}

/** Whether `channel` fits `pattern`, in which `*` is any run of characters, the rest literal. */
function fits(pattern, channel) {
  const pieces = pattern.split("*").map((piece) => piece.replace(/\W/g, "\\$&"));
  return new RegExp(`^${pieces.join(".*")}$`, "s").test(channel);
}
