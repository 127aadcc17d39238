const jobs = document.querySelector("main");
const form = document.querySelector("form");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const uri = form.getAttribute("action");
  const { body } = await realtime.call(uri, { method: "post", partial: "job" });
  jobs.insertAdjacentHTML("afterbegin", body);
});

realtime.on("job:*", ({ step, done, where }, { channel }) => {
  const job = document.getElementById(channel);
  if (!job) return; // its card is on its way, and so is its next step
  job.querySelector("progress").value = done;
  job.querySelector("output").textContent = `${Math.round(done * 100)} %`;
  job.querySelector("b").textContent = done < 1 ? step : "Done";
  job.querySelector("small").textContent = where;
});
