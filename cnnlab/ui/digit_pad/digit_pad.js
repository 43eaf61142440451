// Draw a digit, and see every tensor of the network at once. All is computed in the browser; the
// weights come once, as a file that it keeps. The state stands in the address.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const files = new Map(); // promises of weights by address
let remembered = null; // the drawing of an earlier visit to the lesson

export default function mount({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement, data)));
  view.show(data);
  return () => view.leave();
}

const QUIET = 250; // ms after the last change until the address is written; browsers refuse too many
const [NARROW, WIDE] = [560, 1150]; // pixels

/** The tensors in the file of weights: {"conv1.weight": Float32Array, ...}. */
function tensorsOf({ address, bytes, tensors }) {
  if (!files.has(address)) {
    const fetched = fetch(address).then(async (answer) => {
      const file = answer.ok ? await answer.arrayBuffer() : null;
      if (file?.byteLength !== bytes) throw new Error("not the file");
      const entries = Object.entries(tensors).map(([name, [start, count]]) => [name, new Float32Array(file.slice(start, start + 4 * count))]);
      return Object.fromEntries(entries);
    });
    fetched.catch(() => files.delete(address)); // to be tried again
    files.set(address, fetched);
  }
  return files.get(address);
}

class View {
  constructor(root, data) {
    this.data = data;
    this.stages = data.stages;
    this.cell = null;
    this.held = false;
    this.centre = true;
    this.pad = new Pad((event) => this.changed(event));
    this.maps = this.stages.filter(({ name }) => PER_ROW[name]).map((stage) => new Maps(stage, (cell, hold) => this.point(cell, hold)));
    this.work = new Work({ chosen: () => this.drawWork(), close: () => this.close() });
    this.notice = make("p", "notice");
    this.notice.setAttribute("role", "status");
    this.said = make("p", "unseen");
    this.said.setAttribute("aria-live", "polite");
    this.fool = make("p", "fool");
    const left = make("div", "left", this.buildSamples(), make("div", "drawing", this.pad.world, this.pad.tools), this.pad.says, this.buildInput());
    const right = make("div", "right", ...this.maps.map(({ root: stage }) => stage), this.buildBars(), this.fool);
    this.root = make("section", "digit-pad", this.notice, left, right, this.work.root, this.said);
    this.root.setAttribute("aria-label", "Drawing pad and every tensor of the network");
    this.root.onkeydown = (event) => {
      event.stopPropagation(); // Streamlit has shortcuts of its own
      if (event.key === "Escape" && this.open) this.close();
    };
    root.append(this.root);
    new ResizeObserver(() => this.arrange()).observe(this.root);
    this.begin();
    this.load();
  }

  buildSamples() {
    this.digits = Array.from({ length: 10 }, (_, digit) => button(`${digit}`, `A ${digit} from the test set; again for another one`, (event) => this.sample(digit, event)));
    this.whose = make("p", "whose");
    const row = make("div", "digits", ...this.digits);
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Digits that the network never saw");
    return make("div", "samples", row, this.whose);
  }

  buildInput() {
    this.input = make("canvas", "");
    this.input.width = this.input.height = SIDE;
    this.input.setAttribute("role", "img");
    this.input.setAttribute("aria-label", "What the network gets: 28 × 28 pixels");
    this.field = make("div", "window");
    this.field.hidden = true;
    this.switch = make("input", "");
    this.switch.type = "checkbox";
    this.switch.onchange = (event) => {
      this.centre = this.switch.checked;
      this.changed(event);
    };
    this.answer = make("output", "answer");
    this.share = make("p", "share-of");
    this.time = make("p", "time");
    const centring = make("label", "centre", this.switch, "Scale and centre the drawing, as MNIST did");
    const seen = make("figure", "seen", make("div", "picture", this.input, this.field), make("figcaption", "", "Input, 1 × 28 × 28"));
    return make("div", "reading", seen, make("div", "reads", make("span", "label", "It reads"), this.answer, this.share, this.time), centring);
  }

