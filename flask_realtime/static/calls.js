import { RealtimeError } from "./errors.js";

const CALL_TIMEOUT = 30_000; // ms

/** The messages that wait for their replies: each is sent at most once. */
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

  /** Send `message`, now or when the socket is open; resolves with the reply. */
  send(message, timeout = CALL_TIMEOUT) {
    const id = String(++this.#count);
    const text = JSON.stringify({ ...message, id });
    return new Promise((resolve, reject) => {
      const timer = this.#window.setTimeout(
        () => this.#fail(id, "RealtimeTimeout", `No reply within ${timeout} ms.`),
        timeout,
      );
      this.#pending.set(id, { text, resolve, reject, timer, wasSent: this.#write(text) });
    });
  }

  /** The socket is open: send what waits. */
  flush() {
    for (const call of this.#pending.values()) call.wasSent ||= this.#write(call.text);
  }

  /** A reply has come. */
  settle(reply) {
    this.#take(reply.id)?.resolve(reply);
  }

  /** The socket went down: what was sent gets no reply, and may have been acted on; any such? */
  interrupt() {
    const sent = [...this.#pending].filter(([, { wasSent }]) => wasSent);
    for (const [id] of sent) {
      this.#fail(id, "RealtimeInterrupted", "The socket went down before the reply.");
    }
    return sent.length > 0;
  }

  /** The socket will not come back: what waits for it is not sent. */
  end() {
    for (const id of this.#pending.keys()) this.#fail(id, "RealtimeClosed", "The socket is closed.");
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
