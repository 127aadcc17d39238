/**
 * Dispatch `realtime:<name>` on `target`; false if its default was prevented.
 *
 * @param {EventTarget} target whose own `dispatchEvent` may be a field, or an image, of that name
 */
export function emit(target, name, detail) {
  const event = new CustomEvent(`realtime:${name}`, { detail, bubbles: true, cancelable: true });
  return EventTarget.prototype.dispatchEvent.call(target, event);
}
