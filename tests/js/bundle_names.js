/**
 * The browser's own names that the modules use, which the build reads from the window. What scripts declare
 * by const, let or class is no property of it: a page with a class of its own named Map, say, would be left
 * without a client.
 */
export const BUILT_INS = words(`
  AbortController AbortSignal Array Blob CSS CustomEvent DOMParser Date Error EventTarget File FormData
  HTMLFormElement HTMLTemplateElement Headers JSON Map Math Number Object Promise Proxy Reflect RegExp Set String
  Symbol TextDecoder TypeError URL URLSearchParams Uint8Array WeakMap WeakSet btoa console decodeURIComponent
  queueMicrotask reportError unescape`);

/**
 * The modules' own properties that the build shortens. Each is used within one script: an app may have bundled
 * one of them itself, with the properties' whole names.
 */
export const OWN = words(`
  advance arrivals arrive arrived changed check covers expect flush frame fulfill greet greeting hasLeft heard held interrupt
  isAttachment isAwaiting isEmpty isError isForm isHTML isOut isPutOff isRepeatable isSandbox isSubscribed
  isTypedInto isUnderWay lacks listener next number pattern rank receive reject rest restoreFocus sessionUrl settle
  settled socketUrl start stop take timer turnPage welcome`);

function words(text) {
  return text.trim().split(/\s+/);
}
