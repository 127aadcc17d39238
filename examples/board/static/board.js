// A card that is dropped submits the form that its buttons submit.
const board = document.querySelector("#board");
let dragged;

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

// A card that was added stands on the board: the field is free for the next one.
document.querySelector("header form").addEventListener("realtime:reply", ({ target, detail }) => {
  if (detail.status < 300) target.reset();
});
