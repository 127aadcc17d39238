import { emit } from "./events.js";

const MOST = 1_000; // messages

/** What reaches the page while the answer to a form is under way: the page that answers lacks it. */
export class Arrivals {
  #client;
  #before; // the positions of the page when the form was sent: the view has begun behind them
  #kept = [];
  #dropped = new Map(); // by channel: the last message that there was no room for
  #isShown = false;

  constructor(client) {
    this.#client = client;
    this.#before = client.parts.page.positions;
  }

  /**
   * Keep a message.
   * @param {() => void} [change] makes the change of the page's HTML that the message asks for
   */
  add(message, change) {
    if (change && this.#isShown) return;
    if (this.#kept.push({ message, change }) <= MOST) return;
    const { message: dropped } = this.#kept.shift();
    this.#dropped.set(dropped.channel, dropped);
  }

  /** Make the changes again, in the page that `answer` has put into the place of the former one. */
  show(answer) {
    this.#isShown = true;
    for (const { message, change } of this.#kept) if (change && this.#lacks(answer, message)) change();
    const channels = [...this.#dropped.keys()].filter((name) => this.#lacks(answer, this.#dropped.get(name)));
    if (channels.length && emit(document, "lost", { channels })) this.#client.expire();
  }

  /** Call the listeners that the scripts of the page have added since the messages came. */
  deliver(answer) {
    const { channels } = this.#client.parts;
    for (const { message, change } of this.#kept) if (!change && this.#lacks(answer, message)) channels.deliver(message);
  }

  /** Whether a message came after the view that made `answer` had begun, to a page that still hears it. */
  #lacks({ positions, left }, { channel, position }) {
    const [epoch, seq] = (position ?? "").split(":");
    const [epochOfView, seqOfView] = (positions[channel] ?? this.#before[channel] ?? "").split(":");
    return !(left.includes(channel) || (epoch === epochOfView && +seq <= +seqOfView));
  }
}
