// The stream is read by this page. It belongs to the view: when the output goes, the stream is closed.

const START_TITLES = {
  eventsource: "opens a new EventSource. It knows no last event ID, and hears what is published from now on",
  fetch: "asks for the stream, and goes on after the last event ID",
};

function render({ model, el }) {
  let unsent = [];
  const flush = () => {
    if (unsent.length) send(model, { events: unsent.splice(0) });
  };
  const stream = new PageStream(model, {
    state(state, why, waitMs, status) {
      view.state(state, why, waitMs, status);
      flush();
      send(model, { state, why, at: performance.now() });
    },
    event(event) {
      const item = { ...event, at: performance.now() };
      view.events([item]);
      unsent.push(item);
    },
    note: (text) => view.note(text),
    way: (how) => view.title(`${name}, ${how}`),
    gaveUp: () => send(model, { gave_up: true }), // Python may know why
  });
  const by = model.get("via") === "fetch" ? `fetch, ${model.get("request").method}` : "EventSource";
  const name = `in the browser: ${by}`;
  const stop = () => stream.stop("stopped by you");
  const buttons = clientButtons(model, () => stream.start(), stop, START_TITLES[model.get("via")]);
  const view = new ClientView(el, name, buttons);
  const batches = setInterval(flush, BATCH_MS);

  function obey(message) {
    if (message.ask === "stop") stream.stop("stopped by the notebook");
    if (message.ask === "start") stream.start();
    if (message.refused) stream.refused(message.refused);
  }
  function lookForServer() {
    const gone = model.get("server_gone");
    if (gone) stream.lose(gone);
  }
  model.on("msg:custom", obey);
  model.on("change:server_gone", lookForServer);
  let kernel = true;
  const leave = onKernelGone(model, el, () => {
    kernel = false;
    stream.stop(KERNEL_GONE);
    view.orphaned();
  });
  if (model.get("server_gone")) view.state("closed", model.get("server_gone"));
  else if (kernel) stream.start();
  return () => {
    model.off("msg:custom", obey);
    model.off("change:server_gone", lookForServer);
    leave();
    stream.stop("the output was closed");
    clearInterval(batches);
    view.close();
  };
}

export default { render };
