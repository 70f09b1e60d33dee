// Draws what appview.py sees: the app's own page in a frame, the buttons that disturb it, and its code.

function render({ model, el }) {
  const status = new StatusLines();
  const ask = (what, more = {}) => () => send(model, { ask: what, ...more });
  const cut = makeButton("Cut the stream", ask("cut"), "ends every open connection, as a network does that is gone for a moment");
  const restart = makeButton("Restart the server", ask("restart"), "stops it, and starts it again: what was only in its memory is gone");
  const version = makeButton("", ask("version"), "the same app without the marked lines, and back");
  const way = forKeys(make("select"));
  way.setAttribute("aria-label", "what stands between the app and its page");
  way.append(...model.get("ways").map((name) => new Option(name === "straight" ? "a straight line" : name, name)));
  way.addEventListener("change", () => send(model, { ask: "way", way: way.value }));
  const tab = make("a", "", "open it in a tab of its own");
  tab.target = "_blank";
  const frame = make("iframe");
  frame.title = model.get("title");
  let loaded = "";
  let place = { of: "", address: "", how: "" };

  // Looks for the way to the app's page, and draws again when it is known.
  async function find(snapshot) {
    place = { of: snapshot.url, address: "", how: "" };
    const found = await addressOf(snapshot.url, "auto", model.get("reach"));
    place = { of: snapshot.url, ...found };
    draw(newest);
  }
  let newest = null;

  function draw(snapshot) {
    const { url, running, naive, way: now, open, busy, version: number } = (newest = snapshot);
    if (running && place.of !== url) find(snapshot);
    const { address, how } = place;
    const wanted = `${address} ${number}`;
    if (running && address && loaded !== wanted) {
      loaded = wanted;
      frame.src = address;
      tab.href = address;
    }
    const what = naive ? "the naive version" : "the whole version";
    const word = !running ? "closed" : busy ? "connecting" : "open";
    const figures = !running ? "stopped: run its cell again, and it is here again" : busy ? "the server restarts" : `${what}, ${how || "connecting"} · ${counted(open, "connection")}`;
    status.say(word, figures, status.why.textContent);
    version.textContent = naive ? "Take the whole version" : "Take the naive version";
    if (way.value !== now) way.value = now;
    for (const control of [cut, restart, version, way]) control.disabled = !running || busy;
    frame.hidden = tab.hidden = !running;
    if (!running) frame.removeAttribute("src");
  }

  const bar = make("div", "bar");
  bar.append(make("b", "", model.get("title")), cut, restart, way, version, tab);
  const root = make("div", "labkit labkit-app");
  root.append(bar, status.element, frame, ...model.get("code").map(makeCode));
  el.append(root);
  return watch(model, el, status, draw, () => ({ url: "http://localhost/", running: false, way: "straight" }));
}

// A file's lines, those marked that the naive version does not have. All of it is text.
function makeCode([file, count, lines]) {
  const box = make("details");
  box.append(make("summary", "", `${file}: the ${count} marked lines are not in the naive version`));
  const code = make("pre");
  code.append(...lines.map(([text, added]) => make("span", added ? "added" : "", `${text}\n`)));
  box.append(code);
  return box;
}

export default { render };
