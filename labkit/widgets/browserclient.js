// The stream is read by this page. It belongs to the view: when the output goes, the stream is closed.

const BATCH_MS = 100;

function render({ model, el }) {
  let unsent = [];
  const flush = () => {
    if (unsent.length) model.send({ events: unsent.splice(0) });
  };
  const stream = new PageStream(model, {
    state(state, why, waitMs) {
      view.state(state, why, waitMs);
      flush();
      model.send({ state, why, at: performance.now() });
    },
    event(event) {
      const item = { ...event, at: performance.now() };
      view.events([item]);
      unsent.push(item);
    },
  });
  const name = model.get("via") === "fetch" ? `fetch, ${model.get("request").method}` : "EventSource";
  const buttons = [makeButton("Start", () => stream.start()), makeButton("Stop", () => stream.stop("stopped by you"))];
  if (model.get("can_cut")) buttons.push(makeButton("Cut the connection", () => model.send({ ask: "cut" })));
  const view = new ClientView(el, `in the browser: ${name}, ${stream.how}`, buttons);
  const batches = setInterval(flush, BATCH_MS);

  function obey(message) {
    if (message.ask === "stop") stream.stop("stopped by the notebook");
    if (message.ask === "start") stream.start();
  }
  model.on("msg:custom", obey);
  stream.start();
  return () => {
    model.off("msg:custom", obey);
    stream.stop("the output was closed");
    clearInterval(batches);
    view.close();
  };
}

export default { render };
