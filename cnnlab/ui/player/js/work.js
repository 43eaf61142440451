// The arithmetic of one step: patch × weights = products, the sum of each channel, the sum of all,
// bias and activation. Every number comes with the trace.

class Work {
  constructor(owner) {
    this.owner = owner;
    this.element = make("div", { class: "work" });
  }

  /** Build the rows that a level of detail shows. */
  layout(board, level, channel) {
    this.board = board;
    const all = board.termsOf.map((_, g) => g);
    const rows = level === "layer" && board.groups > 1 ? [] : level === "channel" ? [channel] : all;
    this.level = level;
    this.rows = rows.map((g) => this.row(g));
    this.sums = make("div", { class: "sums" });
    this.formula = make("p", { class: "written" });
    this.index = make("p", { class: "indices" });
    this.element.replaceChildren(...this.rows.map((row) => row.element), this.sums, this.formula, this.index);
  }

  row(g) {
    const { trace, steps } = this.board;
    const [rows, columns] = steps.window;
    const small = (title, role) =>
      new GridView(
        { title, shape: [1, rows, columns], planes: [""], margin: [0, 0, 0, 0], as_grey: null, values: Array(rows * columns).fill(0) },
        role,
        { indices: false, filled: false, captions: false, digits: this.owner.digits.cell },
      );
    const views = { patch: small("Patch", "input"), kernel: small("Weights", "kernel"), products: small("Products", "output") };
    views.patch.largest = this.board.source.largest;
    views.kernel.largest = this.board.weight.largest;
    views.products.largest = this.board.source.largest * this.board.weight.largest; // one scale for all steps
    const named = (view, title) =>
      make("figure", { class: `role-${view.role}` }, make("figcaption", {}, title), ...view.planes.map((plane) => plane.element));
    const sign = (text) => make("span", { class: "sign", "aria-hidden": "true" }, text);
    const sum = make("b", {});
    const note = make("small", {});
    const name = this.board.groups > 1 ? make("h4", {}) : "";
    const kernel = named(views.kernel, steps.turned ? "Weights, turned by half a turn" : "Weights");
    const element = make(
      "div",
      { class: columns > 4 ? "equation wide" : "equation" },
      named(views.patch, "Patch"),
      sign("×"),
      kernel,
      sign("="),
      named(views.products, "Products"),
      make("div", { class: "sum" }, note, sum),
    );
    return { g, ...views, kernelFigure: kernel, sum, note, name, trace, element: make("div", { class: "channel" }, name, element) };
  }

  draw(step, { hidden, numbers }) {
    const { steps, trace, source } = this.board;
    const [reads, weights] = [this.board.reads(step), this.board.weights(step)];
    const tinted = this.board.weight.perPlane <= 25;
    for (const row of this.rows) {
      const terms = this.board.termsOf[row.g];
      const products = terms.map((term) => this.board.product(step * this.board.terms + term));
      terms.forEach((term, cell) => {
        row.patch.fill(cell, trace.source.values[reads[term]]);
        row.kernel.fill(cell, trace.weight.values[weights[term]]);
        if (hidden) row.products.empty(cell, "");
        else row.products.fill(cell, products[cell]);
      });
      if (tinted) {
        const hues = terms.map((term, cell) => [cell, "", tintOf(weights[term] % this.board.weight.perPlane, this.board.weight.perPlane)]);
        row.patch.frame("tints", hues);
        row.kernel.frame("tints", hues);
      }
      const plane = source.place(reads[terms[0]]).plane;
      if (row.name) row.name.textContent = trace.source.planes[plane];
      row.note.textContent = this.board.groups > 1 ? "Sum of this channel" : "Sum of the products";
      row.sum.textContent = hidden ? "?" : written(steps.sums[step][row.g], this.owner.digits.sum);
    }
    this.drawSums(step, reads, hidden);
    this.drawFormula(step, reads, weights, hidden, numbers);
  }

