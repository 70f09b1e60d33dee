// The stream is read in the kernel, by Python; here it is only drawn.

function render({ model, el }) {
  const ask = (what) => () => send(model, { ask: what });
  const buttons = [makeButton("Start", ask("start")), makeButton("Stop", ask("stop"))];
  if (model.get("can_cut")) buttons.push(makeButton("Cut the connection", ask("cut")));
  const view = new ClientView(el, "in the kernel: httpx", buttons);
  function hear(message) {
    if (message.events) view.events(message.events);
    if (message.history) view.history(message.history);
    if (message.state) view.state(message.state, message.why, message.wait_ms);
  }
  const orphaned = () => view.state("closed", KERNEL_GONE);
  model.on("msg:custom", hear);
  model.on("comm_live_update", orphaned);
  send(model, { ask: "history" }); // a view that comes later wants to see what was
  return () => {
    model.off("msg:custom", hear);
    model.off("comm_live_update", orphaned);
    view.close();
  };
}

export default { render };
