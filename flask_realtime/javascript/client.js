import { SESSION_CHANGED } from "./backoff.js";
import { Body } from "./body.js";
import { Calls, limitOf } from "./calls.js";
import { Channels } from "./channels.js";
import { ABNORMAL_CLOSURE, Connection, NORMAL_CLOSURE } from "./connection.js";
import { RealtimeError } from "./errors.js";
import { emit } from "./events.js";
import { Memory } from "./memory.js";
import { Page, RESUME_ID } from "./page.js";
import { Reload } from "./reload.js";
import { Rendering } from "./rendering.js";
import { RouteRequest } from "./request.js";
import { CONNECTION_ID_HEADER, Session } from "./session.js";
import { Typing } from "./typing.js";

const EARLY = 2_000; // ms in which scripts that listen may still be on their way
const COOKIELESS =
  "realtime: no session cookie comes; another site's frame needs SameSite=None; Secure.";
const FORMER_PAGES = 20; // as many as Turbo keeps, and then some

/** `window.realtime`: the page, its socket, and what the page's scripts can do with both. */
export class Client {
  /**
   * The elements that the server has put into the page's head; the page's scripts add later ones.
   * @internal
   */
  served = [];
  /** @internal the policy that lets HTML of ours into a page that requires Trusted Types; made when needed. */
  policy;
  #window;
  #page;
  #former = new Map(); // by their ids: pages whose place in the document another has taken
  #body;
  #isSubscribed;
  #isStale = false;
  #load;
  #earlyUntil;
  #channels = new Channels(() => this.#window.Date.now() < this.#earlyUntil);
  #calls;
  #session;
  #connection;
  #memory;
  #reload;
  #isPosted;
  #rendering;

  /**
   * @param {string} page.connectionId
   * @param {string} page.socketUrl without a query
   * @param {string} page.sessionUrl where cookies wait
   * @param {() => boolean} page.isSubscribed whether its HTML says that it is
   * @param {boolean} page.isPosted it did not come by GET
   * @param {(part: string) => Promise} page.load loads a script, "http", or "html", which calls `renderBy`
   */
  constructor(window, page) {
    const { connectionId, socketUrl, sessionUrl, isSubscribed, isPosted, load } = page;
    const { Date } = (this.#window = window);
    this.#load = load;
    this.#page = new Page(connectionId);
    this.#body = new Body(window, connectionId, (id) => this.#turnTo(id));
    this.#isSubscribed = isSubscribed;
    this.#isPosted = isPosted;
    this.#rendering = new Rendering(() => load("html"), (channel) => this.#lose([channel]));
    this.#memory = new Memory(window, { reload: { count: 8, at: Date.now() } });
    this.#reload = new Reload(window, this.#memory, isPosted, new Typing(window));
    this.#session = new Session(window, sessionUrl, () => this.connectionId, (id) => this.#become(id));
    this.#calls = new Calls(window, (text) => this.#connection.send(text));
    this.#connection = new Connection(window, {
      url: () => {
        const id = this.connectionId;
        return id && `${socketUrl}?socket_connection_id=${id}&resume=1`;
      },
      greet: () => this.#page.greeting,
      receive: (message) => this.#receive(message),
      change: (...change) => this.#change(...change),
      isAwaiting: () => this.#calls.isAwaiting,
      ask: () => this.#session.ask(),
      refused: () => this.#estrange({ code: ABNORMAL_CLOSURE, reason: "Refused" }),
    });
    window.addEventListener("realtime:page", () => this.#channels.turnPage());
    // The browser withheld its session cookie when it requested the page, and sends it with this request.
    if (connectionId === "") this.#session.take();
  }

  /**
   * Whether the page has a socket, waits for the next attempt, or is closed for good.
   * @returns {RealtimeState}
   */
  get state() {
    const { state } = this.#connection;
    return this.#isStale && state !== "closed" ? "stale" : state;
  }

