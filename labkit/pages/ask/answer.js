"use strict";
// An answer as its events come in: its texts, its tool calls, and how it ended. As labkit/dialects/answer.py, and as pure.

// For each ending the sentence that the page says. Only the first one means that the answer is whole.
const ENDING_SENTENCES = {
  finished: "the answer is whole",
  length: "the answer was cut at its longest allowed length: more would have come",
  filtered: "a filter of the provider stopped the answer",
  refused: "the model refused to answer",
  tool_calls: "the model wants a tool to be called, and waits for its result",
  paused: "the model paused: it goes on when it is asked again with what it has said",
  failed: "the model failed in the middle of the answer",
  other: "the model stopped for a reason that is none of the usual ones",
  unfinished: "the stream ended before the answer did: it may be cut off",
  broken: "the connection broke in the middle of the answer",
  stopped: "the answer was stopped by its reader",
};
const WORST_FIRST = ["failed", "broken", "unfinished", "filtered", "refused", "other", "length", "stopped", "paused", "tool_calls", "finished"];
const WHOLE_CALLS = ["gemini", "ollama"]; // their tool calls come whole, and several may bear one number
const CALLS_BY_ID = ["ag-ui"]; // each piece names its call, and the pieces of several may come in turn
const WITHOUT_END_MARK = ["gemini"]; // their last event has a reason, and nothing comes behind it
const MAX_MESSAGE_CHARACTERS = 500;

function worstEnding(endings) {
  return WORST_FIRST.find((ending) => endings.includes(ending));
}

class AnswerChoice {
  text = "";
  reasoning = "";
  refusal = "";
  toolCalls = []; // {number, id, name, arguments}, each put together from its pieces
  ending = ""; // until its end is known
  reason = "";
  places = new Map(); // in toolCalls, by the number that the dialect gives
  answeredIds = new Set(); // of the calls that were made where the model runs: nobody waits for them

  get isEmpty() {
    return !(this.text || this.reasoning || this.refusal || this.toolCalls.length);
  }

  add(part, dialect) {
    if (part.kind === "tool_call") return this.addCall(part, dialect);
    if (part.kind !== "finish") this[part.kind] += part.text;
    else if (!this.ending || worstEnding([this.ending, part.ending]) === part.ending) ({ ending: this.ending, reason: this.reason } = part);
    return true;
  }

  addCall(piece, dialect) {
    const place = this.placeOf(piece, dialect), known = this.toolCalls[place];
    if (known) {
      this.places.set(piece.number, place);
      known.id ||= piece.id;
      known.name ||= piece.name;
      known.arguments += piece.arguments;
    } else {
      if (!piece.id && !piece.name) return false; // it belongs to a tool that the provider calls itself
      this.places.set(piece.number, this.toolCalls.length);
      const { id, name, arguments: args } = piece;
      this.toolCalls.push({ number: this.toolCalls.length, id, name, arguments: args });
    }
    return true;
  }

  // The place in toolCalls of the call that this is a piece of; -1 for a new call.
  placeOf(piece, dialect) {
    if (CALLS_BY_ID.includes(dialect) && piece.id) return this.toolCalls.findIndex(({ id }) => id === piece.id);
    const place = this.places.get(piece.number) ?? -1, known = this.toolCalls[place];
    return known && (WHOLE_CALLS.includes(dialect) || (piece.id && known.id && piece.id !== known.id)) ? -1 : place;
  }

  // Decides how it ended, now that nothing more comes: `otherwise` where it gave no reason.
  settle(otherwise) {
    this.ending ||= otherwise;
    // Many a server says "stop" for these too.
    if (this.ending === "finished" && this.refusal) this.ending = "refused";
    else if (this.ending === "finished" && this.toolCalls.some(({ id }) => !this.answeredIds.has(id))) this.ending = "tool_calls";
  }
}

class Answer {
  choices = new Map(); // by their index
  promptTokens = null;
  answerTokens = null;
  dialect = "";
  endMark = "";
  failure = null;
  ending = ""; // until the answer has ended. After its end mark nothing is read
  told = { why: "", notes: [] }; // what the lab's own server says of the end
  oddities = new Map();
  endNotes = [];

