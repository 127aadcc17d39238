const MOST = 1_000; // messages

/** What reaches the page while an answer is under way: what the answer puts into the page lacks it. */
export class Arrivals {
  #client;
  #before; // the positions of the page when the request was sent: the view has begun behind them
  #kept = [];
  #dropped = new Map(); // by channel: the last message that there was no room for
  #isShown = false;
  #isOfPart;

  /** @param {string} [target] the selector of the part of the page that the answer is for */
  constructor(client, target) {
    this.#client = client;
    this.#isOfPart = target;
    this.#before = client.parts.page.positions;
  }

  /**
   * Keep a message.
   * @param {(part?: Element) => void} [change] makes the change of the page's HTML that the message asks
   *   for; with `part`, as far as it concerns that part of the page
   */
  add(message, change) {
    // The scripts of a page stay, and have been told, if the answer is for a part of it.
    if (change ? this.#isShown : this.#isOfPart) return;
    if (this.#kept.push({ message, change }) <= MOST) return;
    const { message: dropped } = this.#kept.shift();
    this.#dropped.set(dropped.channel, dropped);
  }

  /**
   * Make the changes again, in the page, or in the part of it, whose former content `answer` has replaced.
   * @param {() => Element|null} [find] returns that part: one of the changes may put another into its place
   */
  show(answer, find = () => undefined) {
    this.#isShown = true;
    this.#client.renew?.(find() ?? document);
    for (const { message, change } of this.#kept) {
      const part = find();
      if (part !== null && change && this.lacks(answer, message)) change(part);
    }
    const lost = [...this.#dropped.values()].filter((message) => this.lacks(answer, message));
    if (lost.length) this.#client.lose(lost.map(({ channel }) => channel));
  }

  /** Call the listeners that the scripts of the page have added since the messages came. */
  deliver(answer) {
    const { channels } = this.#client.parts;
    for (const { message, change } of this.#kept) if (!change && this.lacks(answer, message)) channels.deliver(message);
  }

  /** Whether a message came after the view that made `answer` had begun, to a page that still hears it. */
  lacks({ positions, left }, { channel, position }) {
    const [epoch, seq] = (position ?? "").split(":");
    // No prototype: a channel may be named "constructor".
    const known = { __proto__: null, ...this.#before, ...positions };
    const [epochOfView, seqOfView] = (known[channel] ?? "").split(":");
    return !(left.includes(channel) || (epoch === epochOfView && +seq <= +seqOfView));
  }
}
