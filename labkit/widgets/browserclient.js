// The browser's own EventSource. It belongs to the view: when the output goes, the stream is closed.

const PROXIED_AT_MOST = 4; // six streams through Jupyter's own port would leave JupyterLab none to save with
const BATCH_MS = 100;

function addressOf(url, route) {
  const target = new URL(url);
  const sameMachine = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  if (route === "direct" || (route === "auto" && sameMachine)) return { address: url, how: "direct" };
  const config = document.getElementById("jupyter-config-data");
  const base = config ? JSON.parse(config.textContent).baseUrl : document.body.dataset.baseUrl || "/";
  return { address: new URL(`${base}proxy/${target.port}${target.pathname}`, location.href).href, how: "through Jupyter's proxy" };
}

function proxied(change) {
  window.labkitProxiedStreams = (window.labkitProxiedStreams || 0) + change;
  return window.labkitProxiedStreams;
}

function render({ model, el }) {
  let source = null;
  let unsent = [];
  const { address, how } = addressOf(model.get("url"), model.get("route"));
  const isProxied = how !== "direct";
  const view = new ClientView(el, `in the browser: EventSource, ${how}`, [
    makeButton("Start", start),
    makeButton("Stop", () => stop("stopped by you")),
    makeButton("Cut the connection", () => model.send({ ask: "cut" })),
  ]);
  const batches = setInterval(flush, BATCH_MS);

  function flush() {
    if (unsent.length) model.send({ events: unsent.splice(0) });
  }
  function tell(state, why) {
    view.state(state, why);
    flush();
    model.send({ state, why, at: performance.now() });
  }
  function take(event) {
    const item = { type: event.type, data: event.data, id: event.lastEventId, at: performance.now() };
    view.events([item]);
    unsent.push(item);
  }
  function start() {
    if (source) return;
    if (isProxied && proxied(0) >= PROXIED_AT_MOST) {
      tell("closed", `${PROXIED_AT_MOST} streams go through Jupyter's proxy already: stop one, or JupyterLab itself would stall`);
      return;
    }
    if (isProxied) proxied(+1);
    source = new EventSource(address);
    tell("connecting", "the browser asks");
    source.onopen = () => tell("open", "the answer is an event stream");
    source.onerror = () => {
      if (source && source.readyState === EventSource.CLOSED) {
        const why = "the browser gave up: no event stream (an error status, or another media type). Is the server running? Then Start";
        stop(why);
      } else tell("connecting", "the connection broke, and the browser tries again by itself");
    };
    for (const type of model.get("types")) source.addEventListener(type, take);
  }
  function stop(why) {
    if (!source) return;
    source.close();
    source = null;
    if (isProxied) proxied(-1);
    tell("closed", why);
  }
  function obey(message) {
    if (message.ask === "stop") stop("stopped by the notebook");
    if (message.ask === "start") start();
  }

  model.on("msg:custom", obey);
  start();
  return () => {
    model.off("msg:custom", obey);
    stop("the output was closed");
    clearInterval(batches);
    view.close();
  };
}

export default { render };
