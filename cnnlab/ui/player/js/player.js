// The step player: settings, board, arithmetic and the way through the steps.
// It shows a trace and knows no operation; every value was computed in Python.

const players = new WeakMap(); // one player for each place on the page, kept through reruns
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8]; // steps per second
const DIALOGS = {
  film: ["GIF …", "All steps as an animated GIF"],
  page: ["HTML …", "The step player as one file, for offline use"],
  code: ["Code …", "This layer in NumPy, PyTorch and Keras"],
};
const LEVELS = { layer: "Layer", filter: "Filter", channel: "Channel", cell: "Cell" };

export default function mount({ data, parentElement, setStateValue }) {
  let player = players.get(parentElement);
  if (!player) {
    player = new Player(parentElement);
    players.set(parentElement, player);
  }
  player.send = setStateValue;
  player.enter();
  player.show(data);
  return () => player.leave();
}

class Player {
  constructor(root) {
    this.root = root;
    this.step = 0;
    this.detail = null;
    this.channel = 0;
    this.timer = null;
    this.speed = "1";
    this.wishes = [];
    this.wished = 0;
    this.token = Math.random().toString(36).slice(2);
    this.build();
  }

  /** Nothing can be changed where no server listens, nor where the numbers are a network's own. */
  get fixed() {
    return !this.send || Boolean(this.data?.fixed);
  }

  /** How many digits count: in a cell, in a factor and in a sum that are written out. */
  get digits() {
    const { cell = 3, term = 4, sum = 6 } = this.data?.digits ?? {};
    return { cell, term, sum, result: this.data?.digits ? sum : cell };
  }

  build() {
    this.fields = new Fields(this);
    this.board = new Board(this);
    this.works = { products: new Work(this), window: new WindowWork(this) };
    this.work = this.works.products;
    this.predict = new Predict(this);
    this.spoken = make("div", { class: "spoken", "aria-live": "polite" });
    this.problem = make("div", { class: "problem", role: "alert" });
    this.about = make("p", { class: "about" });
    const iconButton = (name, label, action, text = "") => {
      const element = button(icon(name), action, { class: name, "aria-label": label, title: label });
      element.append(text);
      return element;
    };
    this.buttons = {
      restart: iconButton("restart", "Back to the first step (Home)", () => this.go(0)),
      back: iconButton("back", "One step back (left arrow)", () => this.go(this.step - 1)),
      play: iconButton("play", "Play or pause (space)", () => this.toggle(), "Play"),
      forward: iconButton("forward", "One step forward (right arrow)", () => this.go(this.step + 1)),
    };
    this.scrubber = make("input", { type: "range", min: 1, value: 1, "aria-label": "Step" });
    this.scrubber.oninput = () => this.go(Number(this.scrubber.value) - 1);
    this.counter = make("output", {});
    this.speeds = make("select", { "aria-label": "Speed, steps per second" });
    for (const speed of SPEEDS) this.speeds.append(make("option", { value: speed }, `${speed} ×`));
    this.speeds.append(make("option", { value: "row" }, "by row"));
    this.speeds.value = "1";
    this.speeds.onchange = () => this.setSpeed(this.speeds.value);
    this.transport = make("div", { class: "transport" }, ...Object.values(this.buttons), this.counter, this.scrubber, make("label", {}, make("span", {}, "Speed"), this.speeds));
    this.tools = make("div", { class: "tools" }, this.levelChoice(), this.brushTool(), this.undoTool(), this.predictTool());
    const keys = (this.keys = make("p", { class: "keys", "aria-hidden": "true" }));
    keys.innerHTML =
      "Keys, after a click here: <kbd>space</kbd> play or pause · <kbd>←</kbd> <kbd>→</kbd> one step · " +
      "<kbd>Home</kbd> <kbd>End</kbd> first, last · <kbd>+</kbd> <kbd>−</kbd> speed · <kbd>Tab</kbd> to the grids, then arrows" +
      '<span class="edits">, type to change, <kbd>Tab</kbd> to the next cell, paste a table</span>';
    this.stage = make("div", { class: "stage" }, this.board.element, this.work.element);
    this.section = make(
      "section",
      { class: "player", tabindex: "0", role: "group" },
      this.fields.element,
      this.about,
      this.problem,
      this.tools,
      this.predict.element,
      this.stage,
      this.board.hint,
      (this.sizes = make("p", { class: "sizes" })),
      this.transport,
      this.shareTool(),
      keys,
      this.spoken,
    );
    this.section.onkeydown = (event) => this.key(event);
    this.section.onpaste = (event) => this.board.pasted(event);
    this.linked = () => {
      if (this.fixed || !this.data?.trace) return;
      this.readLink(); // another link to the same numbers: only step and level differ
      this.redraw();
    };
    this.fromPage = (event) => {
      if (this.data?.fold && event.target === document.body) this.key(event); // a lecturer need not click first
    };
    this.root.append(this.section);
    this.resized = new ResizeObserver(([{ contentRect }]) => {
      // The first call tells the size that was just arranged for.
      if (this.watched || !(Math.abs(contentRect.width - this.width) < 1)) this.arrange();
      this.watched = true;
    });
  }