  buildBars() {
    const last = this.stages.at(-1);
    this.bars = Array.from({ length: 10 }, (_, digit) => {
      const line = button("", "", () => this.point({ stage: last.name, map: digit, row: 0, column: 0 }, true));
      line.append(make("strong", "", `${digit}`), make("span", "score"), make("span", "bar", make("span", "")), make("span", "percent"));
      return line;
    });
    const says = make("span", "range", "score, and its share after the softmax");
    return make("div", "stage fc2", headOf(last, says), make("div", "bars", ...this.bars));
  }

  arrange() {
    const { clientWidth } = this.root;
    const width = clientWidth < NARROW ? 0 : clientWidth < WIDE ? 1 : 2;
    if (width === this.width) return;
    this.width = width;
    for (const maps of this.maps) maps.arrange(width);
    this.draw();
  }

  show(data) {
    this.data = data;
    this.fool.hidden = data.lecture;
    this.write(); // a run of the page may have written the address
  }

  leave() {
    clearTimeout(this.writing); // the address belongs to another page now
    remembered = { ...this.state, past: this.pad.past };
  }

  load() {
    this.notice.textContent = "The weights are being fetched (1.7 MB, once).";
    tensorsOf(this.data.weights).then(
      (tensors) => {
        this.tensors = tensors;
        this.root.dataset.ready = "true";
        this.notice.textContent = this.damaged ?? "";
        this.update();
      },
      () => this.notice.replaceChildren("The weights could not be fetched: is the server still there? ", button("Try again", "", () => this.load())),
    );
  }

  // The state -------------------------------------------------------------------------------

  get state() {
    return { pixels: this.pad.pixels, base: this.pad.base, centre: this.centre, cell: this.held ? this.cell : null };
  }

  drawingOf(name) {
    return drawingFromText(this.data.samples[name]);
  }

  baseOf(name) {
    return { name, digit: Number(name.split("-")[1]), pixels: this.drawingOf(name) };
  }

  /** Begin with what the address says, else with the drawing of an earlier visit, else a sample. */
  begin() {
    const { samples, start, names } = this.data;
    const query = new URLSearchParams(location.search);
    const [drawing, from, centre, cell] = ["drawing", "from", "centre", "cell"].map((part) => query.get(names[part]));
    const known = (name) => name !== null && Object.hasOwn(samples, name);
    let state = { ...this.beginning(start), centre: centre !== "no", cell: null };
    const linked = [drawing, from, centre, cell].some((text) => text !== null);
    if (!linked && remembered) state = remembered;
    if (drawing !== null) {
      const pixels = known(drawing) ? this.drawingOf(drawing) : drawingFromText(drawing);
      if (pixels) Object.assign(state, { pixels, base: known(drawing) ? this.baseOf(drawing) : known(from) ? this.baseOf(from) : null });
      else this.damaged = `The drawing in the link is damaged: here is a ${state.base.digit} instead.`;
    }
    if (cell !== null) {
      state.cell = cellFromText(cell, this.stages);
      if (!state.cell) this.damaged = `${this.damaged ? `${this.damaged} ` : ""}The link asks for a cell that the network does not have.`;
    }
    this.pad.pixels = state.pixels.slice();
    this.pad.base = state.base;
    this.pad.past = state.past ?? [];
    this.centre = this.switch.checked = state.centre;
    this.cell = state.cell;
    this.held = this.open = Boolean(state.cell);
  }

  beginning(name) {
    const base = this.baseOf(name);
    return { pixels: base.pixels, base };
  }

