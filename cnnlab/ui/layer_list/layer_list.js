// The list of layers. It computes nothing: rows come from Python, wishes go back.
const LISTS = new WeakMap();

function row(list, entry, place) {
  const line = make("tr");
  line.dataset.row = place;
  if (entry.error) line.classList.add("problem");
  if (entry.later) line.classList.add("later");
  const what = make("th", "what");
  what.scope = "row";
  const button = make("button");
  button.type = "button";
  button.append(make("span", place < 0 ? "handle nothing" : "handle"));
  button.append(make("span", "number", place < 0 ? "" : String(place + 1)));
  if (entry.depth) button.append(make("span", "inside"));
  button.append(make("span", "", entry.title));
  what.append(button);
  if (entry.error) {
    what.append(make("span", "says wrong", `✕ ${entry.error}`));
  }
  line.append(what);
  for (const cell of entry.cells) line.append(make("td", "", cell));
  line.onclick = () => list.dropped || choose(list, place);
  return line;
}

function wish(list, action, place, before = -1) {
  list.number += 1;
  list.wishes = [...list.wishes, { number: list.number, action, row: place, before }].slice(-50);
  list.send("wishes", { token: list.token, list: list.wishes });
}

function mark(list) {
  for (const line of list.root.querySelectorAll("tbody tr")) {
    const chosen = Number(line.dataset.row) === list.selected;
    line.classList.toggle("chosen", chosen);
    const button = line.querySelector("button");
    button.setAttribute("aria-current", chosen ? "true" : "false");
    button.tabIndex = chosen ? 0 : -1;
  }
}

function reveal(list, focus) {
  const line = list.root.querySelector("tr.chosen");
  if (!line) return;
  if (focus) line.querySelector("button").focus({ preventScroll: true });
  const box = list.root, head = box.querySelector("thead").offsetHeight;
  if (line.offsetTop < box.scrollTop + head) box.scrollTop = line.offsetTop - head;
  const end = line.offsetTop + line.offsetHeight;
  if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight;
}

function choose(list, place, action = "select") {
  wish(list, action, place);
  list.selected = Math.max(-1, Math.min(place, list.count - 1));
  mark(list);
  reveal(list, true);
}

