// Draws what serverpanel.py sees, and sends what is pressed. Python decides.

const PAUSE = ["Pause", "pauses what the cells play; the streams stay open"];
const PAUSED = " · what the cells play is paused; you can still publish";
const GO_ON = ["Go on", "goes on with what the cells play"];
const TAKE_DOWN = ["Take it down", "ends every stream and refuses connections, as a server does that is restarted"];
const BRING_UP = ["Bring it up", "serves again, at the same port"];

function rename(button, text, title) {
  Object.assign(button, { textContent: text, title });
}

function render({ model, el }) {
  const ask = (what, more = {}) => () => send(model, { ask: what, ...more });
  const status = new StatusLines();
  const pause = makeButton("Pause", () => send(model, { ask: shown.paused ? "resume" : "pause" }), "");
  const restart = makeButton("Take it down", () => send(model, { ask: shown.state === "down" ? "bring_up" : "take_down" }), "");
  const path = forKeys(make("select"));
  path.setAttribute("aria-label", "the channel to publish on");
  const text = forKeys(make("input"));
  text.setAttribute("aria-label", "the message to publish");
  text.placeholder = "a message";
  const publish = makeButton("Publish", publishText, "sends this text as an event to every reader of the channel");
  const readers = makeTable("who listens now", ["reader", "who", "asked to go on after", "connected for", ""]);
  const events = makeTable("the newest events", ["event", "went to", "took"]);
  let shown = { paths: [] };

  function publishText() {
    send(model, { ask: "publish", path: path.value || shown.paths[0], text: text.value });
    text.value = "";
    text.focus();
  }
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter") publishText();
  });

  function draw(panel, nowS) {
    const trouble = panel.trouble === shown.trouble ? status.why.textContent : panel.trouble;
    shown = panel;
    const words = { serving: "open", down: "connecting", stopped: "closed" };
    status.say(words[panel.state], `${panel.state}${panel.url ? ` at ${panel.url}` : ""} · ${counted(panel.clients, "client")}${panel.paused ? PAUSED : ""}`, trouble ?? "");
    rename(pause, ...(panel.paused ? GO_ON : PAUSE));
    rename(restart, ...(panel.state === "down" ? BRING_UP : TAKE_DOWN));
    for (const button of [pause, restart, publish]) button.disabled = panel.state === "stopped";
    drawPaths(panel.paths);
    drawReaders(panel.readers, nowS);
    events.body.replaceChildren(
      ...panel.events.reverse().map(({ id, readers, us }) => makeRow(id, counted(readers, "reader"), readers ? `${us} µs` : ""))
    );
  }
  function drawPaths(paths) {
    const now = [...path.options].map(({ value }) => value);
    if (now.join() !== paths.join()) path.replaceChildren(...paths.map((name) => new Option(name, name)));
    path.hidden = paths.length < 2;
  }
  // A row is kept while its reader stays: a button that is drawn anew would lose the focus.
  function drawReaders(list, nowS) {
    const rows = new Map([...readers.body.children].map((row) => [row.dataset.key, row]));
    const wanted = list.map((reader) => {
      const key = `${reader.path} ${reader.reader}`;
      return rows.get(key) ?? makeReader(key, reader, nowS);
    });
    const same = wanted.length === readers.body.children.length && wanted.every((row, at) => row === readers.body.children[at]);
    if (!same) readers.body.replaceChildren(...wanted);
  }
  function makeReader(key, { path, reader, who, asked, opened_s }, nowS) {
    const kick = makeButton("Kick", ask("kick", { path, reader }), "ends the stream of this reader; its client comes back by itself");
    kick.setAttribute("aria-label", `Kick reader ${reader}`);
    const title = shown.paths.length > 1 ? `${reader} on ${path}` : String(reader);
    const row = makeRow(title, who, asked || "new here", "", kick);
    Object.assign(row.dataset, { key, opened: performance.now() - (nowS - opened_s) * 1000 });
    countSeconds(row);
    return row;
  }

  function countSeconds(row) {
    row.children[3].textContent = `${Math.floor((performance.now() - row.dataset.opened) / 1000)} s`;
  }

  const bar = make("div", "bar");
  bar.append(make("b", "", "the server"), path, text, publish, pause, restart);
  const root = make("div", "labkit labkit-server");
  const tables = make("div", "tables");
  tables.append(readers.table, events.table);
  root.append(bar, status.element, tables);
  el.append(root);
  const seconds = setInterval(() => [...readers.body.children].forEach(countSeconds), 1000);
  const leave = watch(model, el, status, draw, () => ({ ...shown, state: "stopped", clients: 0, readers: [], events: [] }));
  return () => {
    clearInterval(seconds);
    leave();
  };
}

export default { render };
