/** A page to run the client in: its clock, sockets, fetches and events are the test's. */

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

  /** Milliseconds until the next timer. */
  get next() {
    return Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.now;
  }

  /** Let `milliseconds` pass: what is due runs in order, and what was promised with it. */
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

  /** Sleep, as a laptop does: the time passes, and no timer runs. */
  sleep(milliseconds) {
    this.now += milliseconds;
  }
}

/** Resolves when all that is promised already has come about. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What HTTP answers; 0 is a redirect that is not followed. */
export function response(status, headers = {}) {
  const type = status ? "basic" : "opaqueredirect";
  return { status, type, ok: status >= 200 && status < 300, headers: new Headers(headers) };
}

/** One socket, of which the test is the server. */
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

  /** Say `message`; a text is taken as it stands. */
  say(message) {
    this.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** Accept, and answer the resume. */
  welcome({ known = true, lost = [], ...others } = {}) {
    this.accept();
    this.say({ id: "0", status: 200, known, lost, ...others });
  }

  end(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

/** What the client reads of a document; an element may hide each of these. */
class FakeDocument extends EventTarget {
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

  get baseURI() {
    return "http://app.test/rooms/1";
  }
}

/** What a tab keeps when its page is reloaded. */
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
  /** What the server answers to a fetch: a status, a Response, or an Error. */
  answer = () => 204;
  /** Likewise, where the page looks whether its own address is there. */
  answerToProbe = () => 200;
  probes = [];
  /** What `Math.random` gives. */
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

  /** The events of one name, their details. */
  details(name) {
    return this.events.filter(({ type }) => type === `realtime:${name}`).map(({ detail }) => detail);
  }

  fire(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
