// The step player. It shows a trace: for every step, which source cells are read, which weight
// each is multiplied by, the products, their sums, and the result cell that is written.
// It knows no operation and computes no value: every number shown was computed in Python.

const players = new WeakMap(); // one player for each place on the page, kept through reruns
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8]; // steps per second
const UNIT = 40; // side of a cell in drawing units; the style sheet scales it
const EDGE = 16; // room for the row and column numbers

const ICONS = {
  restart: "M5 5h2.6v14H5zM13.5 5v14L8 12zM20 5v14l-5.5-7z",
  back: "M16.4 5H19v14h-2.6zM14 5v14L4.5 12z",
  play: "M7 4v16l13-8z",
  pause: "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z",
  forward: "M5 5h2.6v14H5zM10 5v14l9.5-7z",
};

export default function ({ data, parentElement }) {
  let player = players.get(parentElement);
  if (!player) {
    player = new Player(parentElement);
    players.set(parentElement, player);
  }
  player.show(data);
  return () => player.leave();
}

/** A number as it is read aloud on a slide: whole if it is whole, else `digits` significant. */
export function written(value, digits = 4) {
  if (Number.isInteger(value)) return String(value).replace("-", "−");
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

function make(tag, attributes = {}, ...children) {
  const svgTags = ["svg", "g", "rect", "text", "path"];
  const element = svgTags.includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(name) {
  return make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, make("path", { d: ICONS[name] }));
}

/** One grid (array) on the board: planes of cells that can be marked, filled and emptied. */
class GridView {
  constructor(grid, role, { filled = true, indices = true, cell = null } = {}) {
    const [planes, rows, columns] = grid.shape;
    this.grid = grid;
    this.role = role;
    this.cells = [];
    this.rows = rows;
    this.columns = columns;
    const [top, bottom, left, right] = grid.margin;
    this.top = top;
    this.left = left;
    this.largest = Math.max(...grid.values.map(Math.abs), 0);
    const edge = indices ? EDGE : 1;
    this.size = cell ?? (columns <= 6 ? 2.7 : columns <= 10 ? 2.5 : columns <= 14 ? 2.1 : 1.9);
    this.holder = make("div", { class: "planes" });
    for (let p = 0; p < planes; p += 1) {
      const svg = make("svg", {
        class: columns > 6 ? "grid" : "grid small",
        viewBox: `0 0 ${edge + columns * UNIT + 2} ${edge + rows * UNIT + 2}`,
        style: `--columns:${columns + edge / UNIT};--cell:${this.size}rem`,
        role: "img",
        "aria-label": `${grid.title} ${grid.planes[p] || ""}: ${rows} rows, ${columns} columns`,
      });
      if (indices) {
        for (let r = 0; r < rows; r += 1) svg.append(this.label(r - top, edge / 2, edge + (r + 0.5) * UNIT));
        for (let c = 0; c < columns; c += 1) svg.append(this.label(c - left, edge + (c + 0.5) * UNIT, edge / 2));
      }
      for (let r = 0; r < rows; r += 1) {
        for (let c = 0; c < columns; c += 1) {
          const isPadding = r < top || r >= rows - bottom || c < left || c >= columns - right;
          svg.append(this.cell(edge + c * UNIT, edge + r * UNIT, isPadding));
        }
      }
      // Marks of later cells must lie above the frames of earlier ones, so they come last.
      for (const cell of this.cells.slice(p * rows * columns)) svg.append(cell.top);
      const name = planes > 1 ? make("figcaption", {}, make("small", {}, grid.planes[p])) : "";
      this.holder.append(make("figure", {}, name, svg));
    }
    this.element = make(
      "figure",
      { class: `role-${role}` },
      make("figcaption", {}, grid.title, make("small", {}, this.describe())),
      this.holder,
    );
    if (filled) this.cells.forEach((_, index) => this.fill(index));
  }

  describe() {
    const [planes, rows, columns] = this.grid.shape;
    const [top, bottom, left, right] = this.grid.margin;
    const size = `${rows - top - bottom} × ${columns - left - right}`;
    const parts = [planes > 1 ? `${planes} × ${size}` : size];
    if (top || bottom || left || right) parts.push(`with padding ${rows} × ${columns}`);
    if (this.grid.as_grey) {
      const [black, white] = this.grid.as_grey;
      parts.push(`black ${written(black, 3)}, white ${written(white, 3)}`);
    }
    return parts.join(", ");
  }

  label(number, x, y) {
    return make("text", { class: "index", x, y }, written(number));
  }

  cell(x, y, isPadding) {
    const frame = make("rect", { class: "cell", x, y, width: UNIT, height: UNIT });
    const value = make("text", { class: "value", x: x + UNIT / 2, y: y + UNIT / 2 - 1 });
    const times = make("text", { class: "times", x: x + UNIT - 5, y: y + UNIT - 9 });
    const mark = make("rect", { class: "mark", x: x + 1, y: y + 1, width: UNIT - 2, height: UNIT - 2 });
    const bottom = make("g", { class: isPadding ? "pad" : "" }, frame, value, times);
    const top = make("g", {}, mark);
    this.cells.push({ bottom, top, frame, value, times, isPadding });
    return bottom;
  }

  /** Show the value of a cell. */
  fill(index, value = this.grid.values[index]) {
    const cell = this.cells[index];
    const text = written(value, 3);
    cell.value.textContent = text;
    cell.value.setAttribute("font-size", text.length > 6 ? 9.5 : text.length > 4 ? 12 : text.length > 3 ? 14 : 17);
    cell.bottom.classList.remove("empty");
    if (this.grid.as_grey && !cell.isPadding) this.shadeGrey(cell, value);
    else if (!cell.isPadding) this.tint(cell, value);
  }

  /** Take the value of a cell away: not computed yet. */
  empty(index) {
    const cell = this.cells[index];
    cell.value.textContent = "·";
    cell.bottom.classList.add("empty");
    cell.bottom.classList.remove("shade-dark", "shade-light");
    cell.frame.style.fill = "";
  }

  shadeGrey(cell, value) {
    const [black, white] = this.grid.as_grey;
    const share = white > black ? Math.min(Math.max((value - black) / (white - black), 0), 1) : 0.5;
    const level = Math.round(share * 255);
    cell.frame.style.fill = `rgb(${level},${level},${level})`;
    // Black and white text are equally readable on level 117.
    cell.bottom.classList.toggle("shade-dark", level < 117);
    cell.bottom.classList.toggle("shade-light", level >= 117);
  }

  tint(cell, value) {
    const share = this.largest > 0 ? Math.round((Math.abs(value) / this.largest) * 34) : 0;
    const colour = value < 0 ? "var(--padding)" : `var(--${this.role})`;
    cell.frame.style.fill = `color-mix(in srgb, ${colour} ${share}%, var(--ground))`;
  }

  mark(index, on, times = "") {
    const cell = this.cells[index];
    cell.bottom.classList.toggle("now", on);
    cell.top.classList.toggle("now", on);
    cell.times.textContent = times;
  }

  /** The place of a cell as the reader counts: rows and columns of the data start at 0. */
  place(index) {
    const perPlane = this.rows * this.columns;
    const inPlane = index % perPlane;
    return {
      plane: Math.floor(index / perPlane),
      row: Math.floor(inPlane / this.columns) - this.top,
      column: (inPlane % this.columns) - this.left,
    };
  }
}

class Player {
  constructor(root) {
    this.root = root;
    this.step = 0;
    this.shown = -1; // result cells 0..shown are filled
    this.marked = [];
    this.timer = null;
    this.speed = 1;
    this.build();
  }

  build() {
    this.board = make("div", { class: "board" });
    this.work = make("div", { class: "work" });
    this.spoken = make("div", { class: "spoken", "aria-live": "polite" });
    const button = (name, label, action, text = "") => {
      const element = make("button", { type: "button", class: name, "aria-label": label, title: label }, icon(name), text);
      element.onclick = action;
      return element;
    };
    this.buttons = {
      restart: button("restart", "Back to the first step (Home)", () => this.go(0)),
      back: button("back", "One step back (left arrow)", () => this.go(this.step - 1)),
      play: button("play", "Play or pause (space)", () => this.toggle(), "Play"),
      forward: button("forward", "One step forward (right arrow)", () => this.go(this.step + 1)),
    };
    this.scrubber = make("input", { type: "range", min: 1, value: 1, "aria-label": "Step" });
    this.scrubber.oninput = () => this.go(Number(this.scrubber.value) - 1);
    this.counter = make("output", {});
    this.speeds = make("select", { "aria-label": "Speed, steps per second" });
    for (const speed of SPEEDS) this.speeds.append(make("option", { value: speed }, `${speed} ×`));
    this.speeds.value = "1";
    this.speeds.onchange = () => this.setSpeed(Number(this.speeds.value));
    const transport = make(
      "div",
      { class: "transport" },
      ...Object.values(this.buttons),
      this.scrubber,
      this.counter,
      make("label", {}, "Speed", this.speeds),
    );
    const keys = make("p", { class: "keys", "aria-hidden": "true" });
    keys.innerHTML =
      "Keys, after a click here: <kbd>space</kbd> play or pause · <kbd>←</kbd> <kbd>→</kbd> one step · " +
      "<kbd>Home</kbd> <kbd>End</kbd> first, last · <kbd>+</kbd> <kbd>−</kbd> speed";
    this.section = make("section", { class: "player", tabindex: "0" }, this.board, transport, keys, this.work, this.spoken);
    this.section.onkeydown = (event) => this.key(event);
    this.root.append(this.section);
    this.resized = new ResizeObserver(() => this.arrange());
    this.resized.observe(this.section);
  }

  /** Put the arithmetic beside the board where both fit, else below it. */
  arrange() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const wide = (view) => (view.columns * view.size + 1) * view.grid.shape[0];
    const board = wide(this.source) + wide(this.result) + 2;
    const work = 3 * this.data.weight.shape[2] * 2.1 + 5;
    this.section.classList.toggle("side", (board + work) * rem + 4 * rem < this.section.clientWidth);
  }

  /** Take a trace; keep the place if its steps are those of the trace before. */
  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return; // the page ran again, or the theme changed
    this.text = text;
    const geometry = JSON.stringify([data.source.shape, data.weight.shape, data.result.shape, data.steps.writes]);
    const same = geometry === this.geometry;
    this.geometry = geometry;
    this.data = data;
    this.count = data.steps.writes.length;
    if (!same) {
      this.pause();
      this.step = 0;
    }
    this.section.setAttribute("role", "group");
    this.section.setAttribute("aria-label", data.label);
    this.source = new GridView(data.source, "input");
    this.result = new GridView(data.result, "output", { filled: false });
    this.result.cells.forEach((_, index) => this.result.empty(index));
    this.shown = -1;
    this.marked = [];
    this.board.replaceChildren(this.source.element, this.result.element);
    this.buildWork();
    this.scrubber.max = this.count;
    this.arrange();
    this.draw();
  }

  /** One row for each group of products: patch × weights = products. */
  buildWork() {
    const { group_of: groupOf } = this.data.steps;
    const { shape, title } = this.data.weight;
    const [, rows, columns] = shape;
    const small = (name, role) =>
      new GridView(
        { title: name, shape: [1, rows, columns], planes: [""], margin: [0, 0, 0, 0], as_grey: null, values: Array(rows * columns).fill(0) },
        role,
        { indices: false, filled: false, cell: columns <= 3 ? 2.6 : 2.1 },
      );
    this.groups = [];
    const groupCount = Math.max(...groupOf) + 1;
    const sign = (text) => make("span", { class: "sign", "aria-hidden": "true" }, text);
    const lines = [];
    for (let g = 0; g < groupCount; g += 1) {
      const group = {
        terms: groupOf.flatMap((of, term) => (of === g ? [term] : [])),
        patch: small("Patch", "input"),
        kernel: small(title, "kernel"),
        products: small("Products", "output"),
        sum: make("b", {}),
        note: make("small", {}),
      };
      this.groups.push(group);
      lines.push(
        make(
          "div",
          { class: "equation" },
          group.patch.element,
          sign("×"),
          group.kernel.element,
          sign("="),
          group.products.element,
          make("div", { class: "sum" }, group.note, group.sum),
        ),
      );
    }
    this.formula = make("p", { class: "written" });
    this.work.replaceChildren(...lines, this.formula);
  }

  reads(step) {
    const { steps } = this.data;
    return steps.read_patterns[steps.read_pattern[step]].map((offset) => offset + steps.first_read[step]);
  }

  weights(step) {
    const { steps } = this.data;
    return steps.weight_patterns[steps.weight_pattern[step]];
  }

  /** Bring the whole picture to the present step; only what changed is touched. */
  draw() {
    const { steps } = this.data;
    const step = this.step;
    for (; this.shown < step; this.shown += 1) this.result.fill(steps.writes[this.shown + 1]);
    for (; this.shown > step; this.shown -= 1) this.result.empty(steps.writes[this.shown]);
    const reads = this.reads(step);
    const weights = this.weights(step);
    for (const [view, index] of this.marked) view.mark(index, false);
    this.marked = [];
    reads.forEach((index, term) => {
      const times = this.source.columns <= 10 ? `×${written(this.data.weight.values[weights[term]], 2)}` : "";
      this.source.mark(index, true, times);
      this.marked.push([this.source, index]);
    });
    this.result.mark(steps.writes[step], true);
    this.marked.push([this.result, steps.writes[step]]);
    this.drawWork(step, reads, weights);
    this.drawTransport();
  }

  drawWork(step, reads, weights) {
    const { steps, source, weight } = this.data;
    const perPlane = weight.shape[1] * weight.shape[2];
    const many = this.groups.length > 1;
    const parts = [];
    this.groups.forEach((group, g) => {
      group.patch.largest = this.source.largest;
      group.kernel.largest = Math.max(...weight.values.map(Math.abs));
      group.products.largest = Math.max(...group.terms.map((term) => Math.abs(steps.products[step][term])));
      for (const term of group.terms) {
        const cell = weights[term] % perPlane;
        group.patch.fill(cell, source.values[reads[term]]);
        group.kernel.fill(cell, weight.values[weights[term]]);
        group.products.fill(cell, steps.products[step][term]);
        parts.push([source.values[reads[term]], weight.values[weights[term]]]);
      }
      const plane = this.source.place(reads[group.terms[0]]).plane;
      group.note.textContent = many ? `Sum, ${source.planes[plane]}` : "Sum of the products";
      group.sum.textContent = written(steps.sums[step][g], 6);
    });
    this.drawFormula(step, parts);
  }

  drawFormula(step, parts) {
    const { steps } = this.data;
    const span = (name, text) => make("span", { class: name }, text);
    const bracket = (value) => (value < 0 ? `(${written(value)})` : written(value));
    const pieces = [span("y", `${this.target(step)} = `)];
    parts.forEach(([x, w], term) => {
      if (term) pieces.push(" + ");
      pieces.push(span("x", bracket(x)), "·", span("w", bracket(w)));
    });
    if (steps.bias) pieces.push(" + ", bracket(steps.bias[step]), " (bias)");
    pieces.push(" = ", span("y", written(steps.totals[step], 6)));
    this.formula.replaceChildren(...pieces);
  }

  target(step) {
    const { plane, row, column } = this.result.place(this.data.steps.writes[step]);
    const planes = this.data.result.shape[0];
    return `output[${planes > 1 ? `${plane}, ` : ""}${row}, ${column}]`;
  }

  /** The step as one sentence, for a screen reader. */
  sentence(step) {
    const { steps, source, weight } = this.data;
    const reads = this.reads(step);
    const weights = this.weights(step);
    const { row, column } = this.result.place(steps.writes[step]);
    const products = reads.map((index, term) => `${source.values[index]} times ${weight.values[weights[term]]}`);
    const bias = steps.bias ? `, plus bias ${steps.bias[step]}` : "";
    return (
      `Step ${step + 1} of ${this.count}: ${products.length > 16 ? `${products.length} products` : products.join(", plus ")}` +
      `${bias}, makes ${written(steps.totals[step], 6)}, written to output row ${row}, column ${column}.`
    );
  }

  drawTransport() {
    const last = this.step === this.count - 1;
    this.counter.textContent = `Step ${this.step + 1} of ${this.count}`;
    this.scrubber.value = this.step + 1;
    this.scrubber.setAttribute("aria-valuetext", `Step ${this.step + 1} of ${this.count}`);
    this.buttons.restart.disabled = this.buttons.back.disabled = this.step === 0;
    this.buttons.forward.disabled = last;
    const playing = this.timer !== null;
    this.buttons.play.replaceChildren(icon(playing ? "pause" : "play"), playing ? "Pause" : last && this.count > 1 ? "Again" : "Play");
    this.buttons.play.setAttribute("aria-pressed", String(playing));
    if (!playing) this.spoken.textContent = this.sentence(this.step);
  }

  go(step) {
    const focused = this.root.activeElement;
    this.step = Math.min(Math.max(step, 0), this.count - 1);
    this.draw();
    // A button that has just been switched off would drop the focus out of the player.
    if (focused instanceof HTMLButtonElement && focused.disabled) this.section.focus({ preventScroll: true });
  }

  toggle() {
    if (this.timer !== null) {
      this.pause();
    } else {
      if (this.step === this.count - 1) this.go(0);
      this.schedule();
    }
    this.drawTransport();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  leave() {
    this.pause();
    this.resized.disconnect();
  }

  schedule() {
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.step < this.count - 2) this.schedule();
      this.go(this.step + 1);
    }, 1000 / this.speed);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.speeds.value = String(speed);
    if (this.timer !== null) {
      this.pause();
      this.schedule();
    }
  }

  changeSpeed(by) {
    const place = SPEEDS.indexOf(this.speed) + by;
    this.setSpeed(SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)]);
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own (r, c)
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    if (on === this.speeds) return; // its own arrows
    const actions = {
      ArrowRight: () => this.go(this.step + 1),
      ArrowLeft: () => this.go(this.step - 1),
      Home: () => this.go(0),
      End: () => this.go(this.count - 1),
      "+": () => this.changeSpeed(1),
      "=": () => this.changeSpeed(1),
      "-": () => this.changeSpeed(-1),
    };
    if (!(on instanceof HTMLButtonElement)) actions[" "] = () => this.toggle(); // a button presses itself
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}
