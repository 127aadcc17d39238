/**
 * The reason why a promise was rejected. Its `name` is one of
 *
 * - `RealtimeTimeout`: no reply came within the timeout;
 * - `RealtimeInterrupted`: the message was sent, but the socket broke before the reply came; or, if
 *   `wasSent` is false, the script that makes calls by HTTP could not be loaded;
 * - `RealtimeClosed`: the socket is closed for good, by `close()` or by the server;
 * - `RealtimeRefused`: the app answered a form or a link with an error (only in `realtime:error`).
 */
export class RealtimeError extends Error {
  /** @param {boolean} wasSent whether the server may have acted on the message, or may still do so */
  constructor(name, message, wasSent = false) {
    super(message);
    this.name = name;
    this.wasSent = wasSent;
  }
}
