/** Uses of the types, which TypeScript checks. This file is never run. */

import { Client } from "../../flask_realtime/javascript/client.js";
import { RealtimeError as ClientError } from "../../flask_realtime/javascript/errors.js";

// The client has all members that the types declare, and no others except internal ones.
type Internal = "ask" | "begin" | "served" | "policy" | "press" | "posted" | "expire" | "parts" | "typing" | "note" | "load" | "rendering" | "byHttp" | "leave" | "visits" | "lose";
declare const client: Client;
const asTyped: Realtime = client;
const asMade: Pick<Client, keyof Realtime> = client;
const nothingElse: Exclude<keyof Client, keyof Realtime | Internal> extends never ? true : false = true;
const error: Pick<RealtimeError, "wasSent"> = new ClientError("RealtimeClosed", "Closed.");

// A script of a page.
interface Message {
  text: string;
}

const end: () => void = realtime.on<Message>("room:1", ({ text }, { channel, position }) => {
  document.title = text + channel + position;
});
realtime.on("room:*", () => {});
realtime.off("room:1");
window.realtime.off("room:*", () => {});

async function script(form: HTMLFormElement): Promise<void> {
  const { status, headers, body } = await realtime.call<Message>("/rooms/1/messages", {
    method: "post",
    input: { text: "hi", many: [1, true, null] },
    headers: { "X-Mine": "1" },
    timeout: 5_000,
  });
  const text: string = body.text + headers["Content-Type"] + status.toFixed();
  await realtime.call("/rooms/1/messages", { method: "post", input: new FormData(form) });
  await realtime.call("/rooms/1/messages", { method: "put", json: [text] });
  await realtime.call("/rooms/1/messages");
  await realtime.send("shout", { text: "hi" }, { timeout: 500 });
  await realtime.send("shout");
  const message: Message = { text: "hi" };
  await realtime.send("shout", message);
  await realtime.send("shout", "hi", { timeout: null });
  await realtime.call("/rooms/1/messages", { method: "post", input: message, timeout: undefined });
  await realtime.call(new URL("/", location.href), { headers: new Headers({ "X-Mine": "1" }) });
  const { url = "", redirected = false } = await realtime.call("/", { headers: [["X-Mine", "1"]] });
  document.title = url + redirected;
  await (await realtime.fetch("/mine", { method: "POST" })).json();
}

document.addEventListener("realtime:push", ({ detail: { channel, payload, position } }) => {
  document.title = channel + payload + position;
});
document.addEventListener("realtime:lost", (event) => {
  if (event.detail.channels.includes("room:1")) event.preventDefault();
});
document.addEventListener("realtime:close", ({ detail: { code, reason, state } }) => {
  document.title = `${code.toFixed()} ${reason} ${state === "closed"}`;
});
document.addEventListener("realtime:identity", ({ detail: { code, reason } }) => {
  document.title = code.toFixed() + reason;
});
document.addEventListener("realtime:reply", ({ detail }) => detail.status.toFixed());
document.addEventListener("realtime:error", ({ detail }) => detail.wasSent);
window.addEventListener("realtime:push", ({ detail: { channel } }) => (document.title = channel));
addEventListener("realtime:lost", (event) => event.preventDefault());
document.querySelector("form")!.addEventListener("realtime:reply", ({ detail }) => detail.status.toFixed());
document.querySelector("form")!.addEventListener("realtime:error", ({ detail }) => detail.wasSent);

// @ts-expect-error: an unknown state
realtime.state === "closing";
// @ts-expect-error: the property is read-only
realtime.state = "open";
// @ts-expect-error: a listener is a function
realtime.on("room:1", "listener");
// @ts-expect-error: an unknown option
realtime.call("/", { data: {} });
// @ts-expect-error: `send` does not have the options of `call`
realtime.send("x", {}, { method: "post" });

export { asMade, asTyped, end, error, nothingElse, script };
