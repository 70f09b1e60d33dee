// An event stream by fetch, in a page or in Node: with headers of your own, or as a POST. It comes back by itself.
//
//   for await (const { data, event, id } of events("/events", { headers: { Authorization: `Bearer ${token}` } })) ...
//
// It ends at 204, and throws what coming back does not mend (401, 404). What twenty lines leave out: a bound for the size
// of an event, lines that end in CR alone, a silence that means a dead connection, waits that grow. A POST is sent again:
// not for one that costs.
export async function* events(url, init = {}) {
  for (let id = "", retry = 1000; ; await new Promise((done) => setTimeout(done, retry))) {
    const headers = { Accept: "text/event-stream", ...init.headers, ...(id && { "Last-Event-ID": id }) };
    const response = await fetch(url, { ...init, headers }).catch(() => ({ status: 503 })); // nobody there: later
    if (response.status === 204) return;
    if (response.status < 500 && ![200, 429].includes(response.status)) throw new Error(`it answered ${response.status}`);
    const reader = response.status === 200 ? response.body.pipeThrough(new TextDecoderStream()).getReader() : null;
    try { // Safari has no `for await` over a stream
      for (let part, text = ""; reader && !(part = await reader.read()).done; ) {
        const blocks = (text + part.value).replace(/\r\n/g, "\n").split("\n\n");
        text = blocks.pop(); // it is not complete yet
        for (const block of blocks) {
          const all = (name) => [...block.matchAll(new RegExp(`(?:^|\n)${name}: ?([^\n]*)`, "g"))].map((found) => found[1]);
          id = all("id").at(-1) ?? id;
          retry = Number(all("retry").at(-1)) || retry;
          if (all("data").length) yield { data: all("data").join("\n"), event: all("event").at(-1) || "message", id };
        }
      }
    } catch {} finally { reader?.cancel().catch(() => {}); } // it was cut, or nobody listens any more
  }
}
