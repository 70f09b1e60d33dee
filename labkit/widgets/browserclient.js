// The stream is read by this page. It belongs to the view: when the output goes, the stream is closed.

function render({ model, el }) {
  let unsent = [];
  const flush = () => {
    if (unsent.length) send(model, { events: unsent.splice(0) });
  };
  const stream = new PageStream(model, {
    state(state, why, waitMs) {
      view.state(state, why, waitMs);
      flush();
      send(model, { state, why, at: performance.now() });
    },
    event(event) {
      const item = { ...event, at: performance.now() };
      view.events([item]);
      unsent.push(item);
    },
  });
  const name = model.get("via") === "fetch" ? `fetch, ${model.get("request").method}` : "EventSource";
  const buttons = [makeButton("Start", () => stream.start()), makeButton("Stop", () => stream.stop("stopped by you"))];
  if (model.get("can_cut")) buttons.push(makeButton("Cut the connection", () => send(model, { ask: "cut" })));
  const view = new ClientView(el, `in the browser: ${name}, ${stream.how}`, buttons);
  const batches = setInterval(flush, BATCH_MS);

  function obey(message) {
    if (message.ask === "stop") stream.stop("stopped by the notebook");
    if (message.ask === "start") stream.start();
  }
  const orphaned = () => stream.stop(KERNEL_GONE);
  model.on("msg:custom", obey);
  model.on("comm_live_update", orphaned);
  stream.start();
  return () => {
    model.off("msg:custom", obey);
    model.off("comm_live_update", orphaned);
    stream.stop("the output was closed");
    clearInterval(batches);
    view.close();
  };
}

export default { render };
