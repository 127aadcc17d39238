import { Body } from "./body.js";
import { Calls, limitOf } from "./calls.js";
import { Channels } from "./channels.js";
import { SESSION_CHANGED } from "./backoff.js";
import { ABNORMAL_CLOSURE, Connection, NORMAL_CLOSURE } from "./connection.js";
import { RealtimeError } from "./errors.js";
import { emit } from "./events.js";
import { Memory } from "./memory.js";
import { Page, RESUME_ID } from "./page.js";
import { Reload } from "./reload.js";
import { Rendering } from "./rendering.js";
import { checkOptions, RouteRequest } from "./request.js";
import { CONNECTION_ID_HEADER, Session } from "./session.js";
import { Typing } from "./typing.js";

const EARLY = 2_000; // ms in which scripts that add listeners may still be loading

/** `window.realtime`: the page and its socket, for the page's scripts. */
export class Client {
  /** @internal the elements of the page's head that came from the server, not from the page's scripts */
  served;
  /** @internal the Trusted Types policy by which this library inserts HTML; made when first needed */
  policy;
  /** @internal knows what the visitor presses; made by the script that first changes HTML */
  press;
  /** @internal the address, without a place, whose page came by another method than GET, while that page is shown */
  posted;
  /** @internal loads another script of this library, within some ms; else rejects with a RealtimeError */
  load;
  /** @internal makes a call by HTTP; set by the script "http" */
  byHttp;
  /** @internal notes that the browser is about to leave the page */
  leave;
  /** @internal keeps what reaches the page for the answer to a form; set by the script for forms */
  note;
  /** @internal changes the page's HTML */
  rendering;
  /** @internal notes the fields that the visitor has changed */
  typing;
  /** @internal the visits, of forms and links, that have no answer yet */
  visits = new Set();
  #window;
  #page;
  #former = []; // pages that another page has replaced in this document
  #body;
  #isSubscribed;
  #isStale;
  #earlyUntil;
  #channels = new Channels(() => this.#window.Date.now() < this.#earlyUntil);
  #calls;
  #session;
  #connection;
  #memory;
  #reload;

  /**
   * @param {string} page.connectionId
   * @param {string} page.socketUrl the address of the socket, without a query
   * @param {string} page.sessionUrl the address from which changes of cookies are fetched
   * @param {() => boolean} page.isSubscribed whether the HTML says that a view subscribed the page
   * @param {boolean} page.isPosted whether the page came by another method than GET
   * @param {(part: string, limit?: number) => Promise} page.load loads the script "http", or "html"; rejects with a RealtimeError if that fails, or takes longer than `limit` ms
   */
  constructor(window, page) {
    const { connectionId, socketUrl, sessionUrl, isSubscribed, isPosted, load } = page;
    this.#window = window;
    this.load = load;
    this.#page = new Page(connectionId);
    this.#body = new Body(window, connectionId, (id) => this.#turnTo(id));
    this.#isSubscribed = isSubscribed;
    this.posted = isPosted && window.location.href.split("#")[0];
    this.rendering = new Rendering(this);
    this.#memory = new Memory(window, { reload: { count: 8, at: window.Date.now() }, changes: 2 });
    this.typing = new Typing(window, this.#memory);
    const isBusy = () => this.press?.isHeld || this.visits.size || this.typing.isUnderWay;
    this.#reload = new Reload(window, this.#memory, isPosted, isBusy);
    this.leave = this.#reload.leave;
    this.#session = new Session(window, sessionUrl, () => this.connectionId, (id) => this.#become(id));
    this.#calls = new Calls(window, (text) => this.#connection.send(text));
    this.#connection = new Connection(window, {
      url: () => this.connectionId && `${socketUrl}?socket_connection_id=${this.connectionId}&resume=1`,
      greet: () => this.#page.greeting,
      receive: (message) => this.#receive(message),
      changed: (...change) => this.#change(...change),
      isAwaiting: () => this.#calls.isAwaiting,
      settled: () => this.#session.settled(),
      ask: () => this.#session.ask(),
      refused: () => this.#estrange({ code: ABNORMAL_CLOSURE, reason: "Refused" }),
    });
    window.addEventListener("realtime:page", () => this.#channels.turnPage());
    // The page has no id, because the request for it came without the session cookie. This one has it.
    if (connectionId === "") this.#session.take();
  }

