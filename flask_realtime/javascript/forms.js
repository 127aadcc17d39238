import { Answer } from "./answer.js";
import { AnswerMarkup } from "./answer_markup.js";
import { Arrivals } from "./arrivals.js";
import { Busy } from "./busy.js";
import { save } from "./download.js";
import { emit } from "./events.js";
import { valueOf } from "./fields.js";
import { isIgnored } from "./ignored.js";
import { hasKeys, linkOf, visitOf } from "./links.js";
import { send } from "./navigation.js";
import { NewDocument } from "./new_document.js";
import { Press } from "./press.js";
import { submissionOf } from "./submission.js";
import { thisDocument } from "./this_document.js";
import { unclobbered } from "./unclobbered.js";

const PATIENCE = 3_000; // ms to wait for the reply to a GET, before the browser makes the request itself

/** Sends forms and links with `data-realtime` over the socket while it is open; else the browser does. */
export class Forms {
  #client;
  #busy;
  #markup;
  #newDocument;
  #pressed; // the element that was clicked last, if a key such as Ctrl was held
  #count = 0;
  #left = 0; // the number of visits at the moment when the page was last left
  #underWay = new Set(); // what arrives while an answer is under way, for each of them
  #latest = new Map(); // by target: the number of the last visit by GET

  constructor(client) {
    this.#client = client;
    this.#busy = new Busy(client.visits);
    this.#markup = new AnswerMarkup(window, client);
    this.#newDocument = new NewDocument(this.#markup, client);
    client.press ??= new Press(window);
    client.note = (...news) => this.#underWay.forEach((one) => one.add(...news));
    window.addEventListener("realtime:push", ({ detail }) => client.note(detail), true);
    this.#listen("submit", (event) => this.#submitted(event));
    this.#listen("click", (event) => this.#clicked(event));
    // A visitor who comes back by the back button does not want to be led away by an older visit.
    window.addEventListener("pagehide", () => (this.#left = this.#count));
  }

  /** Add a listener that always runs last, so that it sees what the page's listeners prevent and change. */
  #listen(type, act) {
    const last = (event) => event.defaultPrevented || this.#client.state !== "open" || act(event);
    const renew = (event) => {
      if (type === "click") this.#pressed = hasKeys(event) && event.composedPath()[0];
      window.removeEventListener(type, last);
      window.addEventListener(type, last);
    };
    window.addEventListener(type, renew, true);
  }

  #submitted(event) {
    const { target, submitter } = event;
    const isForm = target instanceof HTMLFormElement;
    if (!isForm || !isOurs(target) || (submitter && !isOurs(submitter, ""))) return;
    // With a key, such as Ctrl, the answer is to be shown in another tab.
    if (this.#pressed && submitter?.contains(this.#pressed)) return;
    this.#take(event, submissionOf(event));
  }

  #clicked(event) {
    const link = linkOf(event);
    if (link && isOurs(link)) this.#take(event, visitOf(link));
  }

