/** Dispatch `realtime:<name>` on `target`; false if its default was prevented. */
export function emit(target, name, detail) {
  const options = { detail, bubbles: true, cancelable: true };
  return target.dispatchEvent(new CustomEvent(`realtime:${name}`, options));
}