  /** @returns {RealtimeState} the state of the socket, or `"stale"` if the page shows outdated things */
  get state() {
    return this.#isStale && this.#connection.state !== "closed" ? "stale" : this.#connection.state;
  }

  /** The id by which the server knows this page. */
  get connectionId() {
    return this.#page.connectionId;
  }

  /** @internal opens the socket once the page has loaded */
  begin() {
    this.#connection.start();
  }

  /** Open the socket now, and keep it open. A page does this by itself when it has loaded. */
  connect() {
    if (this.connectionId === "" && this.state === "closed") {
      this.#connection.rest();
      this.#session.take(); // close() has given up asking for an id
    }
    this.#connection.open();
  }

  /** Close the socket, and do not open it again until `connect()` is called. */
  close() {
    this.#connection.close();
    if (!this.connectionId) this.#session.stop(); // what calls have changed is fetched all the same
    this.#reload.stop();
  }

  /**
   * Call `listener(payload, { channel, position })` for each message from now on.
   * @param {string} channel a name, or a pattern such as `"room:*"`
   * @returns {() => void} removes the listener
   */
  on(channel, listener) {
    return this.#channels.on(channel, listener);
  }

  /** Remove `listener` from `channel`; without `listener`, remove all listeners of `channel`. */
  off(channel, listener) {
    this.#channels.off(channel, listener);
  }

