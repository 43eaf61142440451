// A picture to zoom into until each pixel is a cell with its numbers.
// One mount carries the numbers (sent once for each picture), another one draws them. Places are in
// pixels of the picture; Python hears of the chosen pixel, zoom and channel when they come to rest.

const store = new Map(); // digest -> numbers, newest last
const views = new Map(); // place on the page -> View, kept through reruns

export default function mount({ data, parentElement, setTriggerValue }) {
  if (data.pixels) {
    keep(data.pixels);
    return undefined;
  }
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
  return () => {
    view.stop();
    views.delete(parentElement);
  };
}

/** Decode the numbers of a picture and show them where they are waited for. */
function keep({ digest, height, width, channels, values }) {
  if (!store.has(digest)) {
    const bytes = Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0));
    store.set(digest, { height, width, channels, values: bytes });
    if (store.size > 3) store.delete(store.keys().next().value);
  }
  for (const view of views.values()) view.arrived(digest);
}

const REST = 400; // ms after the last move until Python hears of it
const FEWEST = 3; // columns in sight at the largest zoom
const NAMES = ["red", "green", "blue"];
const MARGIN = { left: 34, top: 22 }; // room for the numbers of rows and columns, set by resized()
/** Whether black reads better than white on a colour: contrast as WCAG 2 defines it. */
function blackReads([red, green, blue]) {
  const linear = (part) => (part <= 10.31 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) > 0.179;
}