function pressed(list, event) {
  const command = event.ctrlKey || event.metaKey;
  const key = event.key;
  let action = "";
  if (event.altKey && key === "ArrowUp") action = "up";
  else if (event.altKey && key === "ArrowDown") action = "down";
  else if (key === "Delete" || key === "Backspace") action = "delete";
  else if (command && key.toLowerCase() === "d") action = "duplicate";
  else if (command && key.toLowerCase() === "z") action = event.shiftKey ? "redo" : "undo";
  else if (command && key.toLowerCase() === "y") action = "redo";
  if (!command && key.length === 1) event.stopPropagation(); // Streamlit's own keys: r, c
  if (action) wish(list, action, list.selected);
  else if (key === "ArrowUp") choose(list, list.selected - 1, "previous");
  else if (key === "ArrowDown") choose(list, list.selected + 1, "next");
  else if (key === "Home") choose(list, -1);
  else if (key === "End") choose(list, list.count - 1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// Dragging: by mouse anywhere in a row, by touch at its handle (elsewhere a finger scrolls).
const FAR = 5; // pixels; less is a click

function grab(list, event) {
  const line = event.target.closest("tbody tr");
  if (!line || line.dataset.row < 0 || event.button !== 0 || !event.isPrimary) return;
  if (event.pointerType !== "mouse" && !event.target.closest(".handle")) return;
  list.drag = { id: event.pointerId, place: Number(line.dataset.row), from: event.clientY, at: -1 };
}

function drag(list, event) {
  const held = list.drag;
  if (!held || event.pointerId !== held.id) return;
  if (!event.buttons) return release(list);
  held.y = event.clientY;
  if (!held.line) {
    if (Math.abs(held.y - held.from) < FAR) return;
    held.line = make("div", "landing");
    list.root.append(held.line);
    list.root.setPointerCapture(held.id);
    list.root.classList.add("dragging");
    const [first, last] = list.rows[held.place + 1].block;
    for (let i = first; i < last; i += 1) lineOf(list, i).classList.add("carried");
    held.timer = setInterval(() => scroll(list), 30);
    held.key = (pressed) => pressed.key === "Escape" && release(list);
    window.addEventListener("keydown", held.key);
  }
  aim(list);
}

function lineOf(list, place) {
  return list.root.querySelector(`tbody tr[data-row="${place}"]`);
}

// Find the gap nearest to the pointer; a block cannot land in another block.
function aim(list) {
  const held = list.drag, box = list.root.getBoundingClientRect();
  const [first, last] = list.rows[held.place + 1].block;
  const whole = last - first > 1;
  let best = Infinity;
  for (let gap = 0; gap <= list.count; gap += 1) {
    const within = gap > first && gap < last;
    if (within || (whole && gap < list.count && list.rows[gap + 1].inside)) continue;
    const y = lineOf(list, gap - 1).getBoundingClientRect().bottom;
    if (Math.abs(y - held.y) >= best) continue;
    best = Math.abs(y - held.y);
    held.at = gap;
    held.line.style.top = `${y - box.top - list.root.clientTop + list.root.scrollTop - 2}px`;
  }
  held.line.style.left = `${list.root.scrollLeft}px`;
}

function scroll(list) {
  const held = list.drag, box = list.root.getBoundingClientRect(), edge = 40;
  const head = list.root.querySelector("thead").offsetHeight;
  if (held.y < box.top + head + edge) list.root.scrollTop -= 10;
  else if (held.y > box.bottom - edge) list.root.scrollTop += 10;
  else return;
  aim(list);
}

function release(list, drop = false) {
  const held = list.drag;
  list.drag = null;
  if (!held?.line) return;
  clearInterval(held.timer);
  window.removeEventListener("keydown", held.key);
  held.line.remove();
  list.root.classList.remove("dragging");
  for (const line of list.root.querySelectorAll(".carried")) line.classList.remove("carried");
  if (list.root.hasPointerCapture(held.id)) list.root.releasePointerCapture(held.id);
  list.dropped = true; // the click that follows is none
  setTimeout(() => { list.dropped = false; }, 0);
  const [first, last] = list.rows[held.place + 1].block;
  if (drop && (held.at < first || held.at > last)) wish(list, "move", held.place, held.at);
}

// The address always holds the network, so a reload or a copied link loses nothing.
function writeLink(link) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(link)) query.set(name, value);
  const text = `${location.pathname}?${query}${location.hash}`;
  history.replaceState(history.state, "", text);
}

export default function ({ data, parentElement, setStateValue }) {
  let list = LISTS.get(parentElement);
  if (!list) {
    const root = make("div", "layers");
    parentElement.append(root);
    list = { root, number: 0, wishes: [], token: Math.random().toString(36).slice(2), shown: "" };
    LISTS.set(parentElement, list);
    root.onkeydown = (event) => pressed(list, event);
    root.onpointerdown = (event) => grab(list, event);
    root.onpointermove = (event) => drag(list, event);
    root.onpointerup = (event) => list.drag?.id === event.pointerId && release(list, true);
    root.onpointercancel = () => release(list);
    root.ondragstart = (event) => event.preventDefault();
  }
  list.send = setStateValue;
  const focused = list.root.contains(parentElement.activeElement ?? document.activeElement);
  const shown = JSON.stringify([data.head, data.rows]);
  if (shown !== list.shown) {
    release(list);
    list.shown = shown;
    const scroll = [list.root.scrollTop, list.root.scrollLeft];
    const table = make("table"), head = make("tr"), body = make("tbody"), top = make("thead");
    table.setAttribute("aria-label", data.label);
    data.head.forEach((name, place) => {
      const cell = make("th", place ? "" : "what", name);
      cell.scope = "col";
      head.append(cell);
    });
    top.append(head);
    data.rows.forEach((entry, place) => body.append(row(list, entry, place - 1)));
    table.append(top, body);
    list.root.replaceChildren(table);
    [list.root.scrollTop, list.root.scrollLeft] = scroll;
  }
  list.rows = data.rows;
  list.count = data.rows.length - 1;
  const seen = data.done[list.token] ?? 0; // of the wishes; later ones are still on their way
  list.wishes = list.wishes.filter((wish) => wish.number > seen);
  if (list.wishes.length === 0 || list.selected >= list.count) list.selected = data.selected;
  mark(list);
  reveal(list, focused);
  writeLink(data.link);
  return () => {};
}