  /** The id by which the server knows this page. */
  get connectionId() {
    return this.#page.connectionId;
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

  /** End what `on` began: for `listener`, or else for all listeners of `channel`. */
  off(channel, listener) {
    this.#channels.off(channel, listener);
  }

  /**
   * Have the app's route at `uri` answer over the socket, as it would by HTTP. If the app has not opened
   * the route to calls, it is requested by HTTP.
   * @returns {Promise<RealtimeReply>} which rejects with a RealtimeError
   */
  async call(uri, options) {
    const { Date } = this.#window;
    const request = new RouteRequest(this.#window, uri, options);
    const limit = limitOf(options?.timeout);
    const end = Date.now() + limit;
    const reply = await this.#send(request.message, limit, request.isRepeatable);
    if (reply.refused !== "call") return reply;
    await this.#load("http");
    const byHttp = this.#window[Symbol.for("realtime.byHttp")];
    const fetch = (...asked) => this.fetch(...asked);
    return byHttp(this.#window, request, fetch, reply.id, limit && Math.max(1, end - Date.now()));
  }

  /**
   * Do what `call` does, but never by HTTP: a refusal is a reply like any other. For forms and links,
   * which the browser can send by itself.
   * @internal
   */
  async ask(uri, options) {
    const request = new RouteRequest(this.#window, uri, options);
    return this.#send(request.message, options?.timeout, request.isRepeatable);
  }

  /** Have the app's handler of `action` answer `data`, any JSON value; otherwise like `call`. */
  async send(action, data = {}, { timeout, ...others } = {}) {
    const [unknown] = Object.keys(others);
    if (unknown) throw new TypeError(`realtime.send: no option "${unknown}" but timeout.`);
    return this.#send({ action, data }, timeout);
  }

  /** The browser's `fetch`, which names this page to its own app. */
  async fetch(resource, options) {
    await this.#session.settled();
    const request = new this.#window.Request(resource, options);
    if (new URL(request.url).origin !== this.#window.origin) return this.#window.fetch(request);
    const isSafe = /^(get|head)$/i.test(request.method);
    const plain = isSafe && request.clone();
    request.headers.set(CONNECTION_ID_HEADER, this.connectionId);
    try {
      return await this.#window.fetch(request);
    } catch (error) {
      // A redirect to another origin fails, because that origin does not allow our header.
      if (!isSafe || request.signal.aborted) throw error;
      return this.#window.fetch(plain);
    }
  }

  /** @internal */
  get isPosted() {
    return this.#isPosted;
  }

  /** @internal what the console of debug mode looks at. */
  get parts() {
    return { channels: this.#channels, page: this.#page };
  }

  /** @internal */
  renderBy(renderer) {
    this.#rendering.begin(renderer);
  }

  async #send(message, timeout, isRepeatable) {
    if (this.state === "closed") throw new RealtimeError("RealtimeClosed", "The socket is closed.");
    const reply = await this.#calls.send(message, timeout, isRepeatable);
    if (reply.session) await this.#session.take();
    return reply;
  }

  #receive(message) {
    if ("channel" in message) this.#hear(message);
    else if (message.id === RESUME_ID) this.#resume(message);
    else this.#calls.settle(message);
  }

  #hear(message) {
    const { channel, position, lost, left } = message;
    if (left) return this.#page.leave(channel);
    if (lost) return this.#page.lose(channel, position) && this.#lose([channel]);
    if (position && !this.#page.advance(channel, position)) return;
    if ("html" in message || message.refresh) return this.#rendering.hear(message);
    if (!("payload" in message)) return; // of a later version
    this.#channels.deliver(message);
    this.#emit("push", message);
  }

  #resume(reply) {
    const isForgotten = this.#page.resume(reply, this.#isSubscribed);
    if (this.#page.isInOrder && this.#memory.get("isEstranged")) this.#memory.set("isEstranged", false);
    // Channels that the page has left are not lost: the page, or its app, wanted to leave them.
    const missed = (reply.lost ?? []).filter((channel) => !this.#channels.hasLeft(channel));
    if (missed.length || isForgotten) this.#lose(missed);
    this.#connection.welcome();
  }

  /** Messages are missing. */
  #lose(channels) {
    if (this.#emit("lost", { channels })) this.expire();
  }

  /** The browser's session is not the one that the page was rendered for. */
  #estrange({ code, reason }) {
    if (this.#reload.isPutOff) return; // that was an attempt with the cookies of before
    const isSecond = this.#memory.get("isEstranged");
    this.#memory.set("isEstranged", true);
    if (isSecond) { // a reload has not helped, or was not wanted
      if (code === ABNORMAL_CLOSURE) console.error(COOKIELESS);
      this.#connection.close(code, reason);
    } else if (this.#emit("identity", { code, reason })) {
      this.expire(() => this.#session.arrived());
    }
  }

  /**
   * The page shows outdated things: reload it.
   * @param {() => Promise} [ready] resolves when the page may be reloaded, with or without a socket
   * @internal
   */
  expire(ready) {
    this.#isStale = true;
    this.#show();
    if (ready || this.#connection.state === "open") this.#reload.begin(this.connectionId, ready);
  }

  /** The server has given the page an id, under which what its view subscribed is not known. */
  #become(connectionId) {
    if (this.connectionId || this.state === "closed") return;
    this.#page = new Page(connectionId);
    this.#body.name(connectionId);
    if (this.#isSubscribed()) this.#emit("lost", { channels: [] });
    this.#connection.open();
  }

  /** Another page has taken the place of the one that was shown. */
  #turnTo(connectionId) {
    this.#connection.rest();
    this.#reload.stop();
    this.#channels.turnPage();
    this.#isStale = false;
    this.#earlyUntil = null;
    this.#former.set(this.connectionId, this.#page);
    if (this.#former.size > FORMER_PAGES) this.#former.delete(this.#former.keys().next().value);
    this.#page = this.#former.get(connectionId) ?? new Page(connectionId);
    this.#connection.open();
  }

  #change(state, before, detail) {
    this.#show();
    this.#earlyUntil ??= this.#window.Date.now() + EARLY;
    if (before === "open") this.#reload.stop();
    if (state === "open") {
      this.#calls.flush();
      this.#emit("open");
      if (this.#isStale && this.state === "stale") this.#reload.begin(this.connectionId);
    } else if (state !== "connecting") {
      // What a call changes waits for the browser, whether or not its reply comes to tell of it.
      if (this.#calls.interrupt()) this.#session.take(detail.code === NORMAL_CLOSURE);
      if (state === "closed") this.#calls.end();
    }
    if (before === "open" || state === "closed") this.#emit("close", { ...detail, state });
    if (state === "waiting" && detail.code === SESSION_CHANGED) this.#estrange(detail);
  }

  #show() {
    this.#body.show(this.state);
  }

  #emit(name, detail) {
    return emit(this.#window.document, name, detail);
  }
}
