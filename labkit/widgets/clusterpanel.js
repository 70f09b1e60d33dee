// Draws what clusterpanel.py sees, and sends what is pressed. Python decides.

function render({ model, el }) {
  const status = new StatusLines();
  const deploy = makeButton("Restart one by one", () => send(model, { ask: "restart one by one" }),
    "a rolling deploy: each node ends its streams, stops, and serves again before the next one begins");
  const nodes = makeTable("the nodes", ["node", "streams", "newest event", ""]);
  const rows = new Map(); // a row is kept while its node exists: a button that is drawn anew would lose the focus

  function makeNode(name, kill) {
    const bar = make("span", "streams");
    const count = make("span", "count");
    const streams = make("span");
    streams.append(bar, count);
    const buttons = make("span", "bar");
    const newest = make("span");
    const row = makeRow(name, streams, newest, buttons);
    const shown = { row, bar, count, newest, buttons };
    shown.press = (ask) => send(model, kill ? { ask, node: name } : { ask: `${ask} redis` });
    shown.kill = makeButton("Kill", () => shown.press("kill"), "SIGKILL: as a crash, or a machine that is gone");
    shown.stop = makeButton("Stop", () => shown.press("stop"), "SIGTERM: it ends its streams first");
    shown.start = makeButton("Start", () => shown.press("start"), "starts it again, on the same port");
    for (const button of [shown.kill, shown.stop, shown.start]) button.setAttribute("aria-label", `${button.textContent} ${name}`);
    buttons.append(...(kill ? [shown.kill] : []), shown.stop, shown.start);
    return shown;
  }

  function drawRow(key, name, kill, { running, doing, clients, newest }, most) {
    if (!rows.has(key)) {
      rows.set(key, makeNode(name, kill));
      nodes.body.append(rows.get(key).row);
    }
    const shown = rows.get(key);
    shown.row.dataset.running = running;
    shown.bar.style.width = `${clients === undefined ? 0 : (100 * clients) / Math.max(most, 1)}px`;
    shown.count.textContent = doing || (!running ? "down" : clients === undefined ? "up" : counted(clients, "stream"));
    shown.newest.textContent = newest ?? "";
    shown.kill.hidden = shown.stop.hidden = !running;
    shown.start.hidden = running;
    for (const button of [shown.kill, shown.stop, shown.start]) button.disabled = Boolean(doing);
  }

  function draw(panel) {
    const up = panel.nodes.filter(({ running }) => running).length;
    const total = panel.nodes.reduce((sum, { clients }) => sum + clients, 0);
    const word = !panel.running ? "closed" : up === panel.nodes.length ? "open" : "connecting";
    const state = panel.running ? `${up} of ${counted(panel.nodes.length, "node")} behind ${panel.balancer} · ${counted(total, "stream")}` : "stopped";
    status.say(word, state, status.why.textContent);
    deploy.disabled = panel.deploying || !panel.running;
    if (!panel.running) {
      nodes.body.replaceChildren();
      rows.clear();
      return;
    }
    const most = Math.max(...panel.nodes.map(({ clients }) => clients), 1);
    for (const node of panel.nodes) drawRow(node.name, node.name, true, node, most);
    if (panel.redis) drawRow("redis", panel.redis.name, false, panel.redis, most);
  }

  const bar = make("div", "bar");
  bar.append(make("b", "", "the cluster"), deploy);
  const root = make("div", "labkit labkit-cluster");
  root.append(bar, status.element, nodes.table);
  el.append(root);
  return watch(model, el, status, draw, () => ({ running: false, balancer: "", nodes: [], redis: null }));
}

export default { render };
