/** Warn about fragments that change nothing, because no element of the page fits their target. */
export function tellOfMisfits(window, console) {
  window.addEventListener("realtime:html", ({ detail: { channel, fragments = [] } }) => {
    for (const { action, target } of fragments) {
      if (action === "reload" || isSelector(window, target)) continue;
      console.warn("selector", `A fragment on ${channel} (${action}) has the target ${target}, which is not a valid CSS selector.`);
    }
  });
  window.addEventListener("realtime:untargeted", ({ detail: { channel, action, target } }) => {
    if (isSelector(window, target)) console.warn("target", `A fragment on ${channel} (${action}) has the target ${target}, which fits no element of this page.`);
  });
}

function isSelector(window, target) {
  try {
    window.document.createDocumentFragment().querySelector(target);
    return true;
  } catch {
    return false;
  }
}
