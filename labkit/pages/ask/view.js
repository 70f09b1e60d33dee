"use strict";
// An answer in its box: for each choice its reasoning (folded), its text, its refusal, the tools that it calls, and how it
// ended. All that the stream brings is written as textContent, but for the text of the answer, which markdown.js makes safe.

// More than these no model gives; who sends a million shall not fill the page.
const SHOWN_CHOICES = 20;
const SHOWN_CALLS = 100;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// A text that only grows: what is there stays, and with it what a reader has selected.
class PlainView {
  constructor(box) {
    this.box = box;
    this.length = 0;
  }

  show(text) {
    if (text.length === this.length) return;
    this.box.append(text.slice(this.length));
    this.length = text.length;
  }
}

class ChoiceView {
  constructor(box, heading) {
    this.ending = element("p", "choice-ending");
    this.ending.hidden = true;
    this.box = element("article", "choice");
    if (heading) this.box.append(element("h3", "", heading));
    this.parts = element("div");
    this.box.append(this.parts, this.ending);
    box.append(this.box);
    this.views = {};
    this.tools = new Map();
  }

  // The view of a part of the answer; made where the part comes first, so that the parts stand as they came.
  view(name, make) {
    return (this.views[name] ??= make());
  }

  paint(choice, { asText, over, thinking }) {
    if (choice.reasoning) this.reasoning(choice, over, thinking);
    if (choice.text) this.words(choice.text, asText, over);
    if (choice.refusal) {
      this.view("refusal", () => {
        const text = element("div", "plain");
        this.parts.append(element("div", "part refusal", element("p", "label", "The model refuses"), text));
        return new PlainView(text);
      }).show(choice.refusal);
    }
    for (const call of choice.toolCalls.slice(0, SHOWN_CALLS)) this.tool(call, over);
  }

  reasoning(choice, over, thinking) {
    const { text, label } = this.view("reasoning", () => {
      const box = element("div", "plain"), said = element("span", "hint");
      this.parts.append(element("details", "part reasoning", element("summary", "", "Reasoning ", said), box));
      return { text: new PlainView(box), label: said };
    });
    text.show(choice.reasoning);
    const long = `${choice.reasoning.length.toLocaleString("en")} ${choice.reasoning.length === 1 ? "character" : "characters"}`;
    label.textContent = !choice.text && !over ? `the model is thinking · ${long}` : thinking ? `for ${thinking} · ${long}` : long;
  }

  words(text, asText, over) {
    const view = this.view("words", () => {
      const box = element("div", "words");
      this.parts.append(box);
      return { box, form: "", shown: null, pauseUntilMs: 0 };
    });
    const form = asText || view.tooSlow ? "plain" : "markdown";
    if (view.form !== form) {
      view.form = form;
      view.box.className = `words ${form}`;
      view.box.replaceChildren();
      view.shown = form === "plain" ? new PlainView(view.box) : new MarkdownView(view.box);
      view.pauseUntilMs = 0;
    }
    // Most of the time is left to the reader, who wants to scroll and to press Stop: a rendering that took 20 ms is
    // followed by 80 ms without one.
    const beganMs = performance.now();
    if (beganMs < view.pauseUntilMs && !over) return (this.late = true);
    this.late = false;
    if (view.shown.show(text) === false) {
      view.tooSlow = true;
      this.words(text, asText, over);
    }
    const tookMs = performance.now() - beganMs;
    view.pauseUntilMs = tookMs > 8 ? beganMs + 5 * tookMs : 0;
  }

  tool(call, over) {
    let view = this.tools.get(call.number);
    if (!view) {
      const name = element("strong"), hint = element("span", "hint"), text = element("pre");
      this.tools.set(call.number, (view = { name, hint, text }));
      this.parts.append(element("div", "part tool", element("p", "label", "A call of the tool ", name, " ", hint), text));
    }
    const { shown, wrong } = over ? toolArguments(call.arguments) : { shown: call.arguments, wrong: "" };
    view.name.textContent = call.name || "without a name";
    view.hint.textContent = [call.id, wrong].filter(Boolean).join(" · ");
    if (view.text.textContent !== shown) view.text.textContent = shown;
  }

  end(word, sentence, kind) {
    this.ending.hidden = false;
    this.ending.dataset.kind = kind;
    this.ending.replaceChildren(element("span", "badge"), element("span", "", element("strong", "", word), `: ${sentence}`));
  }
}

// The arguments of a whole call, in lines; or what is wrong with them.
function toolArguments(text) {
  if (!text) return { shown: "", wrong: "no arguments" };
  try {
    return { shown: JSON.stringify(JSON.parse(text), null, 2), wrong: "" };
  } catch {
    return { shown: text, wrong: "its arguments are no JSON: it cannot be made" };
  }
}

class AnswerView {
  constructor(box) {
    this.box = box;
    this.clear();
  }

  clear() {
    this.box.replaceChildren();
    this.choices = new Map();
  }

  // Shows the answer as it is now. True if something is still to be shown, in a later frame.
  paint(answer, { asText, over, thinking }) {
    const several = answer.choices.size > 1;
    if (several && this.choices.size === 1 && !this.headed) this.clear(); // the first one gets its heading too
    this.headed = several;
    let late = false;
    for (const [index, choice] of [...answer.choices].sort(([one], [other]) => one - other).slice(0, SHOWN_CHOICES)) {
      let view = this.choices.get(index);
      if (!view) {
        view = new ChoiceView(this.box, several ? `Answer ${index + 1}` : "");
        this.choices.set(index, view);
        for (const [, { box }] of [...this.choices].sort(([one], [other]) => one - other)) this.box.append(box);
      }
      view.paint(choice, { asText, over, thinking });
      // The lab's own stream tells one ending for all of them; it stands above.
      if (over && several && answer.dialect !== "labkit") view.end(endingWord(choice.ending), ENDING_SENTENCES[choice.ending], ENDING_KINDS[choice.ending]);
      late ||= view.late;
    }
    const isEmpty = [...answer.choices.values()].every((choice) => choice.isEmpty);
    this.box.dataset.empty = over && isEmpty ? "No text came." : "";
    return late;
  }

  // Whether some Markdown is shown as it was written, because making it took too long.
  get tooSlow() {
    return [...this.choices.values()].some(({ views }) => views.words?.tooSlow);
  }
}
