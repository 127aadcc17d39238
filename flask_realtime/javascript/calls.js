import { RealtimeError } from "./errors.js";

const CALL_TIMEOUT = 30_000; // ms
const LONGEST_TIMER = 2 ** 31 - 1; // ms; browsers run what is set for later at once

/** The messages that wait for their replies: each is sent once, or can be sent twice. */
export class Calls {
  #window;
  #write;
  #pending = new Map();
  #count = 0;

  /** @param {(text: string) => boolean} write sends a text; false if it can't now */
  constructor(window, write) {
    this.#window = window;
    this.#write = write;
  }

  /** Whether anything that was sent has no reply yet. */
  get isAwaiting() {
    return [...this.#pending.values()].some(({ isOut }) => isOut);
  }

  /**
   * Send `message`, now or when the socket is open; resolves with the reply.
   * @param {number} [timeout] milliseconds; 0 and Infinity: no limit
   * @param {boolean} isRepeatable whether to send it again if the socket goes down before the reply
   */
  send(message, timeout, isRepeatable) {
    const limit = limitOf(timeout);
    const id = String(++this.#count);
    const text = JSON.stringify({ ...message, id });
    return new Promise((resolve, reject) => {
      const expire = () => this.#fail(id, "RealtimeTimeout", `No reply within ${limit} ms.`);
      const timer = limit && this.#window.setTimeout(expire, limit);
      const call = { text, resolve, reject, timer, isRepeatable };
      this.#pending.set(id, call);
      this.#send(call);
    });
  }

  /** The socket is open: send what waits. */
  flush() {
    for (const call of this.#pending.values()) if (!call.isOut) this.#send(call);
  }

  /** A reply has come. */
  settle(reply) {
    this.#take(reply.id)?.resolve(reply);
  }

  /** The socket went down: messages that were sent get no reply. Returns whether there were any. */
  interrupt() {
    const sent = [...this.#pending].filter(([, { isOut }]) => isOut);
    for (const [id, call] of sent) {
      if (call.isRepeatable) call.isOut = false;
      else this.#fail(id, "RealtimeInterrupted", "The socket went down before the reply.");
    }
    return sent.length > 0;
  }

  /** The socket will not come back: messages that wait for it are rejected. */
  end() {
    for (const id of this.#pending.keys()) this.#fail(id, "RealtimeClosed", "The socket is closed.");
  }

  #send(call) {
    call.isOut = this.#write(call.text);
    call.wasSent ||= call.isOut;
  }

  #fail(id, name, message) {
    const { reject, wasSent } = this.#take(id);
    reject(new RealtimeError(name, message, wasSent));
  }

  #take(id) {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    this.#window.clearTimeout(call?.timer);
    return call;
  }
}

/** Milliseconds to wait for a reply; 0: for ever. */
export function limitOf(timeout) {
  const limit = timeout ?? CALL_TIMEOUT;
  if (!(limit >= 0)) throw new TypeError(`realtime: timeout is ${limit}; give milliseconds, or 0 for no limit.`);
  return limit > LONGEST_TIMER ? 0 : limit;
}