  /** Make the request of an event over the socket, unless only the browser can make it. */
  async #take(event, visit) {
    if (!visit || !this.#isOfApp(visit.url) || !this.#canShow(visit)) return;
    event.preventDefault();
    if (visit.fields && this.#busy.has(visit)) return;
    const end = this.#busy.begin(visit);
    visit.number = ++this.#count;
    visit.page = this.#client.connectionId;
    // Once the app has these values, a reload loses nothing.
    visit.held = Array.from(visit.element.elements ?? [], (field) => [field, valueOf(field)]);
    visit.arrivals = new Arrivals(this.#client, visit.target);
    this.#underWay.add(visit.arrivals);
    if (!visit.fields) this.#latest.set(visit.target, visit.number);
    try {
      await this.#call(visit);
    } finally {
      this.#underWay.delete(visit.arrivals);
      end();
    }
  }

  #isOfApp({ origin, protocol }) {
    return origin === location.origin && /^http/.test(protocol); // a blob's has this origin too
  }

  /** Whether the page has an element for the answer, and its policy allows to insert HTML. */
  #canShow(visit) {
    if (visit.target ? this.#find(visit) : visit.isForm) return this.#markup.isAllowed;
    return !visit.target;
  }

  async #call(visit, redirects = 0) {
    const { url, fields } = visit;
    // A view that answers scripts by JSON, and browsers by HTML, is to answer by HTML.
    const headers = { accept: "text/html,*/*;q=0.9" };
    const options = fields ? { method: "post", input: fields, headers } : { timeout: PATIENCE, headers };
    let reply;
    try {
      reply = await this.#client.ask(url, options);
    } catch (error) {
      // A form that the server may have acted on is not sent a second time.
      if (this.#tell(visit, "error", error) && !(fields && error.wasSent)) this.#leave(visit);
      return;
    }
    if (reply.refused === "call") return this.#leave(visit);
    if (reply.status < 300) for (const [field, held] of visit.held) field.realtimeSent = held;
    if (this.#tell(visit, "reply", reply)) await this.#show(new Answer(reply), visit, redirects);
  }

  /** Show an answer: in the target of the form or link, or as a browser would. */
  async #show(answer, visit, redirects) {
    const { url, fields, target, isForm } = visit;
    const next = answer.redirect(url);
    if (next) return this.#redirect(next, answer.status > 306, visit, redirects);
    if (answer.isEmpty) return;
    if (answer.isError && !this.#tell(visit, "error", answer.error)) return;
    if (!fields && (answer.isError || !answer.isHTML || !(isForm || target))) return this.#leave(visit);
    if (answer.isAttachment) save(answer);
    if (!answer.isHTML || (answer.isError && target) || this.#isOvertaken(visit)) return;
    try {
      await answer.policy.load(this.#client);
    } catch {
      return fields ? this.#client.expire() : this.#leave(visit);
    }
    const place = target ? this.#find(visit) : thisDocument.body;
    if (!place) return;
    // A part of the page must not get older changes later. A whole page lacks none of them.
    if (target) await this.#client.rendering.loading;
    const scripts = await this.#client.press.whenFree(() => [place], async () => {
      if (this.#isOvertaken(visit)) return;
      if (!target) {
        this.#client.rendering.keep((message) => visit.arrivals.lacks(answer, message));
        const runs = await this.#newDocument.show(answer.body, url, answer.policy);
        visit.arrivals.show(answer);
        return runs;
      }
      const present = this.#find(visit);
      if (!present) return;
      this.#markup.update(present, answer.body, answer.policy);
      visit.arrivals.show(answer, () => (present.isConnected ? present : this.#find(visit)));
    });
    if (!scripts) return;
    await this.#newDocument.run(scripts);
    visit.arrivals.deliver(answer);
  }

  async #redirect(url, keepsMethod, visit, redirects) {
    const { fields, target } = visit;
    const next = { ...visit, url, fields: keepsMethod && fields };
    // Browsers follow 20 redirects as well.
    const isCall = keepsMethod && (fields || target) && this.#isOfApp(url) && redirects < 20;
    if (isCall) await this.#call(next, redirects + 1);
    else this.#leave(next);
  }

  /** Leave the visit to the browser, unless the visitor has begun another one. */
  #leave(visit) {
    if (this.#isOvertaken(visit)) return;
    this.#client.leave();
    send(visit);
  }

  #isOvertaken({ page, target, number }) {
    return page !== this.#client.connectionId || this.#left >= number || this.#latest.get(target) > number;
  }

  /** Dispatch an event on the form or link, or on the document if that is gone. False if prevented. */
  #tell({ element, source }, name, detail) {
    return emit(element.isConnected ? source : document, name, detail);
  }

  #find({ target }) {
    // An empty script element would run what is put into it; and what users write may have any id.
    const place = thisDocument.querySelector(`:is(${target}):not(script,[data-realtime-ignore] *)`);
    if (!place) console.error(`data-realtime-target fits no element: ${target}`);
    return place;
  }
}

/** Whether `element` has `data-realtime`, and is not in a part of the page that is ignored. */
function isOurs(element, unsaid = "false") {
  return (unclobbered(element).getAttribute("data-realtime") ?? unsaid) !== "false" && !isIgnored(element);
}
