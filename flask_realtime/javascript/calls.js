import { RealtimeError } from "./errors.js";
import { jsonOf } from "./wire_json.js";

const LONGEST_TIMER = 2 ** 31 - 1; // ms; browsers run a longer timer at once

/**
 * The messages that have no reply yet. A message is sent twice only if it is repeatable, or if the server has sent
 * it back.
 */
export class Calls {
  #window;
  #write;
  #pending = new Map();
  #count = 0;

  /** @param {(text: string) => boolean} write sends a text; returns false if there is no open socket */
  constructor(window, write) {
    this.#window = window;
    this.#write = write;
  }

  /** Whether a message that was sent has no reply yet. */
  get isAwaiting() {
    return [...this.#pending.values()].some(({ isOut }) => isOut);
  }

  /**
   * Send `message`, now or as soon as the socket is open. Resolves with the reply.
   * @param {number} [timeout] milliseconds to wait for the reply; 0 and Infinity: no limit
   * @param {boolean} [isRepeatable] whether to send it again if the socket goes down before the reply
   * @param {boolean} [isPatient] whether to wait for the reply without a limit once it was sent
   */
  send(message, timeout, isRepeatable, isPatient) {
    const limit = limitOf(timeout);
    const id = `${++this.#count}`;
    // The id first, and next what handles the message: the server reads these without the rest.
    const frame = jsonOf({ id, ...message });
    return new Promise((fulfill, reject) => {
      const call = { frame, fulfill, reject, isRepeatable };
      const wait = () => {
        call.timer = limit && this.#window.setTimeout(() => {
          if (isPatient && call.isOut) wait();
          else this.#fail(id, "RealtimeTimeout", `No reply within ${limit} ms.`);
        }, limit);
      };
      wait();
      this.#pending.set(id, call);
      this.#send(call);
    });
  }

  /** Send the messages that wait. Called when the socket has opened. */
  flush() {
    for (const call of this.#pending.values()) if (!call.isOut) this.#send(call);
  }

  /** Resolve the promise of the message that `reply` answers, or keep a message that was sent back. */
  settle(reply) {
    const call = this.#pending.get(reply.id);
    if (call && reply.refused === "reconnect") call.isOut = call.wasSent = false;
    else this.#take(reply.id)?.fulfill(reply);
  }

  /**
   * Reject the messages that were sent, since the socket broke; keep those that are repeatable.
   * @param {CloseEvent} [end] says why it broke
   * @returns {boolean} whether any message had been sent
   */
  interrupt({ reason } = {}) {
    const { isAwaiting } = this;
    const most = /larger than (\d+)/.exec(reason)?.[1]; // bytes; undefined: it broke for another reason
    for (const [id, call] of this.#pending) {
      // The server has not read it, and would close the next socket too.
      const isTooBig = new Blob([call.frame]).size > most;
      call.wasSent &&= !isTooBig;
      if (isTooBig || (call.isOut && !call.isRepeatable)) {
        this.#fail(id, "RealtimeInterrupted", reason || "The socket went down.");
      }
      call.isOut = false;
    }
    return isAwaiting;
  }

  /** Reject all messages: the socket is closed for good. */
  end() {
    for (const id of this.#pending.keys()) this.#fail(id, "RealtimeClosed", "The socket is closed.");
  }

  #send(call) {
    call.isOut = this.#write(call.frame);
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

/** The milliseconds to wait for a reply, for the option `timeout`: half a minute by default; 0: no limit. */
export function limitOf(timeout) {
  const limit = timeout ?? 30_000;
  if (!(limit >= 0)) throw new TypeError(`realtime: ${limit} is no timeout.`);
  return limit > LONGEST_TIMER ? 0 : limit;
}