  /** The place on the page is there, perhaps again: Streamlit may take it away for a moment. */
  enter() {
    this.resized.observe(this.section);
    document.addEventListener("keydown", this.fromPage);
    window.addEventListener("hashchange", this.linked);
    if (this.data) this.linkSoon();
  }

  // Tools -------------------------------------------------------------------------------------

  levelChoice() {
    this.levels = make("span", { class: "levels", role: "group", "aria-label": "Level of detail" });
    for (const [name, title] of Object.entries(LEVELS)) {
      this.levels.append(button(title, () => this.level(name, this.channel), { "data-level": name }));
    }
    this.channels = make("select", { "aria-label": "Channel" });
    this.channels.onchange = () => {
      const chosen = Number(this.channels.value);
      if (this.detail === "channel") this.level("channel", chosen);
      else this.level(this.detail, this.channel, chosen);
    };
    return make("span", { class: "tool" }, make("span", { class: "tool-name", "aria-hidden": "true" }, "Look at"), this.levels, this.channels);
  }

  brushTool() {
    const value = make("input", { type: "text", inputmode: "decimal", value: "1", "aria-label": "Value to paint with" });
    const toggle = make("input", { type: "checkbox" });
    const update = () => {
      const typed = typedNumber(value.value);
      if (typed === null) {
        this.say("Paint with a number from −1,000,000 to 1,000,000.");
        value.value = "1";
      }
      this.board.brush = toggle.checked ? (typed ?? 1) : null;
      this.board.element.classList.toggle("painting", toggle.checked);
      value.hidden = !toggle.checked;
      if (toggle.checked) this.say("Drag over the cells of input or kernel to paint them.");
    };
    toggle.onchange = value.onchange = update;
    value.hidden = true;
    this.brushElement = make("label", { class: "tool check" }, toggle, "Paint", value);
    return this.brushElement;
  }

  undoTool() {
    this.undoButton = button("Undo", () => this.undo(), { class: "undo", title: "Take the last change back (Ctrl+Z)" });
    return this.undoButton;
  }

  predictTool() {
    const toggle = make("input", { type: "checkbox" });
    toggle.onchange = () => {
      this.pause();
      this.predict.switch(toggle.checked);
      if (toggle.checked) this.step = 0; // from the beginning
      this.redraw();
      this.predict.focus();
    };
    this.predictToggle = toggle;
    this.predictElement = make("label", { class: "tool check" }, toggle, "Predict first");
    return this.predictElement;
  }

  shareTool() {
    const caption = () => this.work.formula.textContent.length < 90 ? this.work.formula.textContent : `${this.work.target(this.step)} = ${written(this.data.trace.steps.totals[this.step], 6)}`;
    const name = () => `${this.data.file ?? "convolution"}-step-${this.step + 1}`;
    this.shareElement = make(
      "span",
      { class: "tool share" },
      (this.copyButton = button("Copy link", () => this.copyLink(), { class: "link" })),
      button("PNG", () => savePng(this.board, caption(), name()), { title: "Save this step as a picture" }),
      button("SVG", () => saveSvg(this.board, caption(), name()), { title: "Save this step as a drawing" }),
      ...Object.entries(DIALOGS).map(([name, [text, title]]) => button(text, () => this.wish({ open: name }), { class: "server", title, "data-open": name, "aria-haspopup": "dialog" })),
    );
    return this.shareElement;
  }

  /** A button says for a moment what it has done; pressed again meanwhile, it begins anew. */
  answer(element, text) {
    const label = (element.dataset.label ??= element.textContent);
    element.textContent = `✓ ${text}`;
    clearTimeout(element.answering);
    element.answering = setTimeout(() => (element.textContent = label), 2000);
  }

  async copyLink() {
    this.writeLink();
    try {
      await navigator.clipboard.writeText(location.href);
      this.say("The link is copied. It opens exactly this: numbers, settings and step.");
      this.answer(this.copyButton, "Copied");
    } catch {
      this.say(`This is the link: ${location.href}`); // no clipboard outside https and localhost
    }
  }