  /** Sum of each channel, bias, activation, and the cell that is written. */
  drawSums(step, reads, hidden) {
    const { steps, trace, source, groups, termsOf } = this.board;
    const plain = groups === 1 && !steps.bias && !steps.activation;
    this.sums.hidden = plain;
    if (plain) return;
    const chip = (name, value, role) => make("span", { class: `chip ${role}` }, make("small", {}, name), make("b", {}, value));
    const shown = (value) => (hidden ? "?" : written(value, this.owner.digits.sum));
    const pieces = [];
    termsOf.forEach(([term], g) => {
      if (g) pieces.push("+");
      const name = groups > 1 ? trace.source.planes[source.place(reads[term]).plane] : "products";
      const part = chip(`Σ ${name}`, shown(steps.sums[step][g]), "output");
      if (groups > 1) {
        part.tabIndex = 0;
        part.setAttribute("role", "button");
        part.setAttribute("aria-label", `Look at ${name}`);
        part.onclick = () => this.owner.level("channel", g);
        part.onkeydown = (event) => {
          if (event.key === "Enter") this.owner.level("channel", g);
        };
      }
      pieces.push(part);
    });
    if (steps.bias) pieces.push("+", chip("bias", written(steps.bias[step], this.owner.digits.sum), "kernel"));
    if (steps.activation) {
      pieces.push("=", chip("z", shown(steps.before[step]), "output"), "→", chip(`${steps.activation.title}: ${steps.activation.formula}`, shown(steps.totals[step]), "total"));
    } else {
      pieces.push("=", chip("output", shown(steps.totals[step]), "total"));
    }
    this.sums.replaceChildren(...pieces.map((piece) => (typeof piece === "string" ? make("span", { class: "sign" }, piece) : piece)));
  }

  drawFormula(step, reads, weights, hidden) {
    const { steps, trace, source, groups, termsOf } = this.board;
    const digits = this.owner.digits.term;
    const span = (name, text) => make("span", { class: name }, text);
    const pieces = [span("y", `${this.target(step)} = `)];
    const short = reads.length > 60 && this.level !== "cell";
    if (steps.activation) pieces.push(`${steps.activation.title}( `);
    if (short) {
      pieces.push(`Σ of ${reads.length} products`);
    } else {
      termsOf.forEach((terms, g) => {
        if (g) pieces.push(" + ");
        if (groups > 1) pieces.push("[ ");
        terms.forEach((term, i) => {
          if (i) pieces.push(" + ");
          pieces.push(span("x", bracketed(trace.source.values[reads[term]], digits)), "·", span("w", bracketed(trace.weight.values[weights[term]], digits)));
        });
        if (groups > 1) pieces.push(" ]");
      });
    }
    if (steps.bias) pieces.push(" + ", span("w", bracketed(steps.bias[step], digits)), " (bias)");
    if (steps.activation) pieces.push(" )");
    pieces.push(" = ", span("y", hidden ? "?" : written(steps.totals[step], this.owner.digits.sum)));
    this.formula.replaceChildren(...pieces);
    const { plane, row, column } = this.board.result.place(steps.writes[step]);
    const general = trace.formula ?? "";
    this.index.textContent = general.replaceAll("{k}", plane).replaceAll("{r}", row).replaceAll("{c}", column).replaceAll("{f}", source.place(reads[0]).plane);
    this.index.hidden = !general;
  }

  target(step) {
    const { plane, row, column } = this.board.result.place(this.board.steps.writes[step]);
    return `output[${this.board.filters > 1 ? `${plane}, ` : ""}${row}, ${column}]`;
  }

  /** What helps a learner whose answer is none of the usual mistakes. */
  help(step) {
    const { steps, groups } = this.board;
    const sums = steps.sums[step].map((sum) => written(sum, this.owner.digits.sum)).join(", ");
    const bias = steps.bias ? `, the bias ${written(steps.bias[step], this.owner.digits.sum)}` : "";
    return `The products add up to ${sums}${groups > 1 ? " (channel by channel)" : ""}${bias}: where do you differ?`;
  }

  /** The kernel is seen turning when true convolution is switched on. */
  turn() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of this.rows) {
      row.kernelFigure.querySelector("svg").animate(
        [{ transform: "rotate(-180deg)" }, { transform: "rotate(0deg)" }],
        { duration: 1200, easing: "ease-in-out" },
      );
    }
  }

  /** The step as one sentence, for a screen reader. */
  sentence(step, hidden) {
    const { steps, trace, count, result } = this.board;
    const digits = this.owner.digits.term;
    const [reads, weights] = [this.board.reads(step), this.board.weights(step)];
    const { plane, row, column } = result.place(steps.writes[step]);
    const where = `${this.board.filters > 1 ? `feature map ${plane}, ` : ""}row ${row}, column ${column}`;
    if (hidden) return `Step ${step + 1} of ${count}: which number goes to output ${where}?`;
    const products =
      reads.length > 16
        ? `${reads.length} products`
        : reads.map((index, term) => `${written(trace.source.values[index], digits)} times ${written(trace.weight.values[weights[term]], digits)}`).join(", plus ");
    const bias = steps.bias ? `, plus bias ${written(steps.bias[step])}` : "";
    const activation = steps.activation ? `, makes ${written(steps.before[step], this.owner.digits.sum)}, through ${steps.activation.title}` : "";
    return `Step ${step + 1} of ${count}: ${products}${bias}${activation}, makes ${written(steps.totals[step], this.owner.digits.sum)}, written to output ${where}.`;
  }
}
