const jobs = document.querySelector("main");
const told = document.querySelector("#told"); // read aloud by screen readers

// The form has data-realtime: its answer comes over the socket, and is the card of the new job.
document.addEventListener("realtime:reply", (event) => {
  const { status, body } = event.detail;
  if (status !== 200) return;
  event.preventDefault();
  jobs.insertAdjacentHTML("afterbegin", body);
});

realtime.on("job:*", ({ step, done, where }, { channel }) => {
  const job = document.getElementById(channel);
  if (!job) return; // its card is on its way, and so is its next step
  job.querySelector("progress").value = done;
  job.querySelector(".done").textContent = `${Math.round(done * 100)} %`;
  job.querySelector("b").textContent = done < 1 ? step : "Done";
  job.querySelector("small").textContent = where;
  if (done === 1) told.textContent = `${channel} is done.`;
});
