// The board: input, kernels and output side by side, the window that slides, the lines from the
// window to the kernel, and what one sees by pointing at a cell. It computes no value.

const GAP = 1.4; // rem between the blocks
const LARGEST_CELL = 2.7; // rem
const CAPTION = 1.7; // rem

class Board {
  /** `owner` has go(step), edit(part, cells), say(text), level(name, channel), bias(k, value). */
  constructor(owner) {
    this.owner = owner;
    this.element = make("div", { class: "board" });
    this.lines = make("svg", { class: "lines", "aria-hidden": "true" });
    this.hint = make("p", { class: "hint", role: "status" });
    this.pinned = null;
    this.brush = null; // the value that dragging paints, null when it does not
    this.element.addEventListener("pointerover", (event) => this.pointed(event));
    this.element.addEventListener("pointerleave", () => this.look(null));
    this.element.addEventListener("pointerdown", (event) => this.pressed(event));
    this.element.addEventListener("pointermove", (event) => this.dragged(event));
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, () => this.painted());
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("focusin", (event) => this.focused(event));
  }

  /** Take a trace: build its grids anew. */
  show(trace, fields, digits) {
    this.trace = trace;
    this.fields = fields;
    this.steps = trace.steps;
    this.count = this.steps.writes.length;
    this.source = new GridView(trace.source, "input", { digits: digits.cell });
    this.weight = trace.weight && new GridView(trace.weight, "kernel", { captions: false, digits: digits.cell }); // null: no weights
    this.result = new GridView(trace.result, "output", { filled: false, digits: digits.result });
    this.views = this.weight ? { input: this.source, kernel: this.weight, output: this.result } : { input: this.source, output: this.result };
    const groupOf = this.weight ? this.steps.group_of : [];
    this.product = this.weight ? unpacked(this.steps.products) : null;
    this.terms = groupOf.length;
    this.groups = Math.max(...groupOf, 0) + 1;
    this.filters = trace.result.shape[0];
    this.termsOf = Array.from({ length: this.weight ? this.groups : 0 }, (_, g) =>
      groupOf.flatMap((of, term) => (of === g ? [term] : [])),
    );
    this.stepOf = new Map(this.steps.writes.map((index, step) => [index, step]));
    this.slices = Array.from({ length: this.filters }, (_, k) => this.slicesOf(k));
    this.source.frame("unread", trace.unread.map((index) => [index]));
    this.uses = null;
    this.framed = null;
    this.shown = -1; // result cells 0..shown are filled
    this.look(null);
    this.pinned = null;
  }

  /** Remember where the learner is; what comes back goes there again once the grids are new. */
  keep() {
    const { pinned, editor } = this;
    const held = this.owner.root.activeElement;
    const focused = Object.entries(this.views ?? {}).flatMap(([role, view]) =>
      view.planes.flatMap(({ svg }, p) => (svg === held ? [[role, p]] : [])),
    )[0];
    const typing = editor && { ...editor.at, text: editor.value, whole: editor.selectionEnd > editor.selectionStart };
    this.editor = null; // it goes with the old grids, and what is half typed is not taken
    return () => {
      const again = (at) => ({ role: at.role, view: this.views[at.role], index: at.index });
      if (pinned) this.pin(again(pinned));
      if (focused) this.views[focused[0]].planes[focused[1]].svg.focus({ preventScroll: true });
      if (typing) this.openEditor(again(typing), typing.whole ? null : typing.text);
    };
  }

  reads(step) {
    const { read_patterns: patterns, read_pattern: pattern, first_read: first } = this.steps;
    return patterns[pattern[step]].map((offset) => offset + first[step]);
  }

  /** The size of the window of a step without weights. */
  shapeOf(step) {
    return this.steps.shapes[this.steps.read_pattern[step]];
  }

  /** Rows and columns of the largest window. */
  get window() {
    const { window, shapes } = this.steps;
    return window ?? [0, 1].map((axis) => Math.max(...shapes.map((shape) => shape[axis])));
  }

  /** The cells that take part in a step: all of them, but for those the trace leaves out. */
  counted(step) {
    const reads = this.reads(step);
    if (this.weight) return reads;
    return this.steps.count_patterns[this.steps.count_pattern[step]].map((place) => reads[place]);
  }

  /** The cell that decides a step, null where none does. */
  winner(step) {
    return this.steps.winners?.[step] ?? null;
  }

  weights(step) {
    return this.steps.weight_patterns[this.steps.weight_pattern[step]];
  }

  filterOf(step) {
    return this.result.place(this.steps.writes[step]).plane;
  }

  /** For each group of a filter: which plane of the input it reads, which of the kernel it uses. */
  slicesOf(k) {
    const step = this.stepOf.get(k * this.result.perPlane);
    const reads = this.reads(step);
    if (!this.weight) return [{ source: Math.floor(reads[0] / this.source.perPlane) }];
    const weights = this.weights(step);
    return this.termsOf.map(([term]) => ({
      source: Math.floor(reads[term] / this.source.perPlane),
      weight: Math.floor(weights[term] / this.weight.perPlane),
    }));
  }

  // Layout ------------------------------------------------------------------------------------

  /** Put on the board what a level of detail shows. */
  layout(level, filter, channel) {
    const slices = this.slices[filter];
    const channels =
      level === "layer" ? this.source.planes.map((_, p) => p)
      : level === "filter" ? slices.map((slice) => slice.source)
      : [slices[channel].source];
    const filters = level === "layer" ? this.slices.map((_, k) => k) : [filter];
    this.partial = level === "channel" && this.groups > 1 ? this.channelMap(filter, channel) : null;
    this.visible = { channels, filters, many: channels.length > 1 };
    const input = this.block(
      "input",
      make("span", {}, "Input"),
      this.source.describe(),
      channels.map((p) => this.withTitle(this.source, p, () => this.lookAtInput(filter, p))),
    );
    const kernels = this.weight ? filters.map((k) => this.kernelBlock(k, level, channels, channel)) : [];
    const outputs = this.block(
      "output",
      make("span", {}, "Output"),
      this.result.describe(),
      filters.map((k) => this.withTitle(this.result, k, () => this.owner.level("filter", 0, k))),
    );
    const partial = this.partial
      ? [this.block("output", make("span", {}, `Sum of ${this.trace.source.planes[channels[0]]}`), "before adding up the channels", [this.partial.planes[0].element])]
      : [];
    this.blocks = [input, ...kernels, ...partial, outputs];
    this.element.replaceChildren(...this.blocks, this.lines);
    this.element.hidden = level === "cell";
    for (const view of Object.values(this.views)) {
      for (const plane of view.planes) plane.svg.setAttribute("tabindex", "0");
    }
  }

  lookAtInput(filter, plane) {
    if (this.weight) this.owner.level("channel", this.groupReading(filter, plane));
    else this.owner.level("filter", 0, plane);
  }

  groupReading(filter, plane) {
    return Math.max(0, this.slices[filter].findIndex((slice) => slice.source === plane));
  }

  block(role, title, note, planes) {
    return make(
      "div",
      { class: `block role-${role}` },
      make("div", { class: "caption" }, title, make("small", {}, note)),
      make("div", { class: "planes" }, ...planes),
    );
  }

  /** A plane whose caption is a way to a closer look. */
  withTitle(view, p, action) {
    const plane = view.planes[p];
    if (plane.title && !plane.linked) {
      plane.title.replaceChildren(button(view.grid.planes[p], action, { class: "plain" }));
      plane.linked = true;
    } else if (plane.title) {
      plane.title.firstChild.onclick = action;
    }
    return plane.element;
  }

  kernelBlock(k, level, channels, channel) {
    const slices = level === "channel" ? [this.slices[k][channel]] : this.slices[k];
    const planes = [];
    // Slices stand beside the channels that they multiply.
    const before = level === "layer" ? channels.indexOf(slices[0].source) : 0;
    for (let i = 0; i < before; i += 1) planes.push(make("div", { class: "filler" }));
    for (const slice of slices) planes.push(this.weight.planes[slice.weight].element);
    const title =
      this.filters > 1
        ? button(`Filter ${k}`, () => this.owner.level("filter", 0, k), { class: "plain" })
        : make("span", {}, "Kernel");
    const [, rows, columns] = this.trace.weight.shape;
    const block = this.block("kernel", title, this.groups > 1 ? `${this.groups} × ${rows} × ${columns}` : `${rows} × ${columns}`, planes);
    if (this.fields.bias) block.append(this.biasField(k));
    return block;
  }

  biasField(k) {
    const input = make("input", {
      type: "text",
      inputmode: "decimal",
      value: plain(this.fields.bias[k], 6),
      "aria-label": `Bias of filter ${k}`,
      readonly: this.owner.fixed,
    });
    input.onchange = () => {
      const value = typedNumber(input.value);
      if (value === null) {
        this.owner.say("A bias is a number from −1,000,000 to 1,000,000. The old value stays.");
        input.value = plain(this.fields.bias[k], 6);
      } else {
        this.owner.edit("bias", [[k, value]]);
      }
    };
    return make("label", { class: "bias" }, "bias ", input);
  }

  /** The sums of one channel as a picture of their own. */
  channelMap(filter, channel) {
    const [, rows, columns] = this.trace.result.shape;
    const steps = Array.from({ length: rows * columns }, (_, i) => this.stepOf.get(filter * rows * columns + i));
    return new GridView(
      { title: "Sum", shape: [1, rows, columns], planes: [""], margin: [0, 0, 0, 0], as_grey: null, values: steps.map((s) => this.steps.sums[s][channel]) },
      "output",
      { filled: false, captions: false },
    );
  }

  /** Choose the size of a cell so that the board fits; below each other where that is larger. */
  arrange(width, height, rem) {
    if (!this.visible) return;
    const { channels, filters, many } = this.visible;
    const edge = EDGE / UNIT;
    const columns = {
      input: this.source.columns + edge,
      kernel: this.weight ? this.weight.columns + edge : 0,
      output: this.result.columns + edge,
    };
    const outputs = columns.output * (this.partial ? 2 : 1);
    const captions = (n) => (n > 1 ? n * CAPTION : 0) * rem;
    const row = columns.input + filters.length * columns.kernel + outputs;
    const rows = Math.max(channels.length * (this.source.rows + edge), filters.length * (this.result.rows + edge));
    const gaps = ((this.weight ? filters.length : 0) + 1 + (this.partial ? 1 : 0)) * GAP * rem;
    const tall = (height - captions(Math.max(channels.length, filters.length))) / rows;
    const side = Math.min((width - gaps) / row, Math.max(tall, 1.4 * rem));
    const second = filters.length * columns.kernel + outputs;
    const below = Math.min(width / columns.input, (width - gaps) / second);
    const narrow = (width - gaps) / row < 21; // only a narrow page, not a tall board, is a reason
    const stacked = narrow && below > side * 1.25;
    const cell = Math.max(Math.min(stacked ? below : side, LARGEST_CELL * rem), 9);
    this.stacked = stacked;
    this.cell = cell;
    this.element.classList.toggle("stacked", stacked);
    this.element.classList.toggle("many", many && !stacked);
    this.element.classList.toggle("alone", !this.weight);
    this.element.classList.toggle("tiny", cell < 17);
    this.element.style.setProperty("--cell", `${cell.toFixed(2)}px`);
    this.element.style.setProperty("--source-rows", this.source.rows + edge);
    this.measure();
  }

  /** Remember where each drawing lies, so that lines need no measuring while playing. */
  measure() {
    const origin = this.element.getBoundingClientRect();
    this.boxes = new Map();
    for (const view of [...Object.values(this.views), ...(this.partial ? [this.partial] : [])]) {
      for (const plane of view.planes) {
        const box = plane.svg.getBoundingClientRect();
        this.boxes.set(plane, { x: box.x - origin.x, y: box.y - origin.y, width: box.width, height: box.height });
      }
    }
    this.boardWidth = this.blocks.reduce((most, block) => Math.max(most, block.getBoundingClientRect().right - origin.x), 0);
    this.lines.setAttribute("viewBox", `0 0 ${origin.width} ${origin.height}`);
    this.lines.style.width = `${origin.width}px`;
    this.lines.style.height = `${origin.height}px`;
  }

  // The present step --------------------------------------------------------------------------

  /** Fill the output up to `step` (`hidden`: that cell is asked for) and mark what it reads. */
  draw(step, channel, { hidden, numbers }) {
    const { writes } = this.steps;
    for (; this.shown < step; this.shown += 1) this.reveal(this.shown + 1);
    for (; this.shown > step; this.shown -= 1) this.conceal(this.shown);
    if (hidden) this.result.empty(writes[step], "?");
    else if (this.asked !== undefined && this.asked <= step) this.reveal(step);
    this.asked = hidden ? step : undefined;
    this.result.frame("now", [[writes[step]]]);
    if (this.weight) this.drawProducts(step, numbers);
    else this.drawWindow(step, hidden);
    if (this.partial) this.drawPartial(step, channel);
    this.drawLines(step, this.reads(step));
  }

  /** Mark what is multiplied, each cell with its weight. */
  drawProducts(step, numbers) {
    const [reads, weights] = [this.reads(step), this.weights(step)];
    const notes = numbers && this.source.columns <= 12 && !this.source.grid.as_grey && this.source.hasRoom(this.trace.weight.values.map(noteOf));
    const tinted = this.weight.perPlane <= 25;
    const tint = (term) => (tinted ? tintOf(weights[term] % this.weight.perPlane, this.weight.perPlane) : null);
    this.source.frame("now", reads.map((index, term) => [index, notes ? noteOf(this.trace.weight.values[weights[term]]) : "", tint(term)]));
    const pattern = this.steps.weight_pattern[step];
    if (pattern !== this.framed) this.weight.frame("now", weights.map((index, term) => [index, "", tint(term)]));
    this.framed = pattern; // the same weights are used all over one feature map
  }

  /** Mark the window, the cell that decides it, and those that decided the steps before. */
  drawWindow(step, hidden) {
    this.source.frame("now", this.reads(step).map((index) => [index]));
    if (!this.steps.winners) return this.source.frame("won", []);
    const seen = this.steps.winners.slice(0, hidden ? step : step + 1);
    const now = hidden ? null : this.winner(step);
    this.source.frame("won", [...new Set(seen)].map((index) => [index, index === now ? this.trace.reduction.wins : "", null, true]));
  }

  reveal(step) {
    this.result.fill(this.steps.writes[step]);
  }

  conceal(step) {
    this.result.empty(this.steps.writes[step]);
  }

  drawPartial(step) {
    const { perPlane } = this.result;
    const last = this.steps.writes[step] % perPlane;
    for (let index = 0; index < perPlane; index += 1) {
      if (index <= last) this.partial.fill(index);
      else this.partial.empty(index);
    }
    this.partial.frame("now", [[last]]);
  }

  /** Lines from the corners of each window to those of its kernel slice, and on to the output. */
  drawLines(step, reads) {
    const filter = this.filterOf(step);
    const lines = [];
    const corner = (view, p, index, x, y) => {
      const box = this.boxes?.get(view.planes[p]);
      if (!box || !box.width) return null;
      const at = view.corners(index);
      return [box.x + at[x] * box.width, box.y + at[y] * box.height];
    };
    const join = (from, to, role) => {
      if (from && to) lines.push(`<line class="${role}" x1="${from[0]}" y1="${from[1]}" x2="${to[0]}" y2="${to[1]}"/>`);
    };
    const stacked = this.element.classList.contains("stacked");
    if (!stacked) {
      if (!this.weight) this.windowLines(step, reads, corner, join);
      this.termsOf.forEach((terms, g) => {
        const slice = this.slices[filter][g];
        const columns = this.steps.window[1];
        const [upper, lower] = [reads[terms[columns - 1]], reads[terms[terms.length - 1]]];
        const first = slice.weight * this.weight.perPlane;
        join(corner(this.source, slice.source, upper, "right", "top"), corner(this.weight, slice.weight, first, "left", "top"), "input");
        join(corner(this.source, slice.source, lower, "right", "bottom"), corner(this.weight, slice.weight, first + this.weight.perPlane - this.weight.columns, "left", "bottom"), "input");
        if (this.groups > 1) return; // one line a channel would only tangle
        const target = this.steps.writes[step];
        const last = first + this.weight.perPlane - 1;
        join(corner(this.weight, slice.weight, first + this.weight.columns - 1, "right", "top"), corner(this.result, filter, target, "left", "top"), "kernel");
        join(corner(this.weight, slice.weight, last, "right", "bottom"), corner(this.result, filter, target, "left", "bottom"), "kernel");
      });
    }
    this.lines.innerHTML = lines.join("");
  }

  /** Lines from the corners of a window straight to the output. */
  windowLines(step, reads, corner, join) {
    const plane = this.filterOf(step);
    const columns = this.shapeOf(step)[1];
    const target = this.steps.writes[step];
    join(corner(this.source, plane, reads[columns - 1], "right", "top"), corner(this.result, plane, target, "left", "top"), "input");
    join(corner(this.source, plane, reads[reads.length - 1], "right", "bottom"), corner(this.result, plane, target, "left", "bottom"), "input");
  }

  // Pointing, choosing, editing ---------------------------------------------------------------

  /** What lies at an element of the board: role, grid and flat index of a cell, null outside. */
  target(element) {
    const svg = element?.closest?.("svg.plane");
    if (!svg) return null;
    for (const [role, view] of Object.entries(this.views)) {
      if (view.planes.some((plane) => plane.svg === svg)) {
        const index = view.cellOf(element);
        return index === null ? null : { role, view, index };
      }
    }
    return null;
  }

  pointed(event) {
    if (!this.stroke && event.pointerType !== "touch") this.look(this.target(event.target));
  }

  /** Show what a cell has to do with: nothing given, what is pinned. */
  look(at) {
    const seen = at ?? this.pinned;
    for (const view of Object.values(this.views ?? {})) view.frame("peek", []);
    this.hint.textContent = seen ? this.explain(seen) : "";
  }

  /** Mark what belongs to a cell and return it in words. */
  explain({ role, index }) {
    if (role === "output") return this.explainOutput(index);
    if (!this.uses) this.findUses();
    return role === "input" ? this.explainInput(index) : this.explainWeight(index);
  }

  explainOutput(index) {
    const step = this.stepOf.get(index);
    this.source.frame("peek", this.reads(step).map((i) => [i]));
    this.weight?.frame("peek", this.weights(step).map((i) => [i]));
    const value = index <= this.shown && !this.values(index).hidden ? ` = ${written(this.trace.result.values[index], 6)}` : "";
    return `${this.nameOf("output", index)}${value} is made at step ${step + 1} of ${this.count}, from ${this.counted(step).length} ${this.weight ? "products" : "numbers"}. Click to go there.`;
  }

  values(index) {
    return { hidden: this.asked !== undefined && this.steps.writes[this.asked] === index };
  }

  explainInput(index) {
    const steps = this.uses.source.get(index) ?? [];
    this.result.frame("peek", steps.map((step) => [this.steps.writes[step]]));
    const value = this.trace.source.values[index];
    const unread = value === null ? "holds no number and never counts" : "is never read";
    const reach = steps.length ? `reaches ${steps.length} of ${this.count} outputs` : unread;
    const edit = this.editable("input", index) ? this.invitation : "";
    const decided = steps.filter((step) => step <= this.shown && step !== this.asked && this.winner(step) === index).length;
    const won = decided ? ` and decides ${decided}` : "";
    return `${this.nameOf("input", index)}${value === null ? "" : ` = ${written(value, 6)}`} ${reach}${won}.${edit}`;
  }

  explainWeight(index) {
    const cells = [...(this.uses.weight.get(index) ?? [])];
    const hue = tintOf(index % this.weight.perPlane, this.weight.perPlane);
    this.source.frame("peek", cells.map((cell) => [cell, "", hue]));
    const edit = this.editable("kernel", index) ? this.invitation : "";
    return `${this.nameOf("kernel", index)} = ${written(this.trace.weight.values[index], 6)} multiplies ${cells.length} ${cells.length === 1 ? "input" : "inputs"}.${edit}`;
  }

  get invitation() {
    return this.touched ? " Tap it again to change it." : " Type to change it.";
  }

  /** For each input the steps that read it, for each weight the inputs that it multiplies. */
  findUses() {
    const [source, weight] = [new Map(), new Map()];
    for (let step = 0; step < this.count; step += 1) {
      const weights = this.weight ? this.weights(step) : null;
      this.counted(step).forEach((index, term) => {
        if (!source.has(index)) source.set(index, []);
        source.get(index).push(step);
        if (!weights) return;
        if (!weight.has(weights[term])) weight.set(weights[term], new Set());
        weight.get(weights[term]).add(index);
      });
    }
    this.uses = { source, weight };
  }

  nameOf(role, index) {
    const view = this.views[role];
    const { plane, r, c, row, column, isData } = view.place(index);
    const lead = view.planes.length > 1 ? `${view.grid.planes[plane]}, ` : "";
    if (!isData) return `${view.grid.around} (${lead}row ${r - view.top}, column ${c - view.left})`;
    return role === "kernel" ? `kernel[${lead}${r}, ${c}]` : `${role}[${lead}${row}, ${column}]`;
  }

  pressed(event) {
    this.touched = event.pointerType === "touch";
    const at = this.target(event.target);
    if (this.brush === null || !at || at.role === "output") return;
    event.preventDefault();
    this.stroke = new Map();
    this.strokeRole = at.role;
    this.element.setPointerCapture(event.pointerId); // the end is heard wherever it happens
    this.paint(at);
  }

  dragged(event) {
    if (this.stroke) this.paint(this.target(this.element.getRootNode().elementFromPoint(event.clientX, event.clientY)));
  }

  /** Dragging with the brush: the cells under it take its value at once, the sums follow. */
  paint(at) {
    if (!at || at.role !== this.strokeRole || !this.editable(at.role, at.index)) return;
    this.stroke.set(this.editIndex(at.role, at.index), this.brush);
    at.view.fill(at.index, this.brush);
  }

  painted() {
    if (this.stroke?.size) this.owner.edit(this.strokeRole, [...this.stroke]);
    this.stroke = null;
  }

  clicked(event) {
    const at = this.target(event.target);
    if (!at || this.brush !== null) return;
    const again = this.pinned && this.pinned.role === at.role && this.pinned.index === at.index;
    if (at.role === "output") {
      this.pin(again ? null : at);
      this.owner.go(this.stepOf.get(at.index));
    } else if (again && this.editable(at.role, at.index)) {
      this.openEditor(at);
    } else {
      this.pin(again ? null : at);
    }
  }

  pin(at) {
    this.pinned = at;
    for (const [role, view] of Object.entries(this.views)) view.frame("chosen", at?.role === role ? [[at.index]] : []);
    this.look(null);
  }

  focused(event) {
    const svg = event.target.closest?.("svg.plane");
    if (!svg?.matches(":focus-visible")) return;
    for (const [role, view] of Object.entries(this.views)) {
      const p = view.planes.findIndex((plane) => plane.svg === svg);
      if (p < 0) continue;
      const inPlane = this.pinned?.role === role && view.place(this.pinned.index).plane === p;
      if (!inPlane) this.pin({ role, view, index: p * view.perPlane + Math.max(view.top, 0) * view.columns + Math.max(view.left, 0) });
    }
  }

  key(event) {
    if (event.target.closest?.("input, button") || !this.pinned || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.closest?.("svg.plane")) return;
    const { role, view, index } = this.pinned;
    const { plane, r, c } = view.place(index);
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (move) {
      const row = Math.min(Math.max(r + move[0], 0), view.rows - 1);
      const column = Math.min(Math.max(c + move[1], 0), view.columns - 1);
      this.pin({ role, view, index: plane * view.perPlane + row * view.columns + column });
    } else if (event.key === "Escape") {
      this.pin(null);
      this.owner.focus();
    } else if (role === "output" && event.key === "Enter") {
      this.owner.go(this.stepOf.get(index));
    } else if (this.editable(role, index) && (event.key === "Enter" || event.key === "F2")) {
      this.openEditor(this.pinned);
    } else if (this.editable(role, index) && /^[-−.,0-9]$/.test(event.key)) {
      this.openEditor(this.pinned, event.key);
    } else if (this.editable(role, index) && /^[a-z]$/i.test(event.key)) {
      this.owner.say("Type a number, or press Enter to change the cell.");
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  editable(role, index) {
    if (this.owner.fixed || role === "output") return false;
    return role === "kernel" || this.source.place(index).isData;
  }

  /** The place of a cell among the numbers of the setup. */
  editIndex(role, index) {
    if (role === "kernel") return index;
    const { plane, row, column } = this.source.place(index);
    return (plane * this.fields.height + row) * this.fields.width + column;
  }

  /** A pasted table, as from a spreadsheet, fills the cells from the chosen one on. */
  pasted(event) {
    if (event.target.closest?.("input") || !this.pinned || !this.editable(this.pinned.role, this.pinned.index)) return;
    event.preventDefault();
    const { role, view, index } = this.pinned;
    const { plane, r, c } = view.place(index);
    const lines = event.clipboardData.getData("text").trim().split(/\r?\n/);
    const cells = [];
    lines.forEach((line, i) =>
      line.trim().split(/[\t;]\s*|,\s+|\s+/).forEach((text, j) => {
        const at = plane * view.perPlane + (r + i) * view.columns + c + j;
        if (r + i < view.rows && c + j < view.columns && this.editable(role, at)) cells.push([this.editIndex(role, at), typedNumber(text)]);
      }),
    );
    if (cells.some(([, value]) => value === null)) this.owner.say("Paste a table of numbers: spaces or tabs between them, a line for each row.");
    else this.owner.edit(role, cells);
  }

  /** The next cell of the same grid that can be changed, null behind the last. */
  neighbour(role, index, by) {
    const view = this.views[role];
    const { plane } = view.place(index);
    let next = index + by;
    while (next >= 0 && next < view.grid.values.length && view.place(next).plane === plane) {
      if (this.editable(role, next)) return next;
      next += by;
    }
    return null;
  }

  openEditor(at, text = null) {
    this.editor?.remove();
    const { view, index, role } = at;
    if (!this.boxes?.get(view.planes[view.place(index).plane])?.width) return; // not in sight
    const box = this.boxes.get(view.planes[view.place(index).plane]);
    const corners = view.corners(index);
    const value = view.grid.values[index];
    const input = make("input", {
      class: "editor",
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-label": `${this.nameOf(role, index)}, new value`,
    });
    input.value = text ?? String(value);
    const width = Math.max((corners.right - corners.left) * box.width, 56);
    input.style.left = `${box.x + ((corners.left + corners.right) / 2) * box.width - width / 2}px`;
    input.style.top = `${box.y + corners.top * box.height}px`;
    input.style.width = `${width}px`;
    input.style.height = `${Math.max((corners.bottom - corners.top) * box.height, 30)}px`;
    const close = () => {
      if (this.editor !== input) return;
      this.editor = null;
      input.remove();
    };
    const commit = () => {
      const typed = typedNumber(input.value);
      if (typed === null) {
        input.setAttribute("aria-invalid", "true");
        this.owner.say(`“${input.value}” is no number from −1,000,000 to 1,000,000. The old value, ${written(value, 6)}, stays.`);
        return false;
      }
      close();
      if (typed !== value) this.owner.edit(role, [[this.editIndex(role, index), typed]]);
      return true;
    };
    input.onkeydown = (event) => {
      event.stopPropagation();
      const plane = view.planes[view.place(index).plane].svg;
      if (event.key === "Enter" && commit()) plane.focus({ preventScroll: true });
      if (event.key === "Tab") {
        const next = this.neighbour(role, index, event.shiftKey ? -1 : 1);
        if (next === null || typedNumber(input.value) === null) return; // leaves the grid
        event.preventDefault();
        commit();
        this.pin({ role, view, index: next });
        this.openEditor(this.pinned);
      }
      if (event.key === "Escape") {
        close();
        plane.focus({ preventScroll: true });
      }
    };
    input.onblur = () => {
      if (this.editor === input && typedNumber(input.value) !== null) commit();
      close();
    };
    this.editor = input;
    input.at = { role, index };
    this.element.append(input);
    input.focus();
    if (text === null) input.select();
  }
}