  // What comes from Python --------------------------------------------------------------------

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return; // the page ran again, or the theme changed
    this.text = text;
    this.data = data;
    this.section.setAttribute("aria-label", data.label);
    this.wishes = this.wishes.filter((wish) => wish.number > (data.done?.[this.token] ?? 0));
    this.fields.element.hidden = !data.fields;
    if (data.fields && this.wishes.length === 0) this.fields.show(data);
    this.about.textContent = data.about ?? "";
    this.about.hidden = !data.about;
    this.keys.querySelector(".edits").hidden = this.fixed;
    this.showProblem(data);
    for (const element of [this.stage, this.sizes, this.transport, this.tools, this.shareElement, this.keys]) element.hidden = !data.trace;
    this.brushElement.hidden = this.undoButton.hidden = this.fixed;
    this.undoButton.disabled = !data.undo;
    for (const element of this.shareElement.querySelectorAll(".link, .server")) {
      const open = element.dataset.open;
      element.hidden = this.fixed || Boolean(open && data.dialogs && !data.dialogs.includes(open));
    }
    if (!data.trace) {
      this.pause();
      this.geometry = null;
      this.predict.element.hidden = true;
      this.writeLink();
      return;
    }
    this.showTrace(data);
  }

  showTrace(data) {
    const { trace } = data;
    const geometry = JSON.stringify([trace.source.shape, trace.weight?.shape, trace.result.shape, trace.steps.writes.length]);
    const first = this.geometry === undefined;
    const same = geometry === this.geometry && data.place === this.place;
    this.place = data.place; // another place in the same network begins anew
    const turned = this.board.trace && same && trace.steps.turned !== this.board.steps.turned;
    this.geometry = geometry;
    this.count = trace.steps.writes.length;
    const back = same ? this.board.keep() : null;
    this.board.show(trace, data.values ?? {}, this.digits);
    this.work = trace.weight ? this.works.products : this.works.window;
    this.stage.replaceChildren(this.board.element, this.work.element);
    this.predictElement.hidden = !data.predict;
    if (!same) {
      this.pause();
      this.step = data.start ?? 0;
      this.channel = 0;
      this.detail = null;
      this.predict.reset();
      if (first) this.readLink();
    } else if (this.predict.on) {
      this.predict.known.clear();
    }
    this.predictToggle.checked = this.predict.on;
    this.scrubber.max = this.count;
    this.chooseLevels();
    this.layout();
    this.draw();
    back?.();
    if (turned) this.work.turn();
  }

  showProblem({ problem, notice }) {
    this.problem.hidden = !problem && !notice;
    this.problem.replaceChildren();
    if (notice) this.problem.append(make("p", {}, notice));
    if (!problem) return;
    this.problem.append(make("p", {}, make("strong", {}, "This cannot be: "), problem.says));
    if (problem.repairs.length) {
      this.problem.append(
        make("p", { class: "repairs" }, "What works: ", ...problem.repairs.map(({ label, fields }) => button(label, () => this.wish({ set: fields })))),
      );
    }
  }

  /** Ask Python for a change. Wishes wait until they are seen in an answer, so none is lost. */
  wish(change) {
    if (!change || this.fixed) return;
    this.wished += 1;
    this.wishes.push({ number: this.wished, ...change });
    this.send("wishes", { token: this.token, list: this.wishes });
  }

  edit(part, cells) {
    this.wish({ edit: { part, cells } });
  }

  undo() {
    if (!this.undoButton.disabled) this.wish({ undo: true });
  }

  say(text) {
    this.board.hint.textContent = text;
  }

  focus() {
    this.section.focus({ preventScroll: true });
  }

  // Levels of detail --------------------------------------------------------------------------

  chooseLevels() {
    const { filters, groups, slices, trace } = this.board;
    const there = { layer: filters > 1 || groups < trace.source.shape[0], filter: true, channel: groups > 1, cell: true };
    if (!there[this.detail]) this.detail = there.layer ? "layer" : "filter";
    this.channel = Math.min(this.channel, groups - 1);
    for (const element of this.levels.children) {
      const name = element.dataset.level;
      element.hidden = !there[name];
      element.textContent = trace.levels?.[name] ?? LEVELS[name];
    }
    // Without weights a channel of the input makes one of the output: choose that.
    const names = trace.weight ? slices[0].map((slice) => trace.source.planes[slice.source]) : trace.result.planes;
    this.channels.replaceChildren(...names.map((name, g) => make("option", { value: g }, name)));
  }

  /** Look closer, or from farther away; `filter` moves to the same place in another filter. */
  level(name, channel = this.channel, filter = null) {
    if (name === "channel" && this.board.groups === 1) name = "filter";
    this.detail = name;
    this.channel = channel;
    if (filter !== null) {
      const { perPlane } = this.board.result;
      const inPlane = this.board.steps.writes[this.step] % perPlane;
      this.step = this.board.stepOf.get(filter * perPlane + inPlane);
    }
    this.layout();
    this.draw();
  }

  layout() {
    this.filter = this.board.filterOf(this.step);
    this.board.layout(this.detail, this.filter, this.channel);
    this.work.layout(this.board, this.detail, this.channel);
    for (const element of this.levels.children) element.setAttribute("aria-pressed", String(element.dataset.level === this.detail));
    const byPlane = !this.data.trace.weight;
    this.channels.hidden = byPlane ? this.detail === "layer" || this.board.filters === 1 : this.detail !== "channel";
    this.channels.value = byPlane ? this.filter : this.channel;
    this.section.dataset.level = this.detail;
    this.arrange();
  }

  /** Put the arithmetic beside the board where both fit, else below it. */
  arrange() {
    if (!this.data?.trace || !this.section.clientWidth) return;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.width = this.section.clientWidth - rem / 2; // without its padding, as the observer tells it
    const width = this.width - rem / 2;
    const height = Math.max(Math.min(innerHeight * 0.5, 640), 250);
    this.board.arrange(width, height, rem);
    const columns = this.board.weight ? this.board.window[1] : this.board.window[1] / 2; // one grid, not three
    const rows = this.work.rows.length > 0; // else only sums and the formula
    const work = (rows ? Math.max(26, 3 * columns * 2.1 + 10) : 20) * rem;
    let beside = this.board.boardWidth + work + 3 * rem < width;
    const tight = !beside && rows && this.fitsTight(width, height, rem, columns);
    if (!beside && !tight) this.board.arrange(width, height, rem);
    beside ||= tight;
    this.section.classList.toggle("side", beside);
    this.section.classList.toggle("tight", tight);
    if (this.drawn !== undefined) this.board.drawLines(this.step, this.board.reads(this.step));
  }

  /** Try a smaller board beside narrower arithmetic, as long as it stays readable. */
  fitsTight(width, height, rem, columns) {
    const work = Math.max(22, 3 * columns * 1.7 + 8) * rem;
    this.board.arrange(width - work - 3.5 * rem, height, rem);
    return !this.board.stacked && this.board.cell >= 1.75 * rem && this.board.boardWidth + work + 3 * rem < width;
  }

  // The present step --------------------------------------------------------------------------

  redraw() {
    this.layout();
    this.draw();
  }

  /** Bring the whole picture to the present step; only what changed is touched. */
  draw() {
    if (this.board.filterOf(this.step) !== this.filter && this.detail !== "layer") this.layout();
    const hidden = this.predict.hides(this.step) || this.predict.asksSize;
    const view = { hidden, numbers: this.detail !== "layer" || this.board.groups === 1 };
    this.section.classList.toggle("asks-size", this.predict.asksSize);
    this.sizes.textContent = this.predict.asksSize ? "" : (this.data.sizes ?? "");
    this.board.draw(this.step, this.channel, view);
    this.work.draw(this.step, view);
    this.predict.draw(this.step);
    this.drawTransport(hidden);
    this.drawn = this.step;
    this.linkSoon();
  }

  drawTransport(hidden) {
    const last = this.step === this.count - 1;
    const text = `Step ${this.step + 1} of ${this.predict.asksSize ? "?" : this.count}`;
    this.counter.textContent = text;
    this.scrubber.value = this.step + 1;
    this.scrubber.setAttribute("aria-valuetext", text);
    this.scrubber.disabled = this.predict.asksSize;
    this.buttons.restart.disabled = this.buttons.back.disabled = this.step === 0;
    this.buttons.forward.disabled = last || this.predict.asksSize;
    this.buttons.play.disabled = this.predict.asksSize;
    const playing = this.timer !== null;
    this.buttons.play.replaceChildren(icon(playing ? "pause" : "play"), playing ? "Pause" : last && this.count > 1 ? "Again" : "Play");
    this.buttons.play.setAttribute("aria-pressed", String(playing));
    if (!playing) this.spoken.textContent = this.predict.asksSize ? "How large will the output be?" : this.work.sentence(this.step, hidden);
  }

  go(step) {
    if (this.predict.asksSize) return;
    const focused = this.root.activeElement;
    this.step = Math.min(Math.max(step, 0), this.count - 1);
    this.draw();
    // A button that has just been switched off would drop the focus out of the player.
    if (focused instanceof HTMLButtonElement && focused.disabled) this.focus();
  }

  toggle() {
    if (this.timer !== null) {
      this.pause();
    } else {
      if (this.step === this.count - 1) this.go(0);
      this.schedule();
    }
    this.drawTransport(this.predict.hides(this.step));
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  leave() {
    this.pause();
    clearTimeout(this.linking);
    this.linking = null;
    this.resized.disconnect();
    document.removeEventListener("keydown", this.fromPage);
    window.removeEventListener("hashchange", this.linked);
    if (!this.fixed) history.replaceState(history.state, "", location.pathname + location.search);
  }

  schedule() {
    const byRow = this.speed === "row";
    this.timer = setTimeout(() => {
      this.timer = null;
      const columns = this.board.result.columns;
      const next = byRow ? Math.min((Math.floor(this.step / columns) + 2) * columns, this.count) - 1 : this.step + 1;
      if (next < this.count - 1) this.schedule();
      this.go(next);
    }, byRow ? 1000 : 1000 / Number(this.speed));
  }

  setSpeed(speed) {
    this.speed = String(speed);
    this.speeds.value = this.speed;
    if (this.timer !== null) {
      this.pause();
      this.schedule();
    }
  }

  changeSpeed(by) {
    const place = this.speed === "row" ? 2 : SPEEDS.indexOf(Number(this.speed)) + by;
    this.setSpeed(SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)]);
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own (r, c)
    const undoes = (event.ctrlKey || event.metaKey) && event.key === "z";
    if (event.altKey || ((event.ctrlKey || event.metaKey) && !undoes)) return;
    if (!this.data?.trace && !undoes) return;
    const on = event.target;
    if (on instanceof HTMLSelectElement || (on instanceof HTMLInputElement && on !== this.scrubber)) return;
    if (undoes) {
      event.preventDefault();
      return this.undo();
    }
    const actions = {
      ArrowRight: () => this.go(this.step + 1),
      ArrowLeft: () => this.go(this.step - 1),
      Home: () => this.go(0),
      End: () => this.go(this.count - 1),
      PageDown: () => this.go(this.step + 1), // what a presenter sends
      PageUp: () => this.go(this.step - 1),
      "+": () => this.changeSpeed(1),
      "=": () => this.changeSpeed(1),
      "-": () => this.changeSpeed(-1),
      Escape: () => this.board.pin(null),
    };
    const presses = on instanceof HTMLButtonElement || on.tagName === "SUMMARY" || on.getAttribute?.("role") === "button";
    if (!presses) actions[" "] = () => this.toggle(); // a button presses itself
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  // The link ----------------------------------------------------------------------------------

  /** Step and level stand after the #, which never goes to the server. */
  readLink() {
    if (this.fixed) return;
    const parts = new URLSearchParams(location.hash.slice(1));
    const number = (name) => Math.max(0, Math.floor(Number(parts.get(name))) || 0);
    if (parts.get("predict") === "1" && this.data.predict) this.predict.switch(true);
    this.step = Math.min(Math.max(number("step"), 1), this.count) - 1;
    if (this.predict.on && this.step) this.predict.resume(this.step);
    if (parts.get("level") in LEVELS) this.detail = parts.get("level");
    this.channel = number("channel");
  }

  linkSoon() {
    if (this.fixed || this.linking) return; // browsers limit how often an address may change
    this.linking = setTimeout(() => this.writeLink(), 400);
  }

  writeLink() {
    clearTimeout(this.linking);
    this.linking = null;
    if (this.fixed || !this.data.keys) return;
    const query = new URLSearchParams(location.search);
    for (const name of this.data.keys) query.delete(name);
    for (const [name, value] of Object.entries(this.data.link)) query.set(name, value);
    const hash = new URLSearchParams();
    if (this.data.trace) {
      if (this.step) hash.set("step", this.step + 1);
      if (this.detail !== (this.board.filters > 1 || this.board.groups < this.data.trace.source.shape[0] ? "layer" : "filter")) hash.set("level", this.detail);
      if (this.detail === "channel") hash.set("channel", this.channel);
      if (this.predict.on) hash.set("predict", "1");
    }
    const text = `${location.pathname}${query.size ? `?${query}` : ""}${hash.size ? `#${hash}` : ""}`;
    history.replaceState(history.state, "", text);
  }
}
