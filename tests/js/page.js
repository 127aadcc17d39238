/** A page to run the client in. The test controls its clock, sockets, fetches and events. */

export const CONNECTION_ID = "an-id-of-this-page";

/** Timers that run when a test lets time pass. */
class Clock {
  #timers = new Map();
  #count = 0;
  now = 1_000_000;

  set(run, delay = 0) {
    this.#timers.set(++this.#count, { run, at: this.now + delay });
    return this.#count;
  }

  clear(id) {
    this.#timers.delete(id);
  }

  get pending() {
    return this.#timers.size;
  }

  /** The milliseconds until the next timer. */
  get next() {
    return Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.now;
  }

  /** Let `milliseconds` pass: run the timers that are due, in order, and what waits for their promises. */
  async pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!due.length) break;
      const [id, { run, at }] = due[0];
      this.#timers.delete(id);
      this.now = Math.max(this.now, at);
      run();
      await settled();
    }
    this.now = end;
    await settled();
  }

  /** Let time pass without running timers, as in a laptop that sleeps. */
  sleep(milliseconds) {
    this.now += milliseconds;
  }
}

/** Resolves when everything has run that waits for promises which are resolved already. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A response; the status 0 is a redirect that is not followed. */
export function response(status, headers = {}) {
  const type = status ? "basic" : "opaqueredirect";
  return { status, type, ok: status >= 200 && status < 300, headers: new Headers(headers) };
}

/** One WebSocket; the test plays the server. */
class FakeSocket {
  sent = [];
  readyState = 0;

  constructor(url) {
    this.url = url;
  }

  send(text) {
    if (this.readyState !== 1) throw new Error("InvalidStateError");
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.readyState = 2;
    this.closedWith = code;
  }

  accept() {
    this.readyState = 1;
    this.onopen();
  }

  /** Send `message` to the page: an object as JSON, or a text as it is. */
  say(message) {
    this.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** Accept the handshake, and answer the greeting. */
  welcome({ known = true, lost = [], ...others } = {}) {
    this.accept();
    this.say({ id: "0", status: 200, known, lost, ...others });
  }

  end(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

/** The properties of a document that the client reads, each of which an element may hide. */
class FakeDocument extends EventTarget {
  /** What `:active` fits. */
  pressed;
  #fields = { hidden: false, body: { dataset: {} }, documentElement: { dataset: {} } };

  get body() {
    return this.#fields.body;
  }

  set body(body) {
    this.#fields.body = body;
  }

  get documentElement() {
    return this.#fields.documentElement;
  }

  get hidden() {
    return this.#fields.hidden;
  }

  set hidden(isHidden) {
    this.#fields.hidden = isHidden;
  }

  querySelectorAll() {
    return this.pressed ?? [];
  }

  get baseURI() {
    return "http://app.test/rooms/1";
  }
}

/** The storage of a tab, which outlives a reload of its page. */
class FakeStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }
}

export class FakePage extends EventTarget {
  clock = new Clock();
  sockets = [];
  fetches = [];
  reloads = 0;
  /** Returns what the server answers to a fetch: a status, a Response, or an Error. */
  answer = () => 204;
  /** The same for the HEAD requests by which the page tries its own address. */
  answerToProbe = () => 200;
  probes = [];
  /** The value of `Math.random`. */
  random = 0.5;
  events = [];
  navigations = [];
  navigator = {};

  constructor({ storage = new FakeStorage() } = {}) {
    super();
    const page = this;
    this.Document = FakeDocument;
    this.document = new FakeDocument();
    for (const name of ["open", "close", "lost", "push", "identity"]) {
      this.document.addEventListener(`realtime:${name}`, (event) => this.events.push(event));
    }
    this.origin = "http://app.test";
    this.location = {
      href: "http://app.test/rooms/1?last=2#end",
      pathname: "/rooms/1",
      search: "?last=2",
      reload: () => this.reloads++,
      replace: (url) => this.navigations.push(url),
    };
    this.sessionStorage = storage;
    this.AbortSignal = { timeout: () => null };
    this.Date = { now: () => this.clock.now };
    this.Math = { max: Math.max, min: Math.min, round: Math.round, random: () => this.random };
    this.MutationObserver = class {
      constructor(look) {
        page.look = look;
      }

      observe() {}
    };
    this.Request = class extends Request {
      constructor(resource, options) {
        super(new URL(resource, "http://app.test/"), options);
      }
    };
    this.WebSocket = class extends FakeSocket {
      constructor(url) {
        super(url);
        page.sockets.push(this);
      }
    };
  }

  setTimeout(run, delay) {
    return this.clock.set(run, delay);
  }

  clearTimeout(id) {
    this.clock.clear(id);
  }

  async fetch(resource, options) {
    const isProbe = options?.method === "HEAD";
    const asked = isProbe ? this.probes : this.fetches;
    asked.push({ resource, options });
    const answer = await (isProbe ? this.answerToProbe : this.answer)(asked.length);
    if (answer instanceof Error) throw answer;
    return typeof answer === "number" ? response(answer) : answer;
  }

  /** The newest socket. */
  get socket() {
    return this.sockets.at(-1);
  }

  get state() {
    return this.document.body.dataset.realtimeState;
  }

  /** Put another `<body>` into the document, as Turbo does. */
  replaceBody(dataset) {
    this.document.body = { dataset };
    this.look();
  }

  /** The details of all events `realtime:NAME` so far. */
  details(name) {
    return this.events.filter(({ type }) => type === `realtime:${name}`).map(({ detail }) => detail);
  }

  fire(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
