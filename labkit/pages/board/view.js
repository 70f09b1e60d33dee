// Draws the board. Whatever a learner has typed goes through textContent: it is text, never HTML.
"use strict";

const byId = (id) => document.getElementById(id);
const LONG_S = 12 * 60; // at one exercise: the card says so by its colour as well
const MANY = 15; // beside a vote: then each card has two lines
// So many, and a third of the class, have come to a question before the board turns to it by itself: one alone could
// write anything there, and the fastest are not the class.
const FEWEST = 2;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// `code` between backticks becomes an element; what stands in it stays text.
function withCode(element, text) {
  element.replaceChildren();
  text.split(/`([^`]+)`/).forEach((part, at) => element.append(at % 2 ? make("code", "", part) : part));
}

function minutes(seconds) {
  return seconds < 60 ? "< 1 min" : `${Math.floor(seconds / 60)} min`;
}

const some = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// What the server has sent so far, by sort and id; `shift_s` is how far its clock is ahead.
class Room {
  constructor() {
    this.clear();
  }

  clear() {
    Object.assign(this, { learners: new Map(), questions: new Map(), answers: new Map(), notice: null, chosen: "", lessons: {}, shift_s: 0 });
  }

  take(sort, thing) {
    if (sort === "notice") this.notice = thing;
    else if (sort === "chosen") this.chosen = thing.id;
    else {
      const things = { learner: this.learners, question: this.questions, answer: this.answers }[sort];
      if (thing.gone) things.delete(thing.id);
      else things.set(thing.id, thing);
    }
  }

  now_s() {
    return Date.now() / 1000 + this.shift_s;
  }

  get people() {
    return [...this.learners.values()].sort((one, other) => one.number - other.number);
  }

  // In the order in which the room came to them.
  get asked() {
    return [...this.questions.values()].sort((one, other) => one.asked_s - other.asked_s);
  }

  get question() {
    const enough = Math.min(this.learners.size, Math.max(FEWEST, Math.ceil(this.learners.size / 3)));
    return this.questions.get(this.chosen) ?? this.asked.filter(({ asked }) => asked >= enough).at(-1);
  }
}

function drawHead(room, code) {
  const here = room.people.filter((person) => person.here).length;
  byId("here").textContent = here;
  byId("here-word").textContent = here === room.learners.size ? "here" : `here of ${room.learners.size}`;
  byId("code").textContent = code.replace(/^(...)/, "$1 ");
  byId("command").textContent = `labkit --board ${room.url}${code}`;
}

function drawBanner({ notice }) {
  byId("banner").hidden = !notice?.text;
  byId("banner-text").textContent = notice?.text ?? "";
  const hands = notice?.hands ?? [];
  byId("hands").textContent = hands.length ? `${hands.length} said “me”: ${hands.join(", ")}` : "";
}

function drawVote(room) {
  const question = room.question;
  byId("vote").hidden = !question;
  byId("middle").classList.toggle("voting", Boolean(question));
  if (!question) return;
  byId("vote-where").textContent = room.lessons[question.lesson] ?? "";
  withCode(byId("question"), question.question);
  const shown = question.lifted ? Object.entries(question.votes) : question.choices.map((choice) => [choice, null]);
  if (!question.choices.length) shown.sort((one, other) => parseFloat(one[0]) - parseFloat(other[0]));
  const most = Math.max(1, ...shown.map(([, count]) => count ?? 0));
  const bars = byId("bars");
  bars.className = question.lifted ? "" : "covered";
  // The same bars stay, so that they grow when the cover is lifted.
  while (bars.children.length > shown.length) bars.lastChild.remove();
  while (bars.children.length < shown.length) bars.append(makeBar());
  shown.forEach(([choice, count], place) => {
    const bar = bars.children[place];
    const label = question.choices.length ? choice : `${choice} ${choice.endsWith(question.unit) ? "" : question.unit}`;
    withCode(bar.querySelector(".bar-label"), label);
    bar.querySelector(".bar-count").textContent = count ?? "?";
    bar.querySelector(".bar-fill").style.width = `${(100 * (count ?? 0)) / most}%`;
    bar.classList.toggle("right", question.lifted && choice === question.measured);
  });
  const voted = byId("voted");
  byId("progress").style.width = `${(100 * question.voted) / Math.max(1, question.asked)}%`;
  voted.replaceChildren(make("strong", "", question.voted), ` of ${some(question.asked, "learner")} guessed`);
  if (question.lifted && question.measured && !question.choices.includes(question.measured)) {
    voted.append(`; measured: ${question.measured}`);
  }
}

function makeBar() {
  const bar = make("div", "bar");
  const track = make("div", "bar-track");
  track.append(make("div", "bar-fill"));
  bar.append(make("div", "bar-label"), track, make("div", "bar-count"));
  return bar;
}

function drawPeople(room, remove) {
  const place = byId("people");
  place.classList.toggle("many", room.learners.size > MANY);
  const cards = new Map([...place.children].map((card) => [card.dataset.id, card]));
  for (const person of room.people) {
    const card = cards.get(person.id) ?? makeCard(person.id);
    cards.delete(person.id);
    drawCard(card, person, room);
    card.querySelector("button").hidden = !remove;
    card.querySelector("button").onclick = () => remove?.(person);
    if (!card.isConnected) place.append(card);
  }
  for (const card of cards.values()) card.remove();
}

function makeCard(id) {
  const card = make("div", "person");
  card.dataset.id = id;
  const remove = make("button", "", "×");
  remove.title = "take off the board";
  for (const part of ["name", "what", "since", "brief", "stars"]) card.append(make("div", part));
  card.append(remove);
  return card;
}

function drawCard(card, person, room) {
  const now_s = room.now_s();
  const passed = person.passed_s !== null && person.exercise;
  const since_s = now_s - (person.exercise && !passed ? person.exercise_since_s : person.lesson_since_s);
  const what = [person.lesson, person.exercise].filter(Boolean).join(" · ");
  card.querySelector(".name").textContent = person.name;
  card.querySelector(".what").textContent = what || "has joined";
  card.querySelector(".stars").textContent = person.passed.length ? `✓ ${person.passed.length}` : "";
  const level = person.levels ? `, level ${Math.min(person.level + 1, person.levels)} of ${person.levels}` : "";
  const said = passed
    ? `passed in ${minutes(person.passed_s - person.exercise_since_s)}`
    : person.exercise
      ? `${minutes(since_s)}${level}`
      : person.lesson
        ? minutes(since_s)
        : "";
  card.querySelector(".since").textContent = said;
  const at = person.exercise || person.lesson;
  const brief = passed ? `${at} ✓` : [at && minutes(since_s), at].filter(Boolean).join(" · "); // the time first: it is not cut off
  card.querySelector(".brief").textContent = brief || "has joined";
  const passes = String(person.passed.length);
  card.classList.toggle("new-pass", card.dataset.passes !== undefined && Number(passes) > Number(card.dataset.passes));
  card.dataset.passes = passes;
  card.classList.toggle("passed", Boolean(passed));
  card.classList.toggle("long", Boolean(person.exercise && !passed && since_s > LONG_S));
  card.classList.toggle("away", !person.here);
  card.classList.toggle("hand", Boolean(room.notice?.hands?.includes(person.name)));
}

function drawExercises(room) {
  const tallies = new Map();
  const tally = (name) => tallies.get(name) ?? tallies.set(name, { done: 0, trying: 0 }).get(name);
  for (const { passed, exercise } of room.people) {
    for (const name of passed) tally(name).done += 1;
    if (exercise && !passed.includes(exercise)) tally(exercise).trying += 1;
  }
  const all = Math.max(1, room.learners.size);
  byId("exercises").replaceChildren(
    ...[...tallies].slice(-6).map(([name, { done, trying }]) => {
      const box = make("div", "exercise");
      const line = make("p");
      line.append(make("code", "", name), make("span", "soft", trying ? `${done} ✓, ${trying} at it` : `${done} ✓`));
      const track = make("div", "bar-track");
      for (const [kind, count] of [["done", done], ["trying", trying]]) {
        const fill = make("div", `bar-fill ${kind}`);
        fill.style.width = `${(100 * count) / all}%`;
        track.append(fill);
      }
      box.append(line, track);
      return box;
    }),
  );
}
