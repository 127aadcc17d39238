export const RESUME_ID = "0"; // of the first message of a socket; those of calls begin at 1
const SPEAKS = 2; // the version of the wire format

/** One rendered page, as its server knows it: its id, and how far each of its channels was heard. */
export class Page {
  #connectionId;
  #positions = new Map();
  #told = new Set();
  #isNew = true;
  #isKnown;
  #wasKnown;

  constructor(connectionId) {
    this.#connectionId = connectionId;
  }

  get connectionId() {
    return this.#connectionId;
  }

  /** Whether the server knows it, or never had a reason to. */
  get isInOrder() {
    return this.#isKnown || !this.#wasKnown;
  }

  /** Where each channel was heard up to, or begins. */
  get positions() {
    return Object.fromEntries(this.#positions);
  }

  /** The first message of each socket. */
  get greeting() {
    const { positions } = this;
    return JSON.stringify({ id: RESUME_ID, action: "resume", positions, speaks: SPEAKS });
  }

  /** Note that `channel` was heard up to `position`; false if it had been already. */
  advance(channel, position) {
    const [epoch, seq] = position.split(":");
    const [lastEpoch, lastSeq] = (this.#positions.get(channel) ?? ":").split(":");
    if (epoch === lastEpoch && +seq <= +lastSeq) return false;
    this.#positions.set(channel, position);
    return true;
  }

  /** Note that the page is on `channel` no more. */
  leave(channel) {
    this.#positions.delete(channel);
  }

  /** Note that what came on `channel` before `position` is lost; false if that was told already. */
  lose(channel, position) {
    const isTold = this.#told.delete(channel);
    this.#positions.delete(channel);
    return this.advance(channel, position) && !isTold;
  }

  /**
   * Take up what the server answers to a resume.
   * @param {() => boolean} isSubscribed whether its HTML says that it was rendered subscribed
   * @returns {boolean} whether the server has forgotten what the page was subscribed to
   */
  resume({ known, lost = [], left = [], positions }, isSubscribed) {
    for (const channel of [...lost, ...left]) this.#positions.delete(channel);
    for (const channel in positions) {
      if (!this.#positions.has(channel)) this.#positions.set(channel, positions[channel]);
    }
    // The server knows a page out of a cache from its last time, but not its subscriptions.
    const isDeaf = this.#isNew && positions && !this.#positions.size && !lost.length && !left.length;
    // Of a page that never was subscribed it knows nothing, and nothing of it is lost.
    const wasKnown = this.#isNew ? isSubscribed() : this.#isKnown;
    this.#wasKnown ||= wasKnown;
    this.#isNew = false;
    this.#isKnown = known;
    this.#told = new Set(lost);
    return Boolean(wasKnown && (!known || isDeaf));
  }
}
