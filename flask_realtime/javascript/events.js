/**
 * Dispatch the event `realtime:<name>` on `target`. Returns false if its default was prevented.
 *
 * @param {EventTarget} target a form may have a field named `dispatchEvent` in place of the method
 */
export function emit(target, name, detail) {
  const event = new CustomEvent(`realtime:${name}`, { detail, bubbles: true, cancelable: true });
  return EventTarget.prototype.dispatchEvent.call(target, event);
}