class View {
  constructor(root) {
    this.canvas = make("canvas", "");
    this.stage = make("div", "stage", this.canvas);
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.swatch = make("span", "swatch");
    this.words = make("span", "words");
    this.says = make("p", "says", this.swatch, this.words);
    this.says.setAttribute("aria-live", "polite");
    this.minus = button("−", "Zoom out", () => this.zoom(1.6, { smooth: true }));
    this.plus = button("+", "Zoom in", () => this.zoom(1 / 1.6, { smooth: true }));
    this.read = button("Read the numbers", "", () => this.toNumbers());
    this.read.classList.add("read");
    this.all = button("Whole picture", "", () => this.go({ across: this.fit }, { smooth: true }));
    this.bar = make("div", "bar", this.read, this.plus, this.minus, this.all);
    this.channels = make("div", "channels");
    this.channels.setAttribute("role", "group");
    this.channels.setAttribute("aria-label", "Channels");
    this.buttons = [-1, 0, 1, 2].map((channel) => {
      const made = button("", "", () => this.choose(channel));
      made.append(make("canvas", ""), make("span", ""));
      made.lastChild.textContent = channel < 0 ? "all channels" : NAMES[channel];
      this.channels.append(made);
      return made;
    });
    this.root = make("section", "pixel-view", make("div", "main", this.stage, this.says, this.bar), this.channels);
    this.root.setAttribute("aria-label", "The pixels of a picture");
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
    this.pending = []; // views that Python was told of and has not answered yet
    this.pointers = new Map();
    this.listen();
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.stage);
  }

  stop() {
    this.observer.disconnect();
    clearTimeout(this.soon);
    cancelAnimationFrame(this.frame);
  }

  // What Python sends ------------------------------------------------------------------------

  show(data) {
    const given = JSON.stringify([data.digest, data.row, data.column, data.across, data.channel]);
    const answered = this.pending.indexOf(given);
    const other = given !== this.given && answered < 0;
    if (answered >= 0) this.pending.splice(0, answered + 1);
    else if (other) this.pending = [];
    this.given = given;
    this.data = data;
    this.jump ||= other; // it may have to wait for the numbers
    this.arrived(data.digest);
  }

  /** The numbers of a picture are here; draw them if they are the ones to show. */
  arrived(digest) {
    if (this.data?.digest !== digest || !store.has(digest)) return;
    const fresh = this.pixels !== store.get(digest);
    this.pixels = store.get(digest);
    const { width, height, channels } = this.pixels;
    this.root.classList.toggle("single", channels === 1);
    this.channels.hidden = channels === 1;
    const ratio = clamp(width / height, 0.75, 2.2);
    this.stage.style.aspectRatio = `${ratio}`;
    this.stage.style.maxWidth = `calc(70vh * ${ratio})`;
    if (fresh || this.tinted !== this.data.tinted) this.paint();
    this.resized();
  }

  /** Make a small picture of all channels and of each alone; the large one is drawn from them. */
  paint() {
    const { width, height, channels, values } = this.pixels;
    this.tinted = this.data.tinted;
    this.pictures = this.buttons.map((made, place) => {
      const channel = place - 1;
      const picture = made.querySelector("canvas");
      picture.width = width;
      picture.height = height;
      const image = new ImageData(width, height);
      for (let pixel = 0; pixel < width * height; pixel++) {
        const own = values.subarray(pixel * channels, (pixel + 1) * channels);
        const [red, green, blue] = this.colour(own, channel);
        image.data.set([red, green, blue, 255], 4 * pixel);
      }
      picture.getContext("2d").putImageData(image, 0, 0);
      return picture;
    });
  }

  /** The colour in which a pixel is drawn when only one channel, or all, are shown. */
  colour(own, channel) {
    if (own.length === 1) return [own[0], own[0], own[0]];
    if (channel < 0) return own;
    const value = own[channel];
    return this.tinted ? [0, 1, 2].map((other) => (other === channel ? value : 0)) : [value, value, value];
  }

  get channel() {
    return this.pixels.channels === 1 ? -1 : this.shown ?? -1;
  }

  // Zoom and place ---------------------------------------------------------------------------

  resized() {
    if (!this.pixels) return;
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth) return;
    const { width, height } = this.pixels;
    const whole = this.across === undefined || this.across >= this.fit;
    this.letter = Math.max(12, 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize));
    Object.assign(MARGIN, { left: 2.8 * this.letter, top: 1.8 * this.letter });
    this.room = { width: clientWidth - MARGIN.left, height: clientHeight - MARGIN.top };
    this.fit = Math.max(width, (height * this.room.width) / this.room.height);
    const sharp = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(clientWidth * sharp);
    this.canvas.height = Math.round(clientHeight * sharp);
    if (whole) this.across = this.fit;
    if (this.jump) {
      this.jump = false;
      const { row, column, across, channel } = this.data;
      [this.row, this.column, this.shown] = [clamp(row, 0, height - 1), clamp(column, 0, width - 1), channel];
      this.across = across >= width ? this.fit : across;
      // Whole columns from edge to edge, the chosen one in the middle.
      [this.x, this.y] = [Math.floor(this.column + 1 - this.across / 2) + this.across / 2, this.row + 0.5];
    }
    this.settleView();
    this.draw();
  }

  /** Keep the view inside the picture. */
  settleView() {
    const { width, height } = this.pixels;
    this.across = clamp(this.across, Math.min(FEWEST, this.fit), this.fit);
    const [wide, high] = [this.across / 2, (this.across * this.room.height) / this.room.width / 2];
    this.x = 2 * wide >= width ? width / 2 : clamp(this.x, wide, width - wide);
    this.y = 2 * high >= height ? height / 2 : clamp(this.y, high, height - high);
  }

  get scale() {
    return this.room.width / this.across; // CSS pixels for each pixel of the picture
  }

  /** The place of the picture's upper left corner on the canvas. */
  get origin() {
    return [
      MARGIN.left + this.room.width / 2 - this.x * this.scale,
      MARGIN.top + this.room.height / 2 - this.y * this.scale,
    ];
  }

  /** The point of the picture under the pointer. */
  point(event) {
    const box = this.stage.getBoundingClientRect();
    const [left, top] = this.origin;
    return [(event.clientX - box.left - left) / this.scale, (event.clientY - box.top - top) / this.scale];
  }

  /** Zoom by a factor; what lies under `at` stays where it is. */
  zoom(factor, { at, smooth = false } = {}) {
    const across = clamp(this.across * factor, FEWEST, this.fit);
    const [x, y] = at ?? [this.column + 0.5, this.row + 0.5];
    const share = at ? across / this.across : 0; // the buttons zoom to the chosen pixel
    const from = at ? [this.x - x, this.y - y] : [0, 0];
    this.go({ across, x: x + from[0] * share, y: y + from[1] * share }, { smooth });
  }

  toNumbers() {
    const cell = this.cellForNumbers + 12;
    const across = Math.max(FEWEST, Math.min(this.room.width / cell, this.fit));
    this.go({ across, x: this.column + 0.5, y: this.row + 0.5 }, { smooth: true });
  }

  /** Go to another view; `smooth` for jumps that one should be able to follow. */
  go({ across = this.across, x = this.x, y = this.y }, { smooth = false } = {}) {
    cancelAnimationFrame(this.frame);
    const from = [this.across, this.x, this.y];
    const still = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const start = performance.now();
    const step = (now) => {
      const part = still ? 1 : clamp((now - start) / 380, 0, 1);
      const eased = part * (2 - part);
      this.across = from[0] * (across / from[0]) ** eased;
      // The place moves as the zoom does, so that the target comes nearer on a straight way.
      const left = part === 1 ? 0 : across === from[0] ? 1 - eased : (this.across - across) / (from[0] - across);
      this.x = x + (from[1] - x) * left;
      this.y = y + (from[2] - y) * left;
      this.settleView();
      if (part === 1) this.keepChosenInSight();
      this.draw();
      if (part < 1) this.frame = requestAnimationFrame(step);
    };
    step(start);
    this.rest();
  }

  /** After the view has moved away from the chosen pixel, the one in its middle is chosen. */
  keepChosenInSight() {
    const high = (this.across * this.room.height) / this.room.width;
    const away = Math.abs(this.column + 0.5 - this.x) > this.across / 2 || Math.abs(this.row + 0.5 - this.y) > high / 2;
    if (away) this.pick(this.x, this.y);
  }

  pick(x, y) {
    const { width, height } = this.pixels;
    [this.column, this.row] = [clamp(Math.floor(x), 0, width - 1), clamp(Math.floor(y), 0, height - 1)];
  }

  choose(channel) {
    this.shown = channel;
    this.draw();
    this.rest();
  }

  /** Choose the pixel some steps away; the view follows. */
  walk(columns, rows) {
    this.hover = null;
    this.pick(this.column + columns, this.row + rows);
    const high = (this.across * this.room.height) / this.room.width;
    const near = (chosen, middle, span) => clamp(middle, chosen + 1 - span / 2, chosen + span / 2);
    this.go({ x: near(this.column, this.x, this.across), y: near(this.row, this.y, high) });
  }

  rest() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.settle(), REST);
  }

  settle() {
    const { digest } = this.data;
    const across = this.across >= this.fit * 0.999 ? this.data.most : Math.max(FEWEST, Math.round(this.across));
    const { row, column } = this;
    const channel = this.shown ?? -1;
    const written = JSON.stringify([digest, row, column, across, channel]);
    if (written === (this.pending.at(-1) ?? this.given)) return;
    this.pending.push(written);
    this.tell("rest", { row, column, across, channel });
  }

  // Hands ------------------------------------------------------------------------------------

  listen() {
    const { stage } = this;
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.onpointerdown = (event) => this.press(event);
    stage.onpointermove = (event) => this.move(event);
    stage.onpointerup = (event) => this.release(event);
    stage.onpointercancel = (event) => this.release(event, { cancelled: true });
    stage.onpointerleave = () => {
      this.hover = null;
      if (this.pixels) this.draw();
    };
    stage.ondblclick = (event) => this.zoom(0.4, { at: this.point(event), smooth: true });
  }

  /** The wheel zooms; where the whole picture is in sight, turning it back scrolls the page. */
  wheel(event) {
    if (!this.pixels || (event.deltaY > 0 && this.across >= this.fit * 0.999)) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0018; // a pinch on a touch pad comes as a wheel with Ctrl
    this.zoom(Math.exp(clamp(event.deltaY * lines, -240, 240) * speed), { at: this.point(event) });
    this.hovered(event);
  }

  press(event) {
    if (!this.pixels || event.button > 0) return;
    cancelAnimationFrame(this.frame);
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    this.moved = this.pointers.size > 1;
    this.from = [event.clientX, event.clientY];
  }

  move(event) {
    if (!this.pixels) return;
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hovered(event);
      return;
    }
    if (this.pointers.size === 2) this.pinch(before, event);
    else {
      this.moved ||= Math.hypot(event.clientX - this.from[0], event.clientY - this.from[1]) > 5;
      if (!this.moved) return;
      this.stage.classList.add("held");
      this.hover = null;
      const by = [before.clientX - event.clientX, before.clientY - event.clientY].map((shift) => shift / this.scale);
      this.go({ x: this.x + by[0], y: this.y + by[1] });
    }
    this.pointers.set(event.pointerId, event);
  }

  pinch(before, event) {
    const other = [...this.pointers.values()].find((held) => held.pointerId !== event.pointerId);
    const apart = (one) => Math.max(12, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    this.zoom(apart(before) / apart(event), { at: this.point(middle) });
    const by = [before.clientX - event.clientX, before.clientY - event.clientY].map((shift) => shift / 2 / this.scale);
    this.go({ x: this.x + by[0], y: this.y + by[1] });
  }

  release(event, { cancelled = false } = {}) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.stage.classList.remove("held");
    if (this.pointers.size) {
      this.moved = true;
      return;
    }
    if (this.moved || cancelled) return;
    this.pick(...this.point(event));
    this.hover = null;
    this.stage.focus({ preventScroll: true });
    this.draw();
    this.rest();
  }

  hovered(event) {
    if (event.pointerType === "touch") return;
    const [x, y] = this.point(event).map(Math.floor);
    const { width, height } = this.pixels;
    this.hover = x >= 0 && y >= 0 && x < width && y < height ? [y, x] : null;
    this.draw();
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.target !== this.stage || !this.pixels || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = event.shiftKey ? 10 : 1;
    const actions = {
      ArrowLeft: () => this.walk(-by, 0),
      ArrowRight: () => this.walk(by, 0),
      ArrowUp: () => this.walk(0, -by),
      ArrowDown: () => this.walk(0, by),
      "+": () => this.zoom(1 / 1.6, { smooth: true }),
      "=": () => this.zoom(1 / 1.6, { smooth: true }),
      "-": () => this.zoom(1.6, { smooth: true }),
      0: () => this.go({ across: this.fit }, { smooth: true }),
      Home: () => this.go({ across: this.fit }, { smooth: true }),
      Enter: () => this.toNumbers(),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  // Drawing ----------------------------------------------------------------------------------

  get numbersInCell() {
    return this.pixels.channels === 1 || this.channel >= 0 ? 1 : 3;
  }

  /** The least side of a cell that has room for its numbers, in CSS pixels. */
  get cellForNumbers() {
    return (this.numbersInCell === 1 ? 28 : 40) + (this.data.unit === "float" ? 8 : 0);
  }

  values(row, column) {
    const { width, channels, values } = this.pixels;
    const start = (row * width + column) * channels;
    return values.subarray(start, start + channels);
  }

  written(value, digits = 3) {
    return this.data.unit === "float" ? (value / 255).toFixed(digits) : `${value}`;
  }

  draw() {
    const { width, height, channels } = this.pixels;
    const sharp = window.devicePixelRatio || 1;
    const pen = this.canvas.getContext("2d");
    const { scale } = this;
    const [left, top] = this.origin;
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, this.stage.clientWidth, this.stage.clientHeight);
    pen.save();
    pen.beginPath();
    pen.rect(MARGIN.left, MARGIN.top, this.room.width, this.room.height);
    pen.clip();
    pen.imageSmoothingEnabled = scale * sharp < 1;
    pen.drawImage(this.pictures[this.channel + 1], left, top, width * scale, height * scale);
    const seen = {
      left: Math.max(0, Math.floor((MARGIN.left - left) / scale)),
      top: Math.max(0, Math.floor((MARGIN.top - top) / scale)),
      right: Math.min(width, Math.ceil((MARGIN.left + this.room.width - left) / scale)),
      bottom: Math.min(height, Math.ceil((MARGIN.top + this.room.height - top) / scale)),
    };
    if (scale >= 10) this.drawGrid(pen, seen);
    if (scale >= this.cellForNumbers) this.drawNumbers(pen, seen);
    if (this.hover && scale >= 5) this.drawFrame(pen, this.hover, false);
    this.drawFrame(pen, [this.row, this.column], true);
    pen.restore();
    this.drawRulers(pen, seen);
    this.speak(channels);
  }

  drawGrid(pen, seen) {
    const { scale } = this;
    const [left, top] = this.origin;
    pen.strokeStyle = "rgb(128 128 128 / 55%)";
    pen.lineWidth = 1;
    pen.beginPath();
    for (let column = seen.left; column <= seen.right; column++) {
      pen.moveTo(left + column * scale, top + seen.top * scale);
      pen.lineTo(left + column * scale, top + seen.bottom * scale);
    }
    for (let row = seen.top; row <= seen.bottom; row++) {
      pen.moveTo(left + seen.left * scale, top + row * scale);
      pen.lineTo(left + seen.right * scale, top + row * scale);
    }
    pen.stroke();
  }

  drawNumbers(pen, seen) {
    const { scale } = this;
    const [left, top] = this.origin;
    const three = this.numbersInCell === 3;
    const lettered = three && scale >= (this.data.unit === "float" ? 64 : 50);
    const size = clamp(three ? scale * 0.24 : scale * 0.34, 10, 26);
    pen.font = `600 ${size}px ${getComputedStyle(this.root).fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let row = seen.top; row < seen.bottom; row++) {
      for (let column = seen.left; column < seen.right; column++) {
        const own = this.values(row, column);
        const said = three ? [...own] : [own[Math.max(0, this.channel)]];
        pen.fillStyle = blackReads(this.colour(own, this.channel)) ? "#000" : "#fff";
        said.forEach((value, line) => {
          const text = this.written(value, scale >= 90 ? 3 : 2);
          const y = top + (row + 0.5) * scale + (line - (said.length - 1) / 2) * size * 1.22;
          pen.fillText(lettered ? `${"RGB"[line]} ${text}` : text, left + (column + 0.5) * scale, y);
        });
      }
    }
  }

  /** A frame around a pixel, light and dark at once, so that it is seen on every colour. */
  drawFrame(pen, [row, column], chosen) {
    const [left, top] = this.origin;
    const side = Math.max(this.scale, chosen ? 9 : 0);
    const x = left + (column + 0.5) * this.scale - side / 2;
    const y = top + (row + 0.5) * this.scale - side / 2;
    for (const [colour, line] of chosen ? [["#fff", 6], ["#9e1c86", 3]] : [["#fff", 4], ["#000", 1.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = line;
      pen.strokeRect(x, y, side, side);
    }
  }

  /** The numbers of rows and columns along the edges, as many as there is room for. */
  drawRulers(pen, seen) {
    const { scale } = this;
    const [left, top] = this.origin;
    const step = (room) => [1, 2, 5, 10, 20, 50, 100, 200].find((count) => count * scale >= room) ?? 500;
    const style = getComputedStyle(this.root);
    pen.font = `${this.letter}px ${style.fontFamily}`;
    pen.fillStyle = style.color;
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    const columns = step(2.8 * this.letter);
    for (let column = Math.ceil(seen.left / columns) * columns; column < seen.right; column += columns) {
      const x = left + (column + 0.5) * scale;
      if (x > MARGIN.left + 6 && x < MARGIN.left + this.room.width - 8) pen.fillText(column, x, MARGIN.top / 2);
    }
    pen.textAlign = "right";
    const rows = step(1.8 * this.letter);
    for (let row = Math.ceil(seen.top / rows) * rows; row < seen.bottom; row += rows) {
      const y = top + (row + 0.5) * scale;
      if (y > MARGIN.top + 4 && y < MARGIN.top + this.room.height - 6) pen.fillText(row, MARGIN.left - 6, y);
    }
  }

  speak(channels) {
    const [row, column] = this.hover ?? [this.row, this.column];
    const own = this.values(row, column);
    const parts = channels === 1 ? [`grey ${this.written(own[0])}`] : NAMES.map((name, c) => `${name} ${this.written(own[c])}`);
    const words = `Row ${row}, column ${column}: ${parts.join(", ")}`;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.swatch.style.background = `rgb(${this.colour(own, -1).join(" ")})`;
    this.stage.classList.toggle("whole", this.across >= this.fit * 0.999);
    // Not `disabled`: a button that has the focus would lose it.
    for (const made of [this.minus, this.all]) made.setAttribute("aria-disabled", this.across >= this.fit * 0.999);
    this.plus.setAttribute("aria-disabled", this.across <= FEWEST * 1.001);
    this.buttons.forEach((made, place) => made.setAttribute("aria-pressed", place - 1 === this.channel));
    this.stage.dataset.across = this.across.toFixed(2);
    this.stage.setAttribute(
      "aria-label",
      `${this.data.alt} ${this.pixels.height} rows and ${this.pixels.width} columns of pixels. Arrows choose a ` +
        "pixel, with shift ten further; plus and minus zoom; Enter zooms to the numbers; 0 shows the whole picture.",
    );
  }
}
