import { Calls } from "./calls.js";
import { Channels } from "./channels.js";
import { Connection } from "./connection.js";
import { RealtimeError } from "./errors.js";
import { emit } from "./events.js";
import { Reload } from "./reload.js";
import { CONNECTION_ID_HEADER, Session } from "./session.js";

const RESUME_ID = "0"; // the id of that message; those of calls begin at 1

/** What `window.realtime` is: the page, as its server knows it. */
export class Client {
  #window;
  #connectionId;
  #isKnown;
  #channels = new Channels();
  #calls;
  #session;
  #connection;
  #reload;
  #told = new Set();

  /**
   * @param {string} page.connectionId
   * @param {string} page.socketUrl
   * @param {string} page.sessionUrl where cookies wait
   * @param {boolean} page.isSubscribed it was rendered with a subscription
   */
  constructor(window, { connectionId, socketUrl, sessionUrl, isSubscribed }) {
    this.#window = window;
    this.#connectionId = connectionId;
    this.#isKnown = isSubscribed;
    this.#reload = new Reload(window);
    this.#session = new Session(window, sessionUrl, connectionId);
    this.#connection = new Connection(window, socketUrl, {
      greet: () => greeting(this.#channels.positions),
      receive: (message) => this.#receive(message),
      change: (...change) => this.#change(...change),
      isRefused: () => this.#session.isRefused(),
    });
    this.#calls = new Calls(window, (text) => this.#connection.send(text));
    window.addEventListener("realtime:page", () => this.#channels.turnPage());
  }

  /**
   * Whether it has a socket, or waits for the next attempt, or is closed for good.
   * @returns {RealtimeState}
   */
  get state() {
    return this.#connection.state;
  }

  /** The id by which the server knows this page. */
  get connectionId() {
    return this.#connectionId;
  }

  /** Open the socket now, and keep it open; the page does so by itself. */
  connect() {
    this.#connection.open();
  }

  /** Close the socket and stay away. */
  close() {
    this.#connection.close();
    this.#session.stop();
    this.#reload.stop();
  }

  /**
   * Call `listener(payload, { channel, position })` with each message from now on.
   * @param {string} channel a name, or a pattern such as `"room:*"`
   * @returns {() => void} ends it
   */
  on(channel, listener) {
    return this.#channels.on(channel, listener);
  }

  /** End what `on` began, for all listeners of `channel` where none is given. */
  off(channel, listener) {
    this.#channels.off(channel, listener);
  }

  /**
   * Have the app's route at `uri` answer, as it would by HTTP.
   * @returns {Promise<RealtimeReply>} which rejects with a RealtimeError
   */
  call(uri, options) {
    return this.ask(uri, options);
  }

  /**
   * As `call`, and over the socket or not at all: what the server refuses there is a reply like any
   * other. For forms and links, which a browser can send itself.
   * @internal
   */
  ask(uri, { timeout, input, ...message } = {}) {
    return this.send("call-route", { ...message, input: fields(input), uri }, { timeout });
  }

  /** Have the app's handler of `action` answer `message`; as `call` in all else. */
  async send(action, message, { timeout } = {}) {
    if (this.state === "closed") throw new RealtimeError("RealtimeClosed", "The socket is closed.");
    const reply = await this.#calls.send({ ...message, action }, timeout);
    if (reply.session) await this.#session.take();
    return reply;
  }

  /** The browser's `fetch`, which names this page to its own app. */
  async fetch(resource, options) {
    await this.#session.settled();
    const request = new this.#window.Request(resource, options);
    if (new URL(request.url).origin === this.#window.location.origin) {
      request.headers.set(CONNECTION_ID_HEADER, this.#connectionId);
    }
    return this.#window.fetch(request);
  }

  #receive(message) {
    if ("channel" in message) this.#hear(message);
    else if (message.id === RESUME_ID) this.#resume(message);
    else this.#calls.settle(message);
  }

  #hear(message) {
    const { channel, position, lost } = message;
    const isTold = this.#told.delete(channel);
    if (lost) this.#channels.forget(channel);
    if (!this.#channels.advance(channel, position)) return;
    if (!lost) {
      this.#channels.deliver(message);
      this.#emit("push", message);
    } else if (!isTold) {
      this.#lose([channel]);
    }
  }

  #resume({ known, lost = [] }) {
    // Of a page that never was subscribed the server knows nothing, and nothing of it is lost.
    const isForgotten = this.#isKnown && !known;
    this.#isKnown = known;
    this.#told = new Set(lost);
    // What the page has left is gone by its own wish, and its app's.
    const missed = lost.filter((channel) => !this.#channels.forget(channel));
    if (missed.length || isForgotten) this.#lose(missed);
    this.#connection.welcome();
  }

  #lose(channels) {
    if (this.#emit("lost", { channels })) this.#reload.begin();
  }

  #change(state, before, detail) {
    this.#window.document.body.dataset.realtimeState = state;
    if (state === "open") {
      this.#calls.flush();
      this.#emit("open");
    } else if (state !== "connecting") {
      // What a call changes waits for the browser, whether or not its reply comes to tell of it.
      if (this.#calls.interrupt()) this.#session.take();
      if (state === "closed") this.#calls.end();
    }
    if (before === "open" || state === "closed") this.#emit("close", { ...detail, state });
  }

  #emit(name, detail) {
    return emit(this.#window.document, name, detail);
  }
}

function greeting(positions) {
  return JSON.stringify({ id: RESUME_ID, action: "resume", positions });
}

/** What a form or a query holds, as an object of lists. */
function fields(input) {
  if (!input?.getAll) return input;
  return Object.fromEntries([...input.keys()].map((name) => [name, input.getAll(name)]));
}
