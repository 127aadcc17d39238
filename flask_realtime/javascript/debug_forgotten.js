import { quoted } from "./debug_console.js";
import { inexactIn } from "./debug_numbers.js";

const PATIENCE_OF_APPS = 1_000; // ms after which a reply that no script has looked at is reported

/** Warns about failed replies that no script looks at, and about integers that JavaScript cannot hold. */
export class Forgotten {
  #window;
  #console;

  constructor(window, client, console) {
    this.#window = window;
    this.#console = console;
    const methodOf = (options) => String(options?.method ?? "get").toUpperCase();
    this.#watch(client, "call", (uri, options) => `${methodOf(options)} ${uri}`);
    this.#watch(client, "send", (action) => `The handler ${action}`);
    window.addEventListener("realtime:error", (event) => this.#hearError(event), true);
    const hear = ({ detail }) => this.#check(`A push on ${detail.channel}`, detail.payload);
    window.addEventListener("realtime:push", hear, true);
  }

  /** Wrap the method `name` of the client: check what it sends, and whether scripts look at its replies. */
  #watch(client, name, describe) {
    const method = client[name];
    client[name] = async (...asked) => {
      const what = describe(...asked);
      const [, options] = asked;
      this.#check(`What is sent with ${what}`, name === "send" ? options : (options?.json ?? options?.input));
      const reply = await method.apply(client, asked);
      this.#check(`The reply to ${what}`, reply.body);
      if (reply.status >= 400) this.#expectLook(reply, what);
      return reply;
    };
  }

  #expectLook(reply, what) {
    const { status, body } = reply;
    noteLook(reply, "status", () => this.#window.clearTimeout(timer));
    const text = `${what} was answered ${status}, but no script has read the status of the reply: ${quoted(body)}`;
    const timer = this.#window.setTimeout(() => this.#console.warn("reply", text), PATIENCE_OF_APPS);
  }

  #hearError(event) {
    const { target, detail: error } = event;
    noteLook(event, "detail", () => this.#window.clearTimeout(timer));
    const timer = this.#window.setTimeout(() => {
      if (event.defaultPrevented) return;
      const tag = target.cloneNode?.().outerHTML?.split("</")[0] ?? "A form that has left the page";
      const body = error.status ? ` ${quoted(error.body)}` : "";
      this.#console.warn("error", `${tag}: ${error.message} No listener of realtime:error has read event.detail.${body}`);
    });
  }

  #check(what, value) {
    const [number] = inexactIn(value);
    if (number === undefined) return;
    const advice = "JavaScript may have changed its last digits; send it as text";
    this.#console.warn("number", `${what} holds ${number}, an integer beyond 2**53: ${advice}.`);
  }
}

/** Call `looked` when `object[name]` is read for the first time. */
function noteLook(object, name, looked) {
  const value = object[name];
  const become = { configurable: true, enumerable: true };
  Object.defineProperty(object, name, {
    ...become,
    get() {
      Object.defineProperty(object, name, { ...become, value, writable: true });
      looked();
      return value;
    },
  });
}
