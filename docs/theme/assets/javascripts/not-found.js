// The page for unknown addresses (404.html): the language of the address first, the nearest pages, a search that has
// the last words of the address in it.

/** The last words of an address: `/cnnref/en/max_poling.html` has `max poling`. */
export function wordsOf(path) {
  const parts = path.split("/").filter(Boolean).map((part) => decoded(part).replace(/\.(html?|md|ipynb)$/i, ""));
  return (parts.filter((part) => part !== "index").at(-1) ?? "").replace(/[-_+.\s]+/g, " ").trim().toLowerCase();
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // not an encoding of anything
  }
}

const pairs = (text) => [...text.replaceAll(" ", "")].map((letter, i, all) => letter + (all[i + 1] ?? ""));

/** How alike two texts are, from 0 to 1: the share of pairs of neighboring letters that they have in common. */
export function likeness(one, other) {
  const left = pairs(one), right = pairs(other), all = left.length + right.length;
  const common = left.filter((pair) => right.includes(pair) && right.splice(right.indexOf(pair), 1));
  return all ? (2 * common.length) / all : 0;
}

/** The links whose address or title is most like the words, best first; none that is much worse than the best. */
export function nearest(words, links) {
  const score = (link) => Math.max(likeness(words, wordsOf(link.pathname)), likeness(words, link.textContent.toLowerCase()));
  const scored = links.map((link) => ({ link, score: score(link) })).sort((a, b) => b.score - a.score);
  const least = Math.max(0.4, 0.6 * scored[0].score);
  return scored.slice(0, 3).filter(({ score }) => score >= least).map(({ link }) => link);
}

function offer(section, words) {
  const found = nearest(words, [...section.querySelectorAll(".pages a")]);
  const form = section.querySelector("form");
  section.querySelector(".nearest ul").append(...found.map((link) => link.parentElement.cloneNode(true)));
  section.querySelector(".nearest").hidden = !found.length;
  form.hidden = false;
  form.querySelector("input").value = words;
  form.addEventListener("submit", (event) => {
    event.preventDefault(); // Material's search opens with what stands behind ?q=
    location.assign(`${section.dataset.home}?q=${encodeURIComponent(form.querySelector("input").value)}`);
  });
}

/** The language of the address comes first, in the title and below it. */
function inOrder(sections) {
  const english = sections.find(({ lang }) => lang === "en").dataset.home;
  const first = location.pathname.startsWith(new URL(english, location.href).pathname) ? "en" : "zh";
  const [one, other] = [...document.querySelectorAll("h1 [lang]")].sort((a) => (a.lang === first ? -1 : 1));
  one.parentElement.replaceChildren(one, " · ", other);
  sections[0].parentElement.prepend(sections.find(({ lang }) => lang === first));
}

if (globalThis.document) {
  const sections = [...document.querySelectorAll(".not-found > section")];
  inOrder(sections);
  sections.forEach((section) => offer(section, wordsOf(location.pathname)));
}
