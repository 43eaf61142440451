// A network to choose layers from. One mount carries the rows (sent once for each network), others
// draw them: as a tree that folds, and as blocks. Python hears which part is chosen.

const NETWORKS = new Map(); // digest -> rows, newest last
const VIEWS = new Map(); // place on the page -> Tree or Drawing, kept through reruns
const [NAME, SHORT, DEPTH, PARTS, KIND, SHAPE] = [0, 1, 2, 3, 4, 5];

export default function mount({ data, parentElement, setTriggerValue }) {
  if (data.kind === "rows") {
    NETWORKS.delete(data.digest);
    NETWORKS.set(data.digest, data.rows);
    if (NETWORKS.size > 4) NETWORKS.delete(NETWORKS.keys().next().value);
    for (const view of VIEWS.values()) view.arrived?.(data.digest);
    return undefined;
  }
  let view = VIEWS.get(parentElement);
  if (!view) {
    view = data.kind === "tree" ? new Tree(parentElement) : new Drawing(parentElement);
    VIEWS.set(parentElement, view);
  }
  view.tell = (layer) => setTriggerValue("layer", layer);
  view.show(data);
  return () => VIEWS.delete(parentElement);
}

/** The layer chosen last, marked at once in the other view too; Python's answer has the last word. */
function choose(view, layer) {
  for (const other of VIEWS.values()) other.mark(layer);
  view.tell(layer);
}

const within = (layer, part) => layer === part || layer.startsWith(`${part}.`);

class Tree {
  constructor(root) {
    this.root = make("div", "tree");
    this.root.onkeydown = (event) => this.pressed(event);
    this.root.onclick = (event) => this.clicked(event);
    root.append(this.root);
  }

  show(data) {
    this.data = data;
    this.arrived(data.digest);
  }

  arrived(digest) {
    if (this.data?.digest !== digest || !NETWORKS.has(digest)) return;
    if (this.digest !== digest) this.build(digest);
    this.mark(this.data.selected, { reveal: true });
  }

  build(digest) {
    this.digest = digest;
    this.rows = NETWORKS.get(digest);
    this.places = new Map(this.rows.map((row, place) => [row[NAME], place]));
    this.items = new Map(); // place -> its item, once it is drawn
    const list = make("ul");
    list.setAttribute("role", "tree");
    list.setAttribute("aria-label", `The parts of ${this.rows[0][NAME]}`);
    list.append(this.item(0));
    this.root.replaceChildren(list);
    this.root.scrollTop = 0;
    this.fold(0, true);
  }

  item(place) {
    const row = this.rows[place];
    const line = make(
      "div",
      "line",
      make("span", "fold", row[PARTS] ? "▸" : ""),
      make("span", "", make("span", "name", row[SHORT]), make("span", "kind", row[KIND])),
      make("span", "shape", row[SHAPE] || "–"),
    );
    line.style.setProperty("--depth", row[DEPTH]);
    const item = make("li", row[SHAPE] ? "" : "silent", line);
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", row[DEPTH] + 1);
    item.setAttribute("aria-label", `${row[SHORT]}, ${row[KIND]}${row[SHAPE] ? `, ${row[SHAPE]}` : ""}`);
    item.setAttribute("aria-selected", "false");
    if (row[PARTS]) item.setAttribute("aria-expanded", "false");
    item.tabIndex = -1;
    item.dataset.place = place;
    this.items.set(place, item);
    return item;
  }

  /** The parts directly below a row. */
  below(place) {
    const depth = this.rows[place][DEPTH];
    const found = [];
    for (let at = place + 1; at < this.rows.length && this.rows[at][DEPTH] > depth; at += 1) {
      if (this.rows[at][DEPTH] === depth + 1) found.push(at);
    }
    return found;
  }

  above(place) {
    const depth = this.rows[place][DEPTH];
    let at = place - 1;
    while (at >= 0 && this.rows[at][DEPTH] >= depth) at -= 1;
    return at;
  }

  isOpen(place) {
    return this.items.get(place)?.getAttribute("aria-expanded") === "true";
  }

  fold(place, open) {
    const item = this.items.get(place);
    if (!item || !this.rows[place][PARTS] || this.isOpen(place) === open) return;
    item.setAttribute("aria-expanded", String(open));
    item.querySelector(".fold").textContent = open ? "▾" : "▸";
    let group = item.querySelector(":scope > ul");
    if (!group) { // drawn when it is opened for the first time
      group = make("ul", "", ...this.below(place).map((part) => this.item(part)));
      group.setAttribute("role", "group");
      item.append(group);
    }
    group.hidden = !open;
  }

  mark(layer, { reveal = false } = {}) {
    const place = this.places?.get(layer);
    if (place === undefined) return;
    const way = [];
    for (let at = this.above(place); at >= 0; at = this.above(at)) way.unshift(at);
    if (reveal && layer !== this.revealed) for (const at of way) this.fold(at, true);
    for (const item of this.items.values()) item.setAttribute("aria-selected", "false");
    const item = this.items.get(place);
    if (!item) return;
    item.setAttribute("aria-selected", "true");
    this.focusable(place);
    if (reveal && layer !== this.revealed) {
      this.revealed = layer;
      this.scrollTo(item);
    }
  }

