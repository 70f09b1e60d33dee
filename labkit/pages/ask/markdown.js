"use strict";
// An answer's Markdown, made safe while it streams. Whoever can put words into a model's mouth (a web page that it read, a
// file, another user) writes this text, so there are four walls, and each would do alone:
// 1. Markdown has no HTML here: the parser is not told what a tag is. What looks like HTML is shown as it was written.
// 2. A link leads to http, https or mailto, or it is no link. A picture is not loaded: its URL could carry away what
//    stands in the answer, and nobody would have to click. It is shown as a link.
// 3. DOMPurify takes out whatever is not in a short list. It parses into a document that loads and runs nothing.
// 4. The Content-Security-Policy of the page runs no script but this server's files, and loads no picture.
const LINKS = new Set(["http:", "https:", "mailto:"]);
const ALLOWED = {
  ALLOWED_TAGS: [
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "del", "code", "pre", "blockquote",
    "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a",
  ],
  ALLOWED_ATTR: ["href", "rel", "target", "title", "start", "align"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i, // asked of every attribute, but for these:
  ADD_URI_SAFE_ATTR: ["target", "start", "align"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
const STEP_CHARACTERS = 8000; // of a text that came in one lump
// A text that makes a parser slow is written in a minute. Such a text is shown as it is.
const LONGEST_BLOCK_CHARACTERS = 30000;
const LONGEST_RENDERING_MS = 1000;

function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// The URL, if a link may lead there; otherwise "". A relative one leads nowhere: an answer has no address.
function linkTarget(href) {
  try {
    const url = new URL(href);
    return LINKS.has(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

function link(href, inner) {
  // nofollow, as all that strangers write; noopener and noreferrer: the other page gets neither this window nor its address
  return `<a href="${escaped(href)}" title="${escaped(href)}" target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
}

const MARKDOWN = new marked.Marked({
  gfm: true,
  breaks: true, // a line break of the model stays one
  // No HTML; and no definitions of links ("[1]: " and a URL), which would change what stands above: they are shown.
  tokenizer: { html() {}, tag() {}, def() {} },
  renderer: {
    link(token) {
      const target = linkTarget(token.href);
      return target ? link(target, this.parser.parseInline(token.tokens)) : escaped(token.raw);
    },
    image(token) {
      const target = linkTarget(token.href);
      return target ? link(target, `picture: ${escaped(token.text || target)}`) : escaped(token.raw);
    },
    code(token) {
      return `<pre><code>${escaped(token.text)}\n</code></pre>\n`; // without a class: the answer chooses no names here
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    html: ({ raw }) => escaped(raw),
  },
});

// A box that shows a growing text as Markdown. What is finished stays in the page as it is, with what the reader has
// selected in it: only the last two blocks are read and drawn anew, because nothing that follows changes the others.
class MarkdownView {
  constructor(box) {
    this.box = box;
    this.clear();
  }

  clear() {
    this.text = "";
    this.blocks = []; // {raw, nodes} of each block; their raws together are the text
    this.box.replaceChildren();
  }

  // Shows the whole text. False where that would take too long: then it is for the caller to show it as it is.
  show(text) {
    text = text.replace(/\r\n?/g, "\n"); // as the parser does
    if (!text.startsWith(this.text)) this.clear();
    const untilMs = performance.now() + LONGEST_RENDERING_MS;
    try {
      while (this.text.length < text.length) {
        if (!this.grow(text.slice(0, this.text.length + STEP_CHARACTERS)) || performance.now() > untilMs) return false;
      }
    } catch {
      return false; // nested too deeply
    }
    return true;
  }

  grow(text) {
    let kept = this.blocks.length;
    for (let open = 2; kept > 0 && open > 0; kept -= 1) if (this.blocks[kept - 1].raw.trim()) open -= 1;
    const start = this.blocks.slice(0, kept).reduce((sum, { raw }) => sum + raw.length, 0);
    if (text.length - start > LONGEST_BLOCK_CHARACTERS) return false;
    this.draw(kept, MARKDOWN.lexer(text.slice(start)));
    this.text = text;
    return true;
  }

  draw(kept, tokens) {
    let same = 0;
    while (same < tokens.length && this.blocks[kept + same]?.raw === tokens[same].raw) same += 1;
    for (const { nodes } of this.blocks.splice(kept + same)) for (const node of nodes) node.remove();
    for (const token of tokens.slice(same)) {
      const fragment = DOMPurify.sanitize(MARKDOWN.parser([token]), ALLOWED);
      this.blocks.push({ raw: token.raw, nodes: [...fragment.childNodes] });
      this.box.append(fragment);
    }
  }
}

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  // Once more, on what the browser has made of it: the second wall does not trust the first.
  if (!linkTarget(node.getAttribute("href") ?? "")) node.removeAttribute("href");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});
