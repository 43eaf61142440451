// The parts of a sum as bars; those with a name are buttons.

export default function mount({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector(".sum-bars");
  if (!list) parentElement.append((list = make("div", "sum-bars")));
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", data.label);
  list.onkeydown = (event) => event.stopPropagation(); // Streamlit has shortcuts of its own
  const focused = parentElement.activeElement?.dataset.name;
  list.replaceChildren(...data.rows.map((row) => bar(row, data, setTriggerValue)));
  if (focused) list.querySelector(`[data-name="${focused}"]`)?.focus({ preventScroll: true });
}

function bar({ name, title, value, text }, { extent, chosen }, send) {
  const fill = make("i", value < 0 ? "minus" : "plus");
  const share = extent > 0 ? Math.min(Math.abs(value) / extent, 1) : 0;
  fill.style.width = `${50 * share}%`;
  const track = value === null ? make("span", "") : make("span", "track", fill); // the whole has no bar
  const parts = [make("span", "what", title), track, make("span", "number", text)];
  if (name === null) return make("div", value === null ? "row whole" : "row", ...parts);
  const made = make("button", "row", ...parts);
  made.type = "button";
  made.dataset.name = name;
  made.setAttribute("aria-pressed", name === chosen);
  made.onclick = () => send("choice", name);
  return made;
}
