// Which result of a search comes first. Sphinx counts the best word alone: here each word that stands in the title counts,
// and a cause comes before the lists of lines by product, which repeat it.
var Scorer = {
  score: ([page, title, anchor, description, score]) => {
    const asked = new URLSearchParams(window.location.search).get("q") || "";
    const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
    const own = title.toLowerCase();
    const share = words.filter((word) => own.includes(word)).length / Math.max(1, words.length);
    const place = page.startsWith("causes/") ? 4 : page.startsWith("products/") && anchor ? -12 : 0;
    return score + 20 * share + place;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
