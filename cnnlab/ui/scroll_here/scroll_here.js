// Nothing to see: the page is scrolled to this place when Python asks for it once more.

let last = 0; // kept while the page is left for another one: coming back does not scroll
export default function mount({ data, parentElement }) {
  if (data.time === last) return;
  last = data.time;
  const place = parentElement.host ?? parentElement;
  if (data.time && place.getBoundingClientRect().top < 0) place.scrollIntoView({ block: "start" });
}
