// What one cell sees: layers as buttons, their settings, and nested frames on a picture.
// Python sends each layer's size, jump and start; here they are only placed and drawn. Places are
// in pixels of the input; Python hears of an edited stack, and of a layer that one rests at. The
// chosen cell stands in the address, which is read at the start and written without Python.

const views = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
  return () => view.leave();
}

const REST = 400; // ms after the last key until Python hears of the layer
const PACE = 900; // ms for each layer while playing, less where there are many
const WHOLE = 10000; // ms that playing takes at most, about
const QUIET = 250; // ms after the last move until the address is written; browsers refuse too many
const thousands = (number) => number.toLocaleString("en");
const NEW = {
  c: { kind: "c", kernel: 3, stride: 1, padding: null, dilation: 1 },
  p: { kind: "p", kernel: 2, stride: 2, padding: null, dilation: 1 },
};

/** The padding of a layer whose text names none. */
function usual({ kind, kernel, dilation }) {
  return kind === "p" ? 0 : Math.floor((dilation * (kernel - 1)) / 2);
}

/** A layer as the link writes it. */
function written(row) {
  let text = `${row.kind}${row.kernel}`;
  if (row.stride !== NEW[row.kind].stride) text += `s${row.stride}`;
  if (row.padding !== null) text += `p${row.padding}`;
  return row.dilation === 1 ? text : `${text}d${row.dilation}`;
}

function named(row) {
  const words = [`${row.kind === "c" ? "conv" : "pool"} ${row.kernel} × ${row.kernel}`];
  if (row.stride !== NEW[row.kind].stride) words.push(`stride ${row.stride}`);
  if (row.dilation !== 1) words.push(`dilation ${row.dilation}`);
  return words.join(", ");
}

class View {
  constructor(root) {
    this.notice = make("p", "notice");
    this.notice.setAttribute("role", "status");
    this.versus = make("table", "versus");
    this.difference = make("p", "difference");
    this.chips = make("div", "chips");
    this.chips.setAttribute("role", "group");
    this.chips.setAttribute("aria-label", "Layers, from the input on");
    this.buildSettings();
    this.problem = make("p", "problem");
    this.problem.setAttribute("role", "alert");
    this.buildStage();
    this.buildBar();
    this.says = make("p", "says");
    this.says.setAttribute("aria-live", "polite");
    this.body = make("div", "body", this.notice, this.says, this.bar, this.versus, this.difference);
    this.side = make("div", "side", this.body, this.chips, this.settings, this.problem);
    this.outputs = make("div", "outputs", this.maps, this.otherMaps);
    this.root = make("section", "field-view", this.seen, this.side, this.outputs);
    this.root.setAttribute("aria-label", "Receptive field");
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
    new ResizeObserver(() => this.data && this.draw()).observe(this.world);
  }

  buildSettings() {
    const select = (name) => {
      const made = make("select", name);
      made.onchange = () => this.set(name, made.value);
      return made;
    };
    this.fields = Object.fromEntries(["kind", "kernel", "stride", "padding", "dilation"].map((n) => [n, select(n)]));
    const labels = Object.entries(this.fields).map(([name, field]) =>
      make("label", "", make("span", "", name[0].toUpperCase() + name.slice(1)), field),
    );
    this.which = make("strong", "which");
    this.remove = button("Remove", "", () => this.removeLayer());
    this.addConv = button("+ conv", "Add a convolution after this layer", () => this.add("c"));
    this.addPool = button("+ pool", "Add a pooling after this layer", () => this.add("p"));
    const edits = make("div", "edits", this.remove, this.addConv, this.addPool);
    this.settings = make("div", "settings", this.which, ...labels, edits);
    this.settings.setAttribute("role", "group");
    this.settings.setAttribute("aria-label", "Settings of the chosen layer");
  }

