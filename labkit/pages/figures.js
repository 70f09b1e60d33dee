// Numbers in a sentence: one file for the widgets and for the pages that a server gives.

function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

// From the question to the last token: counted from the first one, an answer that came in one lump would be the fastest.
function pace(tokens, lastMs) {
  const rate = ((tokens * 1000) / lastMs).toFixed(1); // never the number 1 alone: its noun is always in the plural
  return `${rate} tokens a second from the question on`;
}
