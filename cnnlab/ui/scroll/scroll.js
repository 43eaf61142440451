// Nothing to see: the page is scrolled when Python asks for it once more.

const last = {}; // kept while the page is left for another one: coming back does not scroll
export default function mount({ data, parentElement }) {
  if (data.time === (last[data.name] ?? 0)) return;
  last[data.name] = data.time;
  const place = parentElement.host ?? parentElement;
  if (data.top) place.closest(".stMain")?.scrollTo({ top: 0 });
  else if (place.getBoundingClientRect().top < 0) place.scrollIntoView({ block: "start" });
}