  buildStage() {
    this.image = make("img", "");
    this.image.draggable = false;
    this.frames = make("div", "frames");
    this.dot = make("div", "dot");
    this.edge = make("div", "edge");
    this.ring = make("div", "ring", "padding");
    this.rival = make("div", "frame rival", make("span", ""));
    this.world = make("div", "world", this.image, this.edge, this.frames, this.rival, this.dot, this.ring);
    this.world.tabIndex = 0;
    this.world.setAttribute("role", "group");
    this.draggable(this.world, (x, y) => {
      const whole = this.data.side + 2 * this.margin;
      this.point = [x * whole - this.margin - 0.5, y * whole - this.margin - 0.5];
    });
    this.cell = make("div", "cell");
    this.map = make("div", "map", this.cell);
    this.map.setAttribute("role", "img");
    this.draggable(this.map, (x, y) => {
      const { out } = this.now;
      this.toCell([Math.floor(x * out), Math.floor(y * out)].map((index) => clamp(index, 0, out - 1)));
    });
    this.otherCell = make("div", "cell");
    this.otherMap = make("div", "map rival", this.otherCell);
    this.otherMap.setAttribute("role", "img");
    this.otherMapWords = make("figcaption", "");
    this.otherMaps = make("figure", "maps", this.otherMap, this.otherMapWords);
    this.mapWords = make("figcaption", "");
    this.worldWords = make("figcaption", "");
    this.seen = make("figure", "seen", this.world, this.worldWords);
    this.maps = make("figure", "maps", this.map, this.mapWords);
  }

  buildBar() {
    this.play = button("Play", "Play or pause", () => this.toggle());
    this.play.classList.add("play");
    this.less = button("◀", "One layer back", () => this.go(this.layer - 1));
    this.more = button("▶", "One layer on", () => this.go(this.layer + 1));
    this.slider = make("input", "");
    this.slider.type = "range";
    this.slider.min = 1;
    this.slider.setAttribute("aria-label", "Layer");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.bar = make("div", "bar", this.play, this.less, this.slider, this.more);
  }

  show(data) {
    const other = !this.data || data.stack !== this.data.stack;
    if (other || data.layer !== this.sent) this.layer = data.layer;
    if (other) this.pause();
    this.sent = data.layer;
    const first = !this.data;
    if (first || data.side !== this.data.side) this.point = [(data.side - 1) / 2, (data.side - 1) / 2];
    if (this.image.getAttribute("src") !== data.src) this.image.src = data.src;
    this.image.alt = data.alt;
    this.image.classList.toggle("pixels", data.side <= 64);
    this.data = data;
    this.rows = data.layers.map(({ kind, kernel, stride, padding, dilation }) => ({ kind, kernel, stride, padding, dilation }));
    this.problem.textContent = data.problem;
    this.problem.hidden = !data.problem;
    for (const part of [this.body, this.seen, this.outputs]) part.hidden = Boolean(data.problem);
    for (const part of [this.versus, this.difference, this.rival, this.otherMaps]) part.hidden = !data.other;
    this.root.classList.toggle("comparing", Boolean(data.other));
    if (first || other) this.notice.textContent = "";
    if (!data.problem && !this.read) this.readCell();
    this.notice.hidden = !this.notice.textContent;
    this.margin = data.problem ? 0 : this.overhang();
    this.slider.max = data.layers.length;
    this.drawChips();
    this.draw();
    this.writeCell();
  }

  leave() {
    this.pause();
    clearTimeout(this.soon);
    clearTimeout(this.writing); // the address belongs to another page now
  }

  // The address -----------------------------------------------------------------------------

  /** Take the cell from the address, as row-column; what is no cell of this output is said. */
  readCell() {
    this.read = true;
    const text = new URLSearchParams(location.search).get(this.data.cell);
    if (text === null) return;
    const { out } = this.now;
    const found = /^(\d{1,4})-(\d{1,4})$/.exec(text)?.slice(1).map(Number);
    if (found?.every((index) => index < out)) this.toCell([found[1], found[0]]);
    else this.notice.textContent = `The link asks for a cell that is not among the ${out} × ${out} cells of this layer: here is the middle one.`;
  }