  /** Write the state into the address; what is usual is left out. */
  write() {
    clearTimeout(this.writing);
    const { names, start } = this.data;
    const { pixels, base, centre, cell } = this.state;
    const same = base !== null && equal(pixels, base.pixels);
    const texts = {
      drawing: !same ? drawingToText(pixels) : base.name === start ? null : base.name,
      from: same || !base ? null : base.name,
      centre: centre ? null : "no",
      cell: cell && cellToText(cell, this.stages),
    };
    const query = new URLSearchParams(location.search);
    const before = query.toString();
    for (const [part, text] of Object.entries(texts)) {
      if (text === null) query.delete(names[part]);
      else query.set(names[part], text);
    }
    const text = query.toString();
    if (text !== before) history.replaceState(history.state, "", `${location.pathname}${text && `?${text}`}${location.hash}`);
  }

  writeSoon() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      this.write();
      this.tell();
    }, QUIET);
  }

  sample(digit, event) {
    const found = Object.keys(this.data.samples).filter((name) => Number(name.split("-")[1]) === digit);
    const next = found[(found.indexOf(this.pad.base?.name) + 1) % found.length];
    const base = this.baseOf(next);
    this.pad.replace(base.pixels, base, event);
  }

  changed(event) {
    this.since ??= event?.timeStamp;
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.update();
      this.tellTime();
    });
    if (this.damaged) this.damaged = this.notice.textContent = "";
    this.writeSoon();
  }

  tellTime() {
    if (this.since === undefined) return;
    const ms = performance.now() - this.since;
    this.since = undefined;
    this.root.dataset.ms = ms.toFixed(1);
    this.time.textContent = `${Math.ceil(ms)} ms after the stroke`;
  }

  // From the drawing to the answer ----------------------------------------------------------

  update() {
    const pixels = Float64Array.from(this.pad.pixels, (value) => value / 255);
    const input = this.centre ? centred(pixels) : pixels;
    if (this.tensors) {
      const start = performance.now();
      this.run = forward(input, this.tensors, this.stages);
      this.root.dataset.forward = (performance.now() - start).toFixed(2);
    } else this.run = { input };
    this.draw();
  }

  draw() {
    if (!this.run) return;
    this.pad.draw();
    paint(this.input, SIDE, SIDE, (at) => greyOf(this.run.input[at]));
    this.drawSamples();
    if (!this.tensors) return;
    for (const maps of this.maps) maps.draw(this.run[maps.stage.name]);
    this.drawAnswer();
    this.drawFool();
    this.drawWork();
  }

  drawSamples() {
    const base = this.pad.base;
    const changed = base && !equal(this.pad.pixels, base.pixels);
    this.digits.forEach((made, digit) => made.setAttribute("aria-pressed", base?.digit === digit));
    const number = base?.name.split("-")[2];
    this.whose.textContent = base
      ? `Digit ${base.digit}, no. ${number} of 4, from the test set${changed ? ", changed by you" : ""}.`
      : "Your own drawing. Or choose a digit of the test set.";
  }

  drawAnswer() {
    const { fc2: scores, probabilities } = this.run;
    const answer = answerOf(this.run);
    this.answer.textContent = `${answer}`;
    const empty = !this.pad.pixels.some(Boolean);
    this.share.textContent = empty ? "Nothing is drawn, but it must choose." : percent(probabilities[answer]);
    Object.assign(this.root.dataset, { answer, scores: Array.from(scores).join(" ") });
    this.bars.forEach((line, digit) => {
      const [, score, bar, share] = line.children;
      score.textContent = written(scores[digit]);
      bar.firstChild.style.width = `${100 * probabilities[digit]}%`;
      share.textContent = percent(probabilities[digit]);
      line.classList.toggle("best", digit === answer);
      line.setAttribute("aria-label", `${digit}: score ${score.textContent}, ${share.textContent}. Show how.`);
      line.setAttribute("aria-pressed", this.cell?.stage === "fc2" && this.cell.map === digit);
    });
  }

  tell() {
    if (!this.run?.probabilities) return;
    const answer = answerOf(this.run);
    this.said.textContent = `It reads ${answer}, ${percent(this.run.probabilities[answer])}.`;
  }

  // Fool it ---------------------------------------------------------------------------------

  drawFool() {
    const base = this.pad.base;
    const task = make("strong", "", "Fool it. ");
    if (!base) {
      this.fool.replaceChildren(task, "Choose a 1 of the test set, then draw or erase as little as you can, until it reads 7.");
      return;
    }
    const answer = answerOf(this.run);
    const count = this.pad.pixels.reduce((sum, value, at) => sum + (value !== base.pixels[at]), 0);
    const pixels = `${several(count, "pixel")} changed`;
    const solved = base.digit === 1 && answer === 7 && count > 0;
    const fooled = answer !== base.digit;
    const says = solved
      ? `✓ Solved with ${pixels}: it reads 7. Would a person still read a 1?`
      : fooled && count
        ? `It reads ${answer} instead of ${base.digit}, with ${pixels}. Now do it with a 1, until it reads 7.`
        : base.digit === 1
          ? `Draw or erase as little as you can, until it reads this 1 as a 7. Now it reads ${answer}, with ${pixels}.`
          : `Choose a 1, then draw or erase as little as you can, until it reads 7.`;
    this.fool.classList.toggle("solved", solved);
    this.fool.replaceChildren(task, says);
  }

  // One cell --------------------------------------------------------------------------------

  /** A cell is pointed at; a click, a tap or a key also opens its work and holds it. */
  point(cell, hold) {
    if (!hold && this.held) return;
    const again = this.cell && cellToText(cell, this.stages) === cellToText(this.cell, this.stages);
    if (again && !hold) return;
    const same = this.cell && cell.stage === this.cell.stage && cell.map === this.cell.map;
    if (!same) this.work.forget();
    this.choose(cell, hold && !(again && this.held));
  }

  choose(cell, held = false) {
    this.cell = cell;
    this.held = held;
    this.open = Boolean(cell) && (held || this.open);
    this.drawWork();
    if (held) this.reveal(cell.stage);
    this.writeSoon();
  }

  close() {
    const { stage, map } = this.cell;
    this.choose(null);
    (this.maps.find((maps) => maps.stage.name === stage) ?? this.bars[map]).focus();
  }

  /** Keep the stage of the chosen cell above its work. */
  reveal(name) {
    const stage = this.maps.find((maps) => maps.stage.name === name)?.world ?? this.bars[0].parentElement;
    stage.style.scrollMarginBottom = `${this.work.root.offsetHeight + 8}px`;
    stage.scrollIntoView({ block: "nearest" });
  }

  drawWork() {
    if (!this.tensors) return;
    const cell = this.cell;
    const made = cell && derive(this.run, this.tensors, this.stages, cell);
    const value = made && this.run[cell.stage][(cell.map * made.stage.side + cell.row) * made.stage.side + cell.column];
    this.work.show(made, cell && { ...cell, value }, this.open);
    for (const maps of this.maps) {
      maps.choose(cell?.stage === maps.stage.name ? cell : null);
      const source = made?.before.name === maps.stage.name;
      const { kernel, stride } = made?.stage ?? {};
      maps.frame(maps.window, source ? { map: this.work.current, row: cell.row * stride, column: cell.column * stride, size: kernel } : null);
    }
    this.bars.forEach((line, digit) => line.setAttribute("aria-pressed", cell?.stage === "fc2" && cell.map === digit));
    this.drawField(cell, made?.stage);
  }

  /** Frame the part of the input that the chosen cell sees. */
  drawField(cell, stage) {
    this.field.hidden = !cell;
    if (!cell) return;
    const part = (pixels) => `${(100 * pixels) / SIDE}%`;
    Object.assign(this.field.style, {
      top: part(cell.row * stage.jump),
      left: part(cell.column * stage.jump),
      width: part(stage.field),
      height: part(stage.field),
    });
  }
}

function equal(one, other) {
  return one.every((value, at) => value === other[at]);
}
