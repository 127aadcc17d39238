import { quoted } from "./debug_console.js";

/** Warns about arguments for which the client does something else than meant, or fails in words of its own. */
export function tellOfArguments(window, client, console) {
  const warn = (text) => console.warn("argument", `realtime.${text}.`);
  const watch = (name, check) => {
    const method = client[name];
    client[name] = function (...given) {
      // Without debug mode this fails as well, in words that say less.
      if (this !== client) throw new TypeError(`realtime: ${name} was called alone; write realtime.${name}(…).`);
      check(...given);
      return method.apply(client, given);
    };
  };
  watch("on", (channel) => {
    if (typeof channel !== "string") warn(`on: the channel is ${quoted(channel)}, not a text`);
  });
  watch("off", (...given) => {
    const [channel, listener] = given;
    if (typeof channel !== "string") warn(`off: the channel is ${quoted(channel)}, not a text`);
    else if (given.length > 1 && !listener) {
      warn(`off: the listener is ${quoted(listener)}, which removes all listeners of ${channel}`);
    }
  });
  watch("call", (uri, options) => {
    if (uri == null) warn(`call: the address is ${quoted(uri)}, which leads to ${new URL(uri, window.document.baseURI)}`);
    if (options === null) warn("call: the options are null; leave them out");
    if (options?.input instanceof window.HTMLFormElement) warn("call: input is a form; give new FormData(form)");
  });
  watch("send", (action, data, options) => {
    if (typeof action !== "string") warn(`send: the action is ${quoted(action)}, not a text`);
    if (options === null) warn("send: the options are null; leave them out");
    const { FormData, HTMLFormElement } = window;
    if (data instanceof HTMLFormElement || data instanceof FormData) {
      warn("send: the data is a form, of which JSON has nothing; give Object.fromEntries(new FormData(form))");
    } else if (data instanceof Map || data instanceof Set) {
      warn("send: the data is a Map or Set, of which JSON has nothing; give Object.fromEntries(map), or [...set]");
    }
  });
}
