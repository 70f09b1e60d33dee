"""The page of both solutions: it shows what the job says as text, and hangs up when the job is over."""

PAGE = """<!doctype html><meta charset="utf-8"><title>The job</title>
<h1>The job</h1> <button id="start">Start</button>
<p><progress id="bar" max="1" value="0"></progress> <span id="state">no news yet</span></p> <p id="note"></p>
<script>
const byId = (id) => document.getElementById(id);
let source = null;
function listen() {
  source?.close();
  source = new EventSource("/events");
  source.onmessage = (message) => {
    const job = JSON.parse(message.data);
    byId("bar").max = job.of;
    byId("bar").value = job.step;
    byId("state").textContent = `step ${job.step} of ${job.of}: ${job.state}`;
    byId("note").textContent = job.note;
    if (["done", "gave up"].includes(job.state)) source.close();
  };
}
byId("start").onclick = async () => { await fetch("/start", { method: "POST" }); listen(); };
listen();
</script>
"""