  // The parts of the next event that were taken into the answer.
  feedEvent({ data, type = "message" }) {
    if (this.ending) return [];
    const { dialect, parts, whole } = readData(data, type);
    this.dialect ||= dialect;
    if (dialect === "labkit" && type === "done") this.readEnd(JSON.parse(data));
    const news = whole.filter(({ choice = 0 }) => this.choices.get(choice)?.isEmpty ?? true);
    return [...news, ...parts].filter((part) => this.take(part) !== false);
  }

  // The same for a line of JSON, as Ollama sends them.
  feedLine(line) {
    return line.trim() ? this.feedEvent({ data: line }) : [];
  }

  // Tells that the stream has ended; `broken` where the connection broke.
  close({ broken = false } = {}) {
    if (!this.ending) this.settle(broken);
  }

  // Tells that its reader left, or lost it, before it said how it ends.
  leave(ending) {
    if (this.ending) return;
    for (const choice of this.choices.values()) choice.settle(ending);
    this.ending = ending;
  }

  // Whether the model itself has said that it is at its end.
  get endIsTold() {
    return Boolean(this.endMark) || [...this.choices.values()].some(({ reason }) => reason);
  }

  get why() {
    if (!this.ending) return "";
    if (this.told.why) return this.told.why;
    if (this.failure && this.ending === "failed") return `the model says: ${this.failure.message.slice(0, MAX_MESSAGE_CHARACTERS)}`;
    let sentence = ENDING_SENTENCES[this.ending];
    const all = [...this.choices.values()], alike = all.filter(({ ending }) => ending === this.ending);
    if (all.length > 1 && this.ending !== "finished") sentence += ` (so it is with ${alike.length} of ${counted(all.length, "answer")})`;
    const reason = alike[0]?.reason;
    return reason && ["failed", "other"].includes(this.ending) ? `${sentence}: ${reason.slice(0, 60)}` : sentence;
  }

  get notes() {
    const left = [...this.oddities].map(([why, count]) => `${counted(count, "event")} left out: ${why}`);
    return [...left, ...this.endNotes, ...this.told.notes];
  }

  readEnd({ why, notes }) {
    this.told = { why: asText(why).slice(0, MAX_MESSAGE_CHARACTERS), notes: asList(notes).map(asText).filter(Boolean) };
  }

  take(part) {
    if (part.kind === "failed") this.failure ??= part;
    else if (part.kind === "oddity") this.oddities.set(part.why, (this.oddities.get(part.why) ?? 0) + 1);
    else if (part.kind === "counts") {
      this.promptTokens = part.prompt ?? this.promptTokens;
      this.answerTokens = part.answer ?? this.answerTokens;
    } else if (part.kind === "end") {
      this.endMark = part.mark;
      this.settle(false);
    } else if (part.kind === "tool_result") {
      this.choice(0).answeredIds.add(part.id);
      return false;
    } else if (part.kind === "finish" && this.dialect === "labkit") { // it tells one ending for all
      for (const index of this.choices.size ? this.choices.keys() : [0]) this.choice(index).add(part, this.dialect);
    } else return this.choice(part.choice).add(part, this.dialect);
    return true;
  }

  choice(index) {
    if (!this.choices.has(index)) this.choices.set(index, new AnswerChoice());
    return this.choices.get(index);
  }

  settle(broken) {
    const all = [...this.choices.values()], someFinished = all.some(({ ending }) => ending);
    let otherwise = broken ? "broken" : "unfinished";
    if (this.failure) otherwise = "failed";
    else if (this.endMark && !someFinished) {
      otherwise = "finished";
      this.endNotes.push("no reason was given for the end");
    } else if (someFinished && !this.endMark && !WITHOUT_END_MARK.includes(this.dialect)) {
      this.endNotes.push(broken ? "the connection broke before the end mark" : "the end mark is missing");
    }
    for (const choice of all) choice.settle(otherwise);
    const endings = all.length ? all.map(({ ending }) => ending) : [otherwise];
    this.ending = this.failure ? "failed" : worstEnding(endings);
  }
}
