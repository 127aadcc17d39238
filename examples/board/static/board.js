const board = document.querySelector("#board");
const told = document.querySelector("#told"); // read aloud by screen readers
let dragged;

// A card that is dropped submits the form that its buttons submit.
board.addEventListener("dragstart", ({ target, dataTransfer }) => {
  dragged = target.closest("article").id;
  dataTransfer.effectAllowed = "move";
});
board.addEventListener("dragover", (event) => {
  if (event.target.closest("section")) event.preventDefault();
});
board.addEventListener("drop", (event) => {
  event.preventDefault();
  const card = document.getElementById(dragged); // it may have been rendered anew meanwhile
  const section = event.target.closest("section");
  if (!card || !section) return;
  const others = [...section.querySelectorAll("article")].filter((one) => one !== card);
  const below = others.findIndex((one) => event.clientY < one.getBoundingClientRect().bottom);
  const form = card.querySelector("form.move");
  form.elements.place.value = below < 0 ? others.length : below;
  const button = document.createElement("button");
  Object.assign(button, { name: "column", value: section.dataset.column, hidden: true });
  form.append(button);
  form.requestSubmit(button);
});

// The button that was pressed is gone with the card's former place: the card gets its focus. The
// reply is told to the document where the board was rendered anew before it came.
let moved;
board.addEventListener("submit", ({ target }) => (moved = target.closest("article").id));
document.addEventListener("realtime:reply", ({ target }) => {
  const id = moved;
  if (!id || target === field?.form) return;
  moved = null;
  setTimeout(() => { // until the answer stands on the board
    const card = document.getElementById(id);
    if (!board.contains(document.activeElement)) (card ?? board).focus();
    told.textContent = card ? `Moved to ${card.closest("section").ariaLabel}.` : "Deleted.";
  });
});

// A card that was added stands on the board: the field is free for the next one.
const field = document.querySelector("#text");
field?.form.addEventListener("realtime:reply", ({ detail }) => {
  if (detail.status >= 300) return;
  field.value = sessionStorage.draft = "";
  told.textContent = "Added.";
});
// What is half written outlives a reload.
field?.addEventListener("input", () => (sessionStorage.draft = field.value));
if (field && !field.value) field.value = sessionStorage.draft ?? "";
