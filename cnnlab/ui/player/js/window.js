// The arithmetic of one step of an operation without weights: the window, and how one number is
// made of the numbers in it. What it is called and how it is written comes with the trace.

class WindowWork {
  constructor(owner) {
    this.owner = owner;
    this.element = make("div", { class: "work" });
  }

  layout(board) {
    this.board = board;
    this.rows = [null]; // one row of arithmetic
    this.shape = null; // of the window that is drawn
    this.patch = make("figure", { class: "role-input" });
    this.sums = make("div", { class: "sums" });
    this.formula = make("p", { class: "written" });
    this.index = make("p", { class: "indices" });
    const equation = make("div", { class: "equation" }, this.patch, make("span", { class: "sign", "aria-hidden": "true" }, "→"), this.sums);
    this.element.replaceChildren(equation, this.formula, this.index);
  }

  /** Draw the grid of the window anew where its size is another. */
  shapePatch(step) {
    const [rows, columns] = this.board.shapeOf(step);
    if (this.shape === `${rows} ${columns}`) return;
    this.shape = `${rows} ${columns}`;
    this.view = new GridView(
      { title: "Window", shape: [1, rows, columns], planes: [""], margin: [0, 0, 0, 0], as_grey: null, values: Array(rows * columns).fill(0) },
      "input",
      { indices: false, filled: false, captions: false },
    );
    this.view.largest = this.board.source.largest;
    this.patch.replaceChildren(make("figcaption", {}, "Window"), this.view.planes[0].element);
    this.patch.parentElement.classList.toggle("wide", columns > 4);
  }

  draw(step, { hidden }) {
    const { steps, trace } = this.board;
    this.shapePatch(step);
    const counted = new Set(this.board.counted(step));
    const windows = this.board.reads(step);
    windows.forEach((index, cell) => {
      const value = trace.source.values[index];
      if (value === null || !counted.has(index)) this.view.empty(cell, trace.source.blank);
      else this.view.fill(cell, value);
    });
    const winner = hidden ? null : this.board.winner(step);
    this.view.frame("won", winner === null ? [] : [[windows.indexOf(winner), trace.reduction.wins, null, true]]);
    const chip = (name, value, role) => make("span", { class: `chip ${role}` }, make("small", {}, name), make("b", {}, value));
    const sign = (text) => make("span", { class: "sign" }, text);
    const shown = (value) => (hidden ? "?" : written(value, 6));
    const parts = steps.parts.flatMap(({ sign: before, title, values }) => [...(before ? [sign(before)] : []), chip(title, shown(values[step]), "output")]);
    this.sums.replaceChildren(...parts, ...(parts.length ? [sign("=")] : []), chip("output", shown(steps.totals[step]), "total"));
    this.drawFormula(step, winner, hidden);
  }

  drawFormula(step, winner, hidden) {
    const { steps, trace } = this.board;
    const { each, between, says } = trace.reduction;
    const span = (name, text) => make("span", { class: name }, text);
    const counted = this.board.counted(step);
    const pieces = [span("y", `${this.target(step)} = `)];
    if (counted.length > 60) {
      pieces.push(`${says} ${counted.length} numbers`);
    } else {
      pieces.push(steps.texts[steps.opens[step]]);
      counted.forEach((index, i) => {
        if (i) pieces.push(between);
        const value = trace.source.values[index];
        const number = each || between.includes("+") ? bracketed(value) : written(value);
        pieces.push(span(index === winner ? "x winner" : "x", number), each);
      });
      pieces.push(steps.texts[steps.closes[step]]);
    }
    pieces.push(" = ", span("y", hidden ? "?" : written(steps.totals[step], 6)));
    this.formula.replaceChildren(...pieces);
    const { plane, row, column } = this.board.result.place(steps.writes[step]);
    const general = trace.formula ?? "";
    this.index.textContent = general.replaceAll("{k}", plane).replaceAll("{r}", row).replaceAll("{c}", column);
    this.index.hidden = !general;
  }

  target(step) {
    const { plane, row, column } = this.board.result.place(this.board.steps.writes[step]);
    return `output[${this.board.filters > 1 ? `${plane}, ` : ""}${row}, ${column}]`;
  }

  /** What helps a learner whose answer is none of the usual mistakes. */
  help(step) {
    return `It is ${this.made(step)}: where do you differ?`;
  }

  made(step) {
    const counted = this.board.counted(step);
    const numbers = counted.length > 16 ? `${counted.length} numbers` : counted.map((index) => written(this.board.trace.source.values[index])).join(", ");
    return `${this.board.trace.reduction.says} ${numbers}`;
  }

  /** There is no kernel to turn. */
  turn() {}

  /** The step as one sentence, for a screen reader. */
  sentence(step, hidden) {
    const { steps, count, result, filters } = this.board;
    const { plane, row, column } = result.place(steps.writes[step]);
    const where = `${filters > 1 ? `channel ${plane}, ` : ""}row ${row}, column ${column}`;
    if (hidden) return `Step ${step + 1} of ${count}: which number goes to output ${where}?`;
    return `Step ${step + 1} of ${count}: ${this.made(step)} is ${written(steps.totals[step], 6)}, written to output ${where}.`;
  }
}