  writeSoon() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeCell(), QUIET);
  }

  /** Write the chosen cell into the address; the middle one is usual and not written. So are layers
      that the address named by their block or number. */
  writeCell() {
    clearTimeout(this.writing);
    if (this.data.problem || this.layer !== this.sent) return; // written when Python knows the layer
    const middle = (this.data.side - 1) / 2;
    const [column, row] = this.nearest(this.now, this.point);
    const [usualColumn, usualRow] = this.nearest(this.now, [middle, middle]);
    const query = new URLSearchParams(location.search);
    const before = query.toString();
    if (column === usualColumn && row === usualRow) query.delete(this.data.cell);
    else query.set(this.data.cell, `${row}-${column}`);
    for (const [name, layer] of Object.entries(this.data.link)) if (!query.has(name)) query.set(name, layer);
    if (query.toString() === before) return;
    const text = query.toString();
    history.replaceState(history.state, "", `${location.pathname}${text && `?${text}`}${location.hash}`);
  }

  get now() {
    return this.data.layers[this.layer - 1];
  }

  /** How far cells at the border see beyond the picture; more than that is not drawn. */
  overhang() {
    const { side, layers, other } = this.data;
    const beyond = [...layers, ...(other ? [other] : [])].map(({ start, size, jump, out }) => Math.max(-start, start + (out - 1) * jump + size - side));
    return clamp(Math.max(...beyond), 0, 0.45 * side);
  }

  // Layers ----------------------------------------------------------------------------------

  drawChips() {
    while (this.chips.children.length > this.rows.length) this.chips.lastChild.remove();
    while (this.chips.children.length < this.rows.length) {
      const number = this.chips.children.length + 1;
      const chip = button("", "", () => this.go(number));
      chip.append(make("span", "number", `${number}`), make("span", "name"));
      this.chips.append(chip);
    }
    this.rows.forEach((row, index) => {
      const chip = this.chips.children[index];
      chip.lastChild.textContent = this.data.named ? this.data.layers[index].name : named(row);
      chip.title = this.data.named ? named(row) : "";
      chip.className = `chip ${row.kind === "c" ? "conv" : "pool"}${index === this.data.bad ? " bad" : ""}`;
    });
  }

  /** Where there are many layers their buttons scroll; keep the chosen one in sight. */
  revealChip() {
    const [box, chip] = [this.chips, this.chips.children[this.layer - 1]];
    if (box.scrollHeight <= box.clientHeight || !chip) return;
    const top = chip.offsetTop - box.offsetTop;
    if (top < box.scrollTop) box.scrollTop = top - 4;
    const end = top + chip.offsetHeight;
    if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight + 4;
  }

  drawSettings() {
    const row = this.rows[this.layer - 1];
    this.which.textContent = this.data.named ? `${this.now.name}, ${named(row)}` : `Layer ${this.layer}`;
    const numbers = (low, high) => Array.from({ length: high - low + 1 }, (_, i) => [low + i, low + i]);
    const most = row.kind === "p" ? Math.floor(row.kernel / 2) : 15;
    const paddings = [["", `usual (${usual(row)})`], ...numbers(0, most)];
    if (row.padding > most) paddings.push([row.padding, row.padding]);
    const options = {
      kind: [["c", "convolution"], ["p", "pooling"]],
      kernel: numbers(1, 15).map(([k]) => [k, `${k} × ${k}`]),
      stride: numbers(1, 4),
      padding: paddings,
      dilation: numbers(1, 16),
    };
    for (const [name, field] of Object.entries(this.fields)) {
      const wanted = JSON.stringify(options[name]);
      if (field.dataset.options !== wanted) {
        field.dataset.options = wanted;
        field.replaceChildren(...options[name].map(([value, text]) => new Option(text, value)));
      }
      field.value = row[name] ?? "";
    }
    this.remove.disabled = this.rows.length === 1;
    this.addConv.disabled = this.addPool.disabled = this.rows.length >= this.data.most;
  }

  set(name, value) {
    const row = this.rows[this.layer - 1];
    if (name === "kind") this.rows[this.layer - 1] = { ...NEW[value] };
    else row[name] = value === "" ? null : Number(value);
    if (row.kind === "p" && row.padding > row.kernel / 2) row.padding = null;
    this.edited(this.layer);
  }

  add(kind) {
    this.rows.splice(this.layer, 0, { ...NEW[kind] });
    this.edited(this.layer + 1);
  }

  removeLayer() {
    this.rows.splice(this.layer - 1, 1);
    this.edited(clamp(this.layer, 1, this.rows.length));
  }

  edited(layer) {
    this.pause();
    clearTimeout(this.soon);
    this.tell("edit", { stack: this.rows.map(written).join("-"), layer });
  }

  // The way through the layers --------------------------------------------------------------

  go(layer, { playing = false } = {}) {
    if (!playing) this.pause();
    const before = this.frames.querySelector(".current")?.getBoundingClientRect();
    this.layer = clamp(layer, 1, this.data.layers.length);
    this.draw();
    this.grow(before);
    clearTimeout(this.soon);
    if (!playing) this.soon = setTimeout(() => this.settle(), REST);
  }

  /** Let the new frame grow out of the one before; all that is read is there at once. */
  grow(before) {
    if (!before || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const frame = this.frames.querySelector(".current");
    const after = frame?.getBoundingClientRect();
    if (!after?.width || !before.width) return;
    const [x, y] = [before.left - after.left, before.top - after.top];
    const from = `translate(${x}px, ${y}px) scale(${before.width / after.width})`;
    frame.animate([{ transform: from, transformOrigin: "0 0" }, { transform: "none", transformOrigin: "0 0" }], {
      duration: Math.min(300, WHOLE / this.data.layers.length),
      easing: "ease-out",
    });
  }

  settle() {
    if (this.layer === this.sent) return;
    this.sent = this.layer;
    this.tell("layer", this.layer);
  }

  toggle() {
    if (this.timer) {
      this.pause();
      this.settle();
      return;
    }
    const last = this.data.layers.length;
    this.go(this.layer === last ? 1 : this.layer, { playing: true });
    const pace = Math.max(200, Math.min(PACE, WHOLE / last));
    this.timer = setInterval(() => {
      if (this.layer < last) this.go(this.layer + 1, { playing: true });
      if (this.layer === last) {
        this.pause();
        this.settle();
      }
    }, pace);
    this.play.textContent = "Pause";
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  // The cell --------------------------------------------------------------------------------

  /** Let a press, and what follows while it is held, choose a place; `take` gets shares of 1. */
  draggable(element, take) {
    let held = false;
    const move = (event) => {
      const box = element.getBoundingClientRect();
      take((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      this.draw();
      this.writeSoon();
    };
    element.onpointerdown = (event) => {
      held = true;
      element.setPointerCapture(event.pointerId);
      move(event);
    };
    element.onpointermove = (event) => held && move(event);
    element.onpointerup = element.onpointercancel = () => {
      if (held) this.world.focus({ preventScroll: true });
      held = false;
    };
  }

  /** The cell of a layer whose field has its middle nearest to a point, as [column, row]. */
  nearest({ start, size, jump, out }, point) {
    return point.map((place) => clamp(Math.round((place - start - (size - 1) / 2) / jump), 0, out - 1));
  }

  middle({ start, size, jump }, cell) {
    return cell.map((index) => start + index * jump + (size - 1) / 2);
  }

  toCell(cell) {
    this.point = this.middle(this.now, cell);
  }

  key(event) {
    if (event.target instanceof HTMLSelectElement || event.target === this.slider) {
      event.stopPropagation();
      return;
    }
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.target !== this.world || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (columns, rows) => {
      const [column, row] = this.nearest(this.now, this.point);
      const most = this.now.out - 1;
      this.toCell([clamp(column + columns, 0, most), clamp(row + rows, 0, most)]);
      this.draw();
      this.writeSoon();
    };
    const actions = {
      ArrowLeft: () => step(-1, 0),
      ArrowRight: () => step(1, 0),
      ArrowUp: () => step(0, -1),
      ArrowDown: () => step(0, 1),
      PageUp: () => this.go(this.layer + 1),
      PageDown: () => this.go(this.layer - 1),
      Home: () => this.go(1),
      End: () => this.go(this.data.layers.length),
      " ": () => this.toggle(),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  // Drawing ---------------------------------------------------------------------------------

  draw() {
    this.layer = clamp(this.layer, 1, this.data.layers.length);
    [...this.chips.children].forEach((chip, index) => chip.setAttribute("aria-pressed", index === this.layer - 1));
    this.revealChip();
    this.drawSettings();
    if (this.data.problem) return;
    const { layers, side } = this.data;
    const cell = this.nearest(this.now, this.point);
    const centre = this.middle(this.now, cell);
    this.slider.value = this.layer;
    this.less.disabled = this.layer === 1;
    this.more.disabled = this.layer === layers.length;
    this.drawFrames(cell, centre);
    this.drawMap(cell);
    if (this.data.other) this.drawOther(centre);
    const { size, start, jump } = this.now;
    const row = this.rows[this.layer - 1];
    const what = this.data.named ? `${this.now.name} (${named(row)})` : named(row);
    const text = `Layer ${this.layer} of ${layers.length}, ${what}: one cell sees ${thousands(size)} × ${thousands(size)} pixels.`;
    if (this.says.textContent !== text) this.says.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
    const first = cell.map((index) => start + index * jump);
    const inside = first.map((place) => Math.max(0, Math.min(place + size, side) - Math.max(place, 0)));
    const whole = inside[0] === size && inside[1] === size;
    const beyond = whole ? "all of it inside the picture" : `${thousands(inside[1])} × ${thousands(inside[0])} of them (rows × columns) in the picture, the rest is padding`;
    const share = (100 * inside[0] * inside[1]) / (side * side);
    const covers = share < 1 ? share.toFixed(2) : share.toFixed(0);
    this.worldWords.textContent = `Input of ${side} × ${side} pixels. The field covers ${covers} % of it; ${beyond}.`;
    this.world.setAttribute(
      "aria-label",
      `Field of the cell in row ${cell[1]}, column ${cell[0]}: ${size} by ${size} pixels. Arrows move the cell, page up and page down change the layer, space plays.`,
    );
  }

  /** Ways to write a place and a length of the input as shares of the stage. */
  scales() {
    const whole = this.data.side + 2 * this.margin;
    return {
      percent: (place) => `${(100 * (place + this.margin)) / whole}%`,
      length: (pixels) => `${(100 * pixels) / whole}%`,
    };
  }

  /** Place a frame on the stage, and return its ends in pixels of the input. */
  place(frame, [left, top], size) {
    const { side } = this.data;
    const { percent, length } = this.scales();
    const box = [left, top, left + size, top + size].map((place) => clamp(place, -2 * side, 3 * side));
    Object.assign(frame.style, {
      left: percent(box[0]),
      top: percent(box[1]),
      width: length(box[2] - box[0]),
      height: length(box[3] - box[1]),
    });
    return box;
  }

  drawFrames(cell, centre) {
    const { layers, side } = this.data;
    const whole = side + 2 * this.margin;
    const { percent, length } = this.scales();
    Object.assign(this.image.style, { left: percent(0), top: percent(0), width: length(side), height: length(side) });
    Object.assign(this.edge.style, { left: percent(0), top: percent(0), width: length(side), height: length(side) });
    Object.assign(this.dot.style, { left: percent(centre[0] + 0.5), top: percent(centre[1] + 0.5) });
    while (this.frames.children.length > layers.length) this.frames.lastChild.remove();
    while (this.frames.children.length < layers.length) this.frames.append(make("div", "frame", make("span", "")));
    const scale = this.world.clientWidth / whole; // CSS pixels for each pixel of the input
    this.ring.hidden = this.margin * scale < 24;
    let free = Infinity; // height on the screen above which a label has room
    for (let number = layers.length; number >= 1; number--) {
      const frame = this.frames.children[number - 1];
      const layer = layers[number - 1];
      frame.hidden = number > this.layer || (Boolean(this.data.other) && number < this.layer);
      frame.classList.toggle("current", number === this.layer);
      if (frame.hidden) continue;
      const at = number === this.layer ? cell : this.nearest(layer, centre);
      const box = this.place(frame, at.map((index) => layer.start + index * layer.jump), layer.size);
      const label = frame.firstChild;
      const shown = layer.size * scale;
      const half = shown / 2;
      const square = `${thousands(layer.size)} × ${thousands(layer.size)}`;
      const full = this.data.other && this.data.title ? `${this.data.title}: ${square}` : square;
      label.textContent = number === this.layer ? full : thousands(layer.size);
      label.hidden = number !== this.layer && (free - half < 24 || shown < 30);
      if (!label.hidden) free = half;
      const above = number === this.layer && shown < 110;
      label.classList.toggle("above", above);
      const room = (box[1] + this.margin) * scale; // the upper edge may lie outside
      label.style.top = `${Math.max(0, (above ? 32 : 14) - room)}px`;
    }
  }

  drawMap(cell) {
    const { out } = this.now;
    this.mark(this.map, this.cell, cell, out);
    const from = this.data.named ? this.now.name : `layer ${this.layer}`;
    const words = `Output of ${from}: ${out} × ${out} cells. Chosen: row ${cell[1]}, column ${cell[0]}.`;
    this.mapWords.textContent = words;
    this.map.setAttribute("aria-label", words);
  }

  /** Write the numbers of both cells side by side; the sentence waits until Python knows the layer. */
  drawTable() {
    const { other, title, named: known } = this.data;
    const square = (number) => `${thousands(number)} × ${thousands(number)}`;
    const here = `${title || "Own stack"}, ${known ? this.now.name : `layer ${this.layer}`}`;
    const both = [{ ...this.now, title: here, layer: this.layer }, other];
    const lines = [
      ["one cell sees", ({ size }) => square(size)],
      ["jump", ({ jump }) => thousands(jump)],
      ["start", ({ start }) => thousands(start).replace("-", "−")],
      ["output", ({ out }) => square(out)],
      ["layers so far", ({ layer }) => `${layer}`],
    ];
    const head = make("tr", "", make("td", ""));
    both.forEach((found, place) => head.append(make("th", "", make("span", place ? "swatch rival" : "swatch"), found.title)));
    for (const cell of head.querySelectorAll("th")) cell.scope = "col";
    const rows = lines.map(([name, text]) => {
      const first = make("th", "", name);
      first.scope = "row";
      return make("tr", "", first, ...both.map((found) => make("td", "", text(found))));
    });
    this.versus.replaceChildren(head, ...rows);
    this.difference.textContent = other.difference;
    this.difference.hidden = this.layer !== this.sent;
  }

  mark(map, chosen, cell, out) {
    Object.assign(chosen.style, {
      left: `${(100 * cell[0]) / out}%`,
      top: `${(100 * cell[1]) / out}%`,
      width: `${100 / out}%`,
      height: `${100 / out}%`,
    });
    map.style.setProperty("--cells", out);
    map.classList.toggle("lined", out <= 32);
  }

  /** Draw what the stack to compare with sees around the same place. */
  drawOther(centre) {
    const { other, side } = this.data;
    const cell = this.nearest(other, centre);
    const [, , , bottom] = this.place(this.rival, cell.map((index) => other.start + index * other.jump), other.size);
    const square = `${thousands(other.size)} × ${thousands(other.size)}`;
    const label = this.rival.firstChild;
    label.textContent = `${other.title}: ${square}`;
    const scale = this.world.clientWidth / (side + 2 * this.margin);
    const room = (side + this.margin - bottom) * scale; // the lower edge may lie outside
    label.style.bottom = `${Math.max(0, 14 - room)}px`;
    this.drawTable();
    this.mark(this.otherMap, this.otherCell, cell, other.out);
    const words = `Output of ${other.title}: ${other.out} × ${other.out} cells. At the same place: row ${cell[1]}, column ${cell[0]}.`;
    this.otherMapWords.textContent = words;
    this.otherMap.setAttribute("aria-label", words);
  }
}