  scrollTo(item) {
    const line = item.firstChild.getBoundingClientRect(), box = this.root.getBoundingClientRect();
    if (line.top < box.top || line.bottom > box.bottom) {
      this.root.scrollTop += line.top - box.top - this.root.clientHeight / 3;
    }
  }

  /** Let the tab key lead to one item only. */
  focusable(place) {
    for (const item of this.items.values()) item.tabIndex = -1;
    this.items.get(place).tabIndex = 0;
  }

  go(place) {
    this.focusable(place);
    const item = this.items.get(place);
    item.focus({ preventScroll: true });
    this.scrollTo(item);
  }

  take(place) {
    this.revealed = this.rows[place][NAME]; // it is in sight
    this.fold(place, true);
    choose(this, this.rows[place][NAME]);
    this.go(place);
  }

  clicked(event) {
    const item = event.target.closest("li");
    if (!item) return;
    const place = Number(item.dataset.place);
    if (event.target.closest(".fold") && this.rows[place][PARTS]) {
      this.fold(place, !this.isOpen(place));
      this.focusable(place);
    } else this.take(place);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.length === 1 && event.key !== " ") {
      event.stopPropagation(); // Streamlit's own keys: r, c
      return;
    }
    const item = event.target.closest("li");
    if (!item) return;
    const place = Number(item.dataset.place);
    const shown = [...this.root.querySelectorAll("li")].filter((li) => li.offsetParent !== null);
    const at = shown.indexOf(item);
    const to = (index) => this.go(Number(shown[clamp(index, 0, shown.length - 1)].dataset.place));
    const keys = {
      ArrowDown: () => to(at + 1),
      ArrowUp: () => to(at - 1),
      Home: () => to(0),
      End: () => to(shown.length - 1),
      ArrowRight: () => (this.isOpen(place) ? to(at + 1) : this.fold(place, true)),
      ArrowLeft: () => (this.isOpen(place) ? this.fold(place, false) : this.go(Math.max(0, this.above(place)))),
      Enter: () => this.take(place),
      " ": () => this.take(place),
    };
    if (!keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }
}

class Drawing {
  constructor(root) {
    this.root = make("div", "drawing");
    this.root.setAttribute("role", "group");
    this.root.onkeydown = (event) => this.pressed(event);
    root.append(this.root);
  }

  show({ blocks, label }) {
    const drawn = JSON.stringify(blocks.map((block) => ({ ...block, chosen: false })));
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.blocks = blocks;
      this.root.setAttribute("aria-label", label);
      this.root.replaceChildren(...blocks.map((block) => this.block(block)));
      this.root.scrollLeft = 0;
    }
    this.at(blocks.map((block) => block.chosen));
  }

  block({ layer, holds, title, shape, width, height, room }) {
    const box = make("div", "box");
    Object.assign(box.style, { width: `${width}rem`, height: `${height}rem` });
    const space = make("div", "room", box);
    space.style.height = `${room}rem`;
    const parts = [space, make("span", "title", title), make("span", "shape", shape)];
    if (!layer) return make("div", "block picture", ...parts);
    const made = make("button", "block", ...parts);
    made.type = "button";
    made.setAttribute("aria-label", `${holds.join(", ")}: ${shape}`);
    made.title = holds.join(", ");
    made.onclick = () => choose(this, layer);
    return made;
  }

  /** Mark the block that holds a layer, or those that lie in it; each block names what it holds. */
  mark(layer) {
    this.at(this.blocks.map(({ holds }) => holds.some((part) => within(layer, part) || within(part, layer))));
  }

  at(chosen) {
    const first = chosen.indexOf(true);
    [...this.root.children].forEach((block, place) => {
      if (chosen[place]) block.setAttribute("aria-current", "true");
      else block.removeAttribute("aria-current");
      if (block.tagName === "BUTTON") block.tabIndex = place === Math.max(first, 1) ? 0 : -1;
    });
    const block = this.root.children[first];
    if (!block || first === this.first) return;
    this.first = first;
    const { left, right } = block.getBoundingClientRect(), box = this.root.getBoundingClientRect();
    if (left < box.left || right > box.right) this.root.scrollLeft += left - box.left - this.root.clientWidth / 3;
  }

  pressed(event) {
    if (event.key.length === 1 && event.key !== " ") event.stopPropagation(); // Streamlit's own keys: r, c
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = [...this.root.querySelectorAll("button")];
    const at = buttons.indexOf(event.target.closest("button"));
    if (!step || at < 0) return;
    const next = buttons[clamp(at + step, 0, buttons.length - 1)];
    for (const one of buttons) one.tabIndex = one === next ? 0 : -1;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
