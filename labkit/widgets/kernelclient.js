// The stream is read in the kernel, by Python; here it is only drawn.

function render({ model, el }) {
  const ask = (what) => () => send(model, { ask: what });
  const startTitle = "asks for the stream, and goes on after the last event ID";
  const view = new ClientView(el, "in the kernel: httpx", clientButtons(model, ask("start"), ask("stop"), startTitle));
  function hear(message) {
    if (message.events) view.events(message.events);
    if (message.history) view.history(message.history);
    if (message.state) view.state(message.state, message.why, message.wait_ms, message.status);
  }
  model.on("msg:custom", hear);
  send(model, { ask: "history" }); // a view that comes later wants to see what was
  const leave = onKernelGone(model, el, () => view.orphaned());
  return () => {
    model.off("msg:custom", hear);
    leave();
    view.close();
  };
}

export default { render };
