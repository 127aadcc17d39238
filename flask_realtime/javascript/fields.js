export const BOXES = /^(checkbox|radio)$/;

/** The part of a field that a visitor can change: whether it is checked, what is chosen, or its value. */
export function valueOf({ type, checked, value, selectedOptions }) {
  if (selectedOptions) return `${[...selectedOptions].map((one) => one.value)}`;
  return BOXES.test(type) ? checked : value;
}

/** What `valueOf` returned for the field before anybody changed it. */
export function cameWith(field) {
  const copy = field.cloneNode(true);
  // A copy of a list has the choices that the list came with. The browser corrects what is given to
  // other fields: a range without a value has the middle, and a time loses its seconds.
  if (!copy.selectedOptions) {
    copy.checked = copy.defaultChecked;
    copy.value = copy.files ? "" : copy.defaultValue;
  }
  return valueOf(copy);
}
