export const RESUME_ID = "0"; // the id of a socket's first message; the ids of others begin at 1
const SPEAKS = 2; // the version of the wire format that this client understands

/** One rendered page, as the server knows it: its id, and the last position of each of its channels. */
export class Page {
  #connectionId;
  #positions = new Map();
  #told = new Set();
  #isNew = true;
  #isKnown;

  constructor(connectionId) {
    this.#connectionId = connectionId;
  }

  get connectionId() {
    return this.#connectionId;
  }

  /** By channel: the position of the last message, or of the beginning. */
  get positions() {
    return Object.fromEntries(this.#positions);
  }

  /** The text of the first message on each socket. */
  get greeting() {
    return JSON.stringify({ id: RESUME_ID, action: "resume", positions: this.positions, speaks: SPEAKS });
  }

  /** Note the position of a message on `channel`. Returns false if the page has had it before. */
  advance(channel, position) {
    const [epoch, seq] = position.split(":");
    const [lastEpoch, lastSeq] = (this.#positions.get(channel) ?? ":").split(":");
    if (epoch === lastEpoch && +seq <= +lastSeq) return false;
    this.#positions.set(channel, position);
    return true;
  }

  /** Note that the page is no longer subscribed to `channel`. */
  leave(channel) {
    this.#positions.delete(channel);
  }

  /** Note that messages before `position` are lost. Returns false if the page was told so before. */
  lose(channel, position) {
    const isTold = this.#told.delete(channel);
    this.#positions.delete(channel);
    return this.advance(channel, position) && !isTold;
  }

  /**
   * Note what the server says in its reply to the greeting.
   * @param {() => boolean} isSubscribed whether the HTML says that a view subscribed the page
   * @returns {boolean} whether the server has forgotten the page's subscriptions
   */
  resume({ known, lost = [], left = [], positions }, isSubscribed) {
    for (const channel of [...lost, ...left]) this.#positions.delete(channel);
    this.#positions = new Map(Object.entries({ ...positions, ...this.positions }));
    // A page out of a cache: the server still knows its id, but no longer its subscriptions.
    const isDeaf = this.#isNew && positions && !this.#positions.size && !lost.length && !left.length;
    // The server does not know pages that never had a subscription; they have lost nothing.
    const wasKnown = this.#isNew ? isSubscribed() : this.#isKnown;
    this.#isNew = false;
    this.#isKnown = known;
    this.#told = new Set(lost);
    return Boolean(wasKnown && (!known || isDeaf));
  }
}
