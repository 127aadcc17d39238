// The page works without this; with it, messages come by themselves.
const { room, name } = document.body.dataset;
const $ = (selector) => document.querySelector(selector);
const [main, log, form, people, writing] = ["main", ".log", ".say", ".people", ".writing"].map($);
const HERE_EVERY = 20_000; // ms between two words of ours that we are here
const WRITING_EVERY = 2_000; // ms between two words of ours that we write
const WRITING_LASTS = 4_000; // ms after which somebody has stopped

realtime.on("room:*", ({ id, html }, { channel }) => {
  const where = channel.slice("room:".length);
  if (where !== room) return markUnread(where);
  if (document.getElementById(`message-${id}`)) return; // the page came with it
  // Of two said in the same moment, to two workers, the second may be pushed first.
  const later = [...log.children].find((other) => Number(other.dataset.id) > id);
  (later ?? log).insertAdjacentHTML(later ? "beforebegin" : "beforeend", html);
  if (document.hidden) markUnread(room);
  const { author } = present(document.getElementById(`message-${id}`)).dataset;
  if (later) present(later);
  if (author === name) main.scrollTop = 0; // the end, in a column-reverse
  stopsWriting(author);
});

const unread = JSON.parse(sessionStorage.unread ?? "{}"); // room -> number of messages
const { title } = document;

function markUnread(where) {
  unread[where] = (unread[where] ?? 0) + 1;
  showUnread();
}

function showUnread() {
  if (!document.hidden) delete unread[room];
  sessionStorage.unread = JSON.stringify(unread);
  const total = Object.values(unread).reduce((sum, count) => sum + count, 0);
  document.title = total ? `(${total}) ${title}` : title;
  for (const link of document.querySelectorAll("nav [data-room]")) {
    const count = link.querySelector(".count");
    count.hidden = !unread[link.dataset.room];
    count.querySelector("b").textContent = unread[link.dataset.room];
  }
}
document.addEventListener("visibilitychange", showUnread);

/** Times as the reader's clock has them; ours to the right; one name for several in a row. */
function present(article) {
  const articles = [...document.querySelectorAll("article")];
  const before = articles[articles.indexOf(article) - 1];
  article.classList.toggle("mine", article.dataset.author === name);
  article.classList.toggle("again", article.dataset.author === before?.dataset.author);
  const time = article.querySelector("time");
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  time.title = at.toLocaleString();
  return article;
}

// What is half written outlives a reload, and a log-in.
const draft = `draft of ${name} in ${room}`;
const keepDraft = () => (sessionStorage[draft] = form.text.value);

const { value: key } = form.key;
let count = 0;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = new FormData(form);
  form.text.value = "";
  keepDraft();
  form.key.value = `${key}.${++count}`;
  toldAt = 0;
  try {
    // While the socket is down this waits for it.
    const { status } = await realtime.call(form.getAttribute("action"), { method: "post", input });
    if (status !== 204) throw new Error(`It was answered ${status}.`);
  } catch (error) {
    writing.textContent = `Not sent: ${input.get("text")}`;
    if (form.text.value) return;
    // Theirs to send again: with its old key it is one message even if it did arrive.
    form.text.value = input.get("text");
    form.key.value = input.get("key");
    keepDraft();
    if (error.name === "RealtimeClosed") form.submit(); // as without a script
  }
});

// The link has data-realtime: its answer comes over the socket, if that is open.
main.addEventListener("realtime:reply", (event) => {
  const { target: link, detail: { status, body } } = event;
  if (status !== 200) return; // the browser goes there
  event.preventDefault();
  const hadFocus = document.activeElement === link;
  const before = $("article");
  link.insertAdjacentHTML("afterend", body);
  link.remove();
  document.querySelectorAll("article").forEach(present);
  if (!hadFocus) return;
  // To read on from: the last of those that came, where the link was.
  const last = before.previousElementSibling;
  last.tabIndex = -1;
  last.focus({ preventScroll: true });
});

async function sayHere() {
  if (document.body.dataset.realtimeState !== "open") return;
  const reply = await realtime.send("here", { room }).catch(() => null); // again in a moment
  if (reply?.status === 200) people.innerHTML = reply.body;
}
realtime.on(`here:${room}`, (html) => (people.innerHTML = html));
document.addEventListener("realtime:open", sayHere);
setInterval(sayHere, HERE_EVERY);

let toldAt = 0;
form.text.addEventListener("input", () => {
  keepDraft();
  if (document.body.dataset.realtimeState !== "open" || Date.now() - toldAt < WRITING_EVERY) return;
  toldAt = Date.now();
  realtime.send("writing", { room }).catch(() => null);
});

const writers = new Map(); // name -> timer
realtime.on(`writing:${room}`, (writer) => {
  if (writer === name) return;
  clearTimeout(writers.get(writer));
  writers.set(writer, setTimeout(stopsWriting, WRITING_LASTS, writer));
  showWriters();
});

function stopsWriting(writer) {
  clearTimeout(writers.get(writer));
  writers.delete(writer);
  showWriters();
}

function showWriters() {
  const names = [...writers.keys()].join(", ");
  writing.textContent = names && `${names} ${writers.size > 1 ? "are" : "is"} writing …`;
}

document.querySelectorAll("article").forEach(present);
const showRoom = () => $("nav [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
showRoom();
addEventListener("resize", showRoom); // a phone that is turned, a page that is zoomed
form.text.value ||= sessionStorage[draft] ?? "";
showUnread();
