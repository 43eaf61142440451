// The table of networks. It computes nothing: rows come from Python, wishes go back.
const TABLES = new WeakMap();
const SIGNS = { ascending: "▲", descending: "▼", none: "▽" };

function wish(table, action, more) {
  table.number += 1;
  table.wishes = [...table.wishes, { number: table.number, action, ...more }].slice(-50);
  table.send("wishes", { token: table.token, list: table.wishes });
}

function kind(column) {
  return `${column.left ? "left" : ""} ${column.wide ? "wide" : ""}`.trim();
}

function heading(table, entry, place) {
  const cell = make("th", place ? kind(entry) : "what");
  cell.scope = "col";
  cell.title = entry.help;
  if (!entry.key) {
    cell.append(entry.label);
    return cell;
  }
  const press = button("", "", () => wish(table, "sort", { what: entry.key }));
  const sign = make("span", entry.sorted === "none" ? "sign quiet" : "sign", SIGNS[entry.sorted]);
  sign.setAttribute("aria-hidden", "true");
  press.append(entry.label, sign);
  cell.setAttribute("aria-sort", entry.sorted);
  cell.append(press);
  return cell;
}

function link(table, entry, to) {
  const made = make("a", "", to.label);
  made.href = `${to.page}?${new URLSearchParams(to.query)}`;
  made.setAttribute("aria-label", `${to.label}: ${entry.name}`);
  made.onclick = (event) => { // with a key held, the browser opens it in its own way
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault(); // else the page would be loaded anew and forget the learner's picture
    wish(table, "open", { what: entry.name, page: to.page });
  };
  return made;
}

function row(table, entry) {
  const line = make("tr"), what = make("th", "what"), label = make("label");
  line.dataset.name = entry.name;
  const box = make("input");
  box.type = "checkbox";
  box.onchange = () => {
    table.pending.set(entry.name, box.checked);
    wish(table, "compare", { names: [...chosen(table)] });
    mark(table);
  };
  label.append(box, make("span", "name", entry.name));
  what.scope = "row";
  const open = make("div", "open");
  open.append(...entry.links.map((to) => link(table, entry, to)));
  what.append(label, open);
  const kinds = table.data.head.slice(1).map(kind);
  line.append(what, ...entry.cells.map((cell, place) => make("td", kinds[place], cell)));
  return line;
}

// Which networks are chosen: as Python says, but for clicks that it has not seen yet.
function chosen(table) {
  const names = new Set(table.data.chosen);
  for (const [name, on] of table.pending) on ? names.add(name) : names.delete(name);
  return names;
}

function mark(table) {
  const names = chosen(table);
  for (const line of table.root.querySelectorAll("tbody tr[data-name]")) {
    const on = names.has(line.dataset.name), box = line.querySelector("input");
    const full = !on && names.size >= table.data.most;
    line.classList.toggle("chosen", on);
    box.checked = on;
    box.disabled = full;
    box.setAttribute("aria-label", `Compare ${line.dataset.name}`);
    box.parentElement.classList.toggle("full", full);
    box.parentElement.title = full
      ? `${table.data.most} are compared already: leave one out first` : "Compare it with others";
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let table = TABLES.get(parentElement);
  if (!table) {
    const root = make("div", "networks");
    root.tabIndex = 0;
    root.setAttribute("role", "region");
    parentElement.append(root);
    table = { root, number: 0, wishes: [], token: Math.random().toString(36).slice(2), shown: "", pending: new Map() };
    TABLES.set(parentElement, table);
    root.onkeydown = (event) => { // Streamlit's own keys: r, c
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) event.stopPropagation();
    };
  }
  table.send = setStateValue;
  table.data = data;
  const seen = data.done[table.token] ?? 0; // of the wishes; later ones are still on their way
  table.wishes = table.wishes.filter((sent) => sent.number > seen);
  if (table.wishes.length === 0) table.pending.clear();
  table.root.setAttribute("aria-label", data.label);
  const shown = JSON.stringify([data.head, data.rows]);
  if (shown !== table.shown) {
    table.shown = shown;
    const focused = table.root.getRootNode().activeElement;
    const sorting = focused?.closest?.("th[aria-sort]");
    const column = sorting ? [...sorting.parentElement.children].indexOf(sorting) : -1;
    const left = table.root.scrollLeft;
    const made = make("table"), top = make("thead"), head = make("tr"), body = make("tbody");
    made.setAttribute("aria-label", data.label);
    head.append(...data.head.map((entry, place) => heading(table, entry, place)));
    top.append(head);
    body.append(...data.rows.map((entry) => row(table, entry)));
    if (!data.rows.length) {
      const empty = make("td", "none", data.nothing);
      empty.colSpan = data.head.length;
      const line = make("tr");
      line.append(empty);
      body.append(line);
    }
    made.append(top, body);
    table.root.replaceChildren(made);
    table.root.scrollTop = 0;
    table.root.scrollLeft = left;
    if (column >= 0) head.children[column].querySelector("button").focus({ preventScroll: true });
  }
  mark(table);
  return () => {};
}