  /**
   * Request a route of the app over the socket; by HTTP if the app has not opened the route to calls.
   * @param {string | URL} uri as for `fetch`; the origin must be the app's
   * @returns {Promise<RealtimeReply>} rejects with a RealtimeError
   */
  async call(uri, options) {
    const request = new RouteRequest(this.#window, uri, options);
    const limit = limitOf(options?.timeout);
    const end = limit && this.#window.Date.now() + limit;
    const reply = await this.#send(request.message, limit, request.isRepeatable);
    if (reply.refused !== "call") return reply;
    await this.load("http", limit);
    return this.byHttp(this.#window, request, reply.id, end);
  }

  /**
   * @internal does what `call` does for forms and links, which the browser can send by itself: if the app refuses
   * the call, resolves with the refusal; what must not be sent twice has no time limit once it was sent
   */
  async ask(uri, options) {
    const { message, isRepeatable } = new RouteRequest(this.#window, uri, options);
    return this.#send(message, options?.timeout, isRepeatable, !isRepeatable);
  }

  /** Send `data`, any JSON value, to the app's handler of `action`. Resolves as `call` does. */
  async send(action, data = {}, options = {}) {
    checkOptions("send", options, ["timeout"]);
    return this.#send({ action, data }, options.timeout);
  }

  /** Do what `fetch` does, and tell the app which page asks, by a header. */
  async fetch(resource, options) {
    await this.#session.settled();
    const request = new this.#window.Request(resource, options);
    if (new URL(request.url).origin !== this.#window.origin) return this.#window.fetch(request);
    const plain = /^(get|head)$/i.test(request.method) && request.clone();
    request.headers.set(CONNECTION_ID_HEADER, this.connectionId);
    try {
      return await this.#window.fetch(request);
    } catch (error) {
      // The header makes a redirect to another origin fail, unless that origin allows the header.
      if (!plain || request.signal.aborted) throw error;
      return this.#window.fetch(plain);
    }
  }

  /** @internal for the script of debug mode */
  get parts() {
    return { channels: this.#channels, page: this.#page };
  }

  async #send(message, ...options) {
    if (this.state === "closed") throw new RealtimeError("RealtimeClosed", "The socket is closed.");
    const reply = await this.#calls.send(message, ...options);
    if (reply.session) await this.#session.take(reply.session);
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
    if (lost) return this.#page.lose(channel, position) && this.lose([channel]);
    if (position && !this.#page.advance(channel, position)) return;
    if ("html" in message || message.refresh) return this.rendering.hear(message);
    if (!("payload" in message)) return; // a kind of message of a later version
    this.#channels.deliver(message);
    this.#emit("push", message);
  }

  #resume(reply) {
    const isForgotten = this.#page.resume(reply, this.#isSubscribed);
    this.#memory.set("changes", 0);
    const missed = (reply.lost ?? []).filter((channel) => !this.#channels.hasLeft(channel));
    if (missed.length || isForgotten) this.lose(missed); // of what the page has left, nothing is missing to it
    this.#connection.welcome();
  }

  /** @internal tells the page that messages of `channels` are missing, and reloads it unless that is prevented */
  lose(channels) {
    if (this.#emit("lost", { channels })) this.expire();
  }

  /** Reload the page, since it was rendered for another session than the browser has now. */
  #estrange({ code, reason }) {
    if (this.#reload.isPutOff) return; // that brings the cookies which this attempt lacked
    const changes = 1 + this.#memory.get("changes"); // in a row; a page that is left before its reload does not count
    const count = () => this.#memory.set("changes", changes);
    if (changes > 1) this.#session.take(code); // the browser may have kept a session that has ended
    if (changes > 2) { // reloads did not help, or were prevented; one may have met with another log-in
      if (code === ABNORMAL_CLOSURE) console.error("realtime: see the app's log; a frame needs SameSite=None; Secure.");
      return this.#connection.close(code, reason);
    }
    if (this.#emit("identity", { code, reason })) this.expire(count);
    if (!this.#reload.isPutOff) count(); // no reload is to come, or one for another reason
  }

  /**
   * @internal marks the page as stale, and reloads it as soon as it has a socket, and has fetched all cookies
   * @param {() => void} [going] called right before the page is reloaded; a socket is not waited for then
   */
  expire(going) {
    this.#isStale = true;
    this.#show();
    if (!going && this.#connection.state !== "open") return;
    this.#reload.begin(this.connectionId, () => this.#session.arrived(), going); // a reload ends what is being fetched
  }

  /** Take the id that the server gave to a page without one. Its view's subscriptions are lost. */
  #become(connectionId) {
    if (this.connectionId || this.state === "closed") return;
    this.#page = new Page(connectionId);
    this.#show();
    if (this.#isSubscribed()) this.#emit("lost", { channels: [] });
    this.#connection.begin();
  }

  /** Go on with another page, which has replaced the one that the document showed. */
  #turnTo(connectionId) {
    this.#connection.rest();
    this.#reload.stop();
    this.#reload.arrive();
    this.#channels.turnPage();
    this.posted = this.#isStale = false;
    this.#earlyUntil = null;
    // The cache of Turbo holds 10 pages.
    this.#former = [this.#page, ...this.#former.filter((one) => one !== this.#page).slice(0, 20)];
    this.#page = this.#former.find((one) => one.connectionId === connectionId) ?? new Page(connectionId);
    this.#connection.begin();
  }

  #change(state, before, detail) {
    this.#show();
    this.#earlyUntil ??= this.#window.Date.now() + EARLY;
    if (before === "open") this.#reload.stop();
    if (state === "open") {
      this.#calls.flush();
      this.#emit("open");
      if (this.state === "stale") this.expire();
    } else if (state !== "connecting") {
      // Calls without a reply may have changed cookies too: fetch the changes.
      if (this.#calls.interrupt(detail)) this.#session.take(0, detail.code === NORMAL_CLOSURE);
      if (state === "closed") this.#calls.end();
    }
    if (before === "open" || state === "closed") this.#emit("close", { ...detail, state });
    if (state === "waiting" && detail.code === SESSION_CHANGED) this.#estrange(detail);
  }

  #show() {
    this.#body.show(this.state, this.connectionId);
  }

  #emit(name, detail) {
    return emit(this.#window.document, name, detail);
  }
}
