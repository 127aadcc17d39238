// The page works without this; with it, messages come by themselves.
const { room, name } = document.body.dataset;
const list = document.querySelector("main");
const form = document.querySelector("footer form");
const writing = document.querySelector(".writing");
const WRITING_EVERY = 2000; // ms between two words of ours that we write
const WRITING_LASTS = 4000; // ms after which somebody has stopped

realtime.on(`room:${room}`, ({ id, author, html }) => {
  if (document.getElementById(`message-${id}`)) return; // rendered with the page already
  list.insertAdjacentHTML("beforeend", html);
  list.lastElementChild.classList.add("new");
  present(list.lastElementChild);
  stopsWriting(author);
  toEnd();
});

const writers = new Map(); // name -> timer
realtime.on(`writing:${room}`, (writer) => {
  if (writer === name) return;
  clearTimeout(writers.get(writer));
  writers.set(writer, setTimeout(() => stopsWriting(writer), WRITING_LASTS));
  showWriters();
});

function stopsWriting(writer) {
  clearTimeout(writers.get(writer));
  writers.delete(writer);
  showWriters();
}

function showWriters() {
  const names = [...writers.keys()];
  writing.textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} writing …` : "";
}

let wroteAt = 0;
form.text.addEventListener("input", () => {
  if (Date.now() - wroteAt < WRITING_EVERY) return;
  wroteAt = Date.now();
  realtime.send("writing", { room }).catch(() => {});
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = { text: form.text.value };
  form.reset();
  wroteAt = 0;
  try {
    const { status } = await realtime.call(form.getAttribute("action"), { method: "post", input });
    if (status >= 400) throw new Error(`The message was answered ${status}.`);
  } catch {
    form.text.value ||= input.text; // not sent, as far as we know: it is theirs to try again
  }
});

list.addEventListener("click", async (event) => {
  const earlier = event.target.closest(".earlier");
  if (!earlier) return;
  event.preventDefault();
  const { status, body } = await realtime.call(earlier.getAttribute("href"), { partial: "messages" });
  if (status !== 200) return location.assign(earlier.href);
  const height = list.scrollHeight;
  earlier.insertAdjacentHTML("beforebegin", body);
  earlier.remove();
  list.querySelectorAll("article").forEach(present);
  list.scrollTop += list.scrollHeight - height;
});

function present(article) {
  article.classList.toggle("mine", article.dataset.author === name);
  const time = article.querySelector("time");
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  time.title = at.toLocaleString();
}

function toEnd() {
  list.scrollTop = list.scrollHeight;
}

list.querySelectorAll("article").forEach(present);
toEnd();
