/**
 * Why a promise was rejected. `name` is one of
 *
 * - `RealtimeTimeout`: no reply within the timeout;
 * - `RealtimeInterrupted`: it was sent, and the socket went down before the reply came;
 * - `RealtimeClosed`: the socket is closed for good, by `close()` or by the server.
 */
export class RealtimeError extends Error {
  /** @param {boolean} wasSent whether the server may have acted on it, or act on it yet */
  constructor(name, message, wasSent = false) {
    super(message);
    this.name = name;
    this.wasSent = wasSent;
  }
}
