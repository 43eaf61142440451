// Predict, then check: the learner types the next output, or the output size, before it is shown.
// Right and wrong answers alike were computed in Python; here they are only compared.

class Predict {
  /** `owner` has step, data, answered(), redraw(). */
  constructor(owner) {
    this.owner = owner;
    this.element = make("div", { class: "predict" });
    this.on = false;
    this.known = new Set(); // steps that were answered or given up
    this.sizeKnown = false;
  }

  /** Other steps than before: everything is unknown again. */
  reset() {
    this.known.clear();
    this.sizeKnown = false;
  }

  switch(on) {
    this.on = on;
    this.reset();
  }

  /** Go on from a step that a link names. */
  resume(step) {
    this.sizeKnown = true;
    for (let known = 0; known < step; known += 1) this.known.add(known);
  }

  get asksSize() {
    return this.on && !this.sizeKnown;
  }

  hides(step) {
    return this.on && !this.known.has(step);
  }

  /** Bring the question into sight, ready to be answered. */
  focus() {
    if (!this.on) return;
    this.element.scrollIntoView({ block: "nearest" });
    this.element.querySelector("input")?.focus({ preventScroll: true });
  }

  draw(step) {
    const ask = !this.on ? "" : this.asksSize ? "size" : this.hides(step) ? `step ${step}` : "";
    if (ask === this.asked && ask) return;
    this.asked = ask;
    this.element.hidden = !this.on;
    if (!this.on) this.element.replaceChildren();
    else if (ask === "size") this.askSize();
    else if (ask) this.askValue(step);
  }

  form(question, inputs, check, giveUp) {
    this.answer = make("p", { class: "answer", role: "status" });
    const form = make(
      "form",
      {},
      make("label", {}, question),
      make("span", { class: "guess" }, ...inputs),
      make("button", { type: "submit", class: "primary" }, "Check"),
      button("Show me", giveUp),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      check();
    };
    this.element.replaceChildren(form, this.answer);
  }

  guess(label) {
    return make("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label });
  }

  askSize() {
    const { predict, trace } = this.owner.data;
    const [, rows, columns] = trace.result.shape;
    const [first, second] = [this.guess("Rows of the output"), this.guess("Columns of the output")];
    this.form("How large will the output be?", [first, " rows × ", second, " columns"], () => {
      const size = [typedNumber(first.value), typedNumber(second.value)];
      if (size.includes(null)) return this.tell("Type two whole numbers.", false);
      if (size[0] === rows && size[1] === columns) return this.sizeDone(`Right: ${rows} × ${columns}.`);
      const known = predict.sizes.find((mistake) => mistake.size[0] === size[0] && mistake.size[1] === size[1]);
      return this.tell(`Not ${size[0]} × ${size[1]}. ${known ? known.says : `Count the places that the ${trace.weight ? "kernel" : "window"} can take.`}`, false);
    }, () => this.sizeDone(`It is ${rows} × ${columns}.`));
  }

  sizeDone(text) {
    this.sizeKnown = true;
    this.owner.redraw();
    this.note(text);
  }

  askValue(step) {
    const { trace } = this.owner.data;
    const input = this.guess("Your answer");
    const target = this.owner.work.target(step);
    this.form(`What is ${target}?`, [input], () => {
      const ways = readings(input.value);
      if (!ways.length) return this.tell("Type a number.", false);
      const value = trace.steps.totals[step];
      const typed = ways[0];
      if (ways.some((way) => this.close(way, value))) return this.done(step, `Right: ${target} = ${written(value, 6)}.`);
      return this.tell(`Not ${written(typed, 6)}. ${this.diagnose(typed, step)}`, false);
    }, () => this.done(step, `${target} = ${written(trace.steps.totals[step], 6)}.`));
    if (this.focusNext) input.focus({ preventScroll: true });
    this.focusNext = false;
  }

  /** Two decimals are enough where the answer is no whole number. */
  close(typed, value) {
    return Math.abs(typed - value) <= (Number.isInteger(value) ? 1e-6 : 0.0051);
  }

  /** Name the mistake, if it is one of the usual ones; else say how far the channels are. */
  diagnose(typed, step) {
    const { predict, trace } = this.owner.data;
    const mistake = predict.values.find(({ values }) => this.close(typed, values[step]));
    if (mistake) return mistake.says;
    const { board } = this.owner;
    const filter = board.filterOf(step);
    const other = trace.steps.totals.findIndex((total, s) => s !== step && board.filterOf(s) === filter && this.close(typed, total));
    if (other >= 0) {
      const { row, column } = board.result.place(trace.steps.writes[other]);
      return `You used the wrong window: that is the output of row ${row}, column ${column}.`;
    }
    return this.owner.work.help(step);
  }

  done(step, text) {
    this.known.add(step);
    this.owner.redraw();
    this.note(text);
  }

  /** What was right, and the way on. */
  note(text) {
    this.asked = null;
    this.answer = make("p", { class: "answer right", role: "status" }, text);
    const next = button("Next", () => {
      this.focusNext = true;
      if (this.hides(this.owner.step)) this.owner.redraw();
      else this.owner.go(this.owner.step + 1);
    }, { class: "primary" });
    this.element.replaceChildren(this.answer, next);
    next.focus({ preventScroll: true });
  }

  tell(text, right) {
    this.answer.textContent = text;
    this.answer.classList.toggle("right", right);
    this.answer.classList.toggle("wrong", !right);
  }
}
