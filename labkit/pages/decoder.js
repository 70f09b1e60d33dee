// The decoder of a page that reads by fetch: bytes in, events out. Source: WHATWG HTML 9.2.6.

const LONGEST_WAIT_MS = 2 ** 31 - 1; // a longer setTimeout fires at once
const MAX_EVENT_CHARACTERS = 1024 * 1024; // as the decoder of labkit in Python

// Thrown where one event, or one line, has no end: a page that reads on fills up. Asking again would meet it again.
class TooLarge extends Error {}

function checkSize(characters) {
  if (characters <= MAX_EVENT_CHARACTERS) return;
  throw new TooLarge(`an event grew past ${MAX_EVENT_CHARACTERS.toLocaleString("en")} characters: the sender forgot its line ends, or its blank lines`);
}

class Decoder {
  constructor(lastEventId = "") {
    this.lastEventId = lastEventId; // of the last block that ended: what the next request sends
    this.reconnectionMs = null; // what the stream asked for, if it did
    this.utf8 = new TextDecoder(); // strips one BOM; bad bytes become U+FFFD
    this.unfinished = "";
    this.afterCr = false;
    this.id = lastEventId;
    this.data = "";
    this.type = "";
  }

  feed(bytes) {
    let text = this.utf8.decode(bytes, { stream: true });
    if (!text) return [];
    // A CR ended its line at once; an LF that opens the next chunk belongs to it.
    if (this.afterCr && text.startsWith("\n")) text = text.slice(1);
    this.afterCr = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    lines[0] = this.unfinished + lines[0];
    this.unfinished = lines.pop();
    const events = lines.map((line) => this.line(line)).filter(Boolean);
    checkSize(this.unfinished.length + this.data.length);
    return events;
  }

  line(line) {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") checkSize((this.data += value + "\n").length);
    else if (field === "event") this.type = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.reconnectionMs = Math.min(Number(value), LONGEST_WAIT_MS);
    return null; // comments have an empty field name, and are ignored like all that is unknown
  }

  dispatch() {
    const { data, type } = this;
    this.lastEventId = this.id;
    this.data = this.type = "";
    return data && { type: type || "message", data: data.slice(0, -1), id: this.id };
  }
}
