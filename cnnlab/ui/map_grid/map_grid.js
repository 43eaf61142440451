// Feature maps as a grid of small pictures, and one map large with its exact numbers.
// Some mounts carry numbers or a picture (sent once each), others draw them. Python hears of the
// chosen cell: [number of the map, row, column].

const STORE = new Map(); // digest -> what was carried, newest last
const VIEWS = new Map(); // place on the page -> Grid or One, kept through reruns
const STEPS = 254; // codes go from 0 to this
const REST = 250; // ms after the last key until Python hears of it

export default function mount({ data, parentElement, setTriggerValue }) {
  const read = { codes: () => bytes(data.values), floats: () => new Float32Array(bytes(data.values).buffer), photo: () => data.src };
  if (read[data.kind]) {
    STORE.delete(data.digest);
    STORE.set(data.digest, { shape: data.shape, values: read[data.kind]() });
    if (STORE.size > 12) STORE.delete(STORE.keys().next().value);
    for (const view of VIEWS.values()) view.arrived();
    return undefined;
  }
  let view = VIEWS.get(parentElement);
  if (!view) {
    view = data.kind === "grid" ? new Grid(parentElement) : new One(parentElement);
    VIEWS.set(parentElement, view);
  }
  view.tell = (cell) => setTriggerValue("cell", cell);
  view.show(data);
  return () => {
    clearTimeout(view.soon);
    VIEWS.delete(parentElement);
  };
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

const minus = (text) => text.replace("-", "−");

/** A number with four digits that matter. */
function short(value) {
  if (value === 0) return "0";
  const text = Math.abs(value) >= 1e5 || Math.abs(value) < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  return minus(text);
}

/** The shortest text that means exactly this 32-bit number, as NumPy writes it. */
function exact(value) {
  for (let digits = 1; digits <= 9; digits += 1) {
    if (Math.fround(Number(value.toPrecision(digits))) === value) return minus(String(Number(value.toPrecision(digits))));
  }
  return minus(String(value));
}

/** Put one pixel for each code on a canvas. */
function paint(canvas, codes, [rows, columns, depth], colours) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let cell = 0; cell < rows * columns; cell += 1) {
    for (let part = 0; part < 3; part += 1) {
      // Of three parts each is a colour of its own; of one, the palette says its colour.
      image.data[4 * cell + part] = depth === 3 ? Math.round((codes[3 * cell + part] / STEPS) * 255) : colours[3 * codes[cell] + part];
    }
    image.data[4 * cell + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Streamlit's own keys, r and c, must not fire while a part of the component has the focus. */
function keepLetters(event) {
  if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) event.stopPropagation();
}

class Grid {
  constructor(root) {
    this.says = make("p", "says");
    this.says.setAttribute("aria-live", "polite");
    this.body = make("div");
    this.root = make("section", "maps", this.body, this.says);
    this.root.onkeydown = (event) => this.pressed(event);
    root.append(this.root);
  }

  show(data) {
    this.data = data;
    this.arrived();
  }

  arrived() {
    const found = this.data && STORE.get(this.data.digest);
    if (!found) return;
    const drawn = JSON.stringify([this.data.digest, this.data.tiles, this.data.palette.length]) + this.data.palette.slice(0, 8);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      const [n, rows, columns, depth] = found.shape;
      this.shape = [rows, columns, depth];
      this.size = rows * columns * depth;
      this.codes = found.values;
      this.colours = bytes(this.data.palette);
      this.root.setAttribute("aria-label", this.data.label);
      this.says.textContent = "";
      if (rows * columns === 1 && depth === 1) this.drawSquares(n);
      else this.drawTiles(n);
    }
    this.mark();
  }

  /** The value of a cell, to half a step of the colour scale. */
  value(place, row, column) {
    const [, , low, high] = this.data.tiles[place];
    const [, columns, depth] = this.shape;
    const at = place * this.size + (row * columns + column) * depth;
    return [...this.codes.subarray(at, at + depth)].map((code) => low + (code / STEPS) * (high - low));
  }

  tellValue(place, row, column) {
    const number = this.data.tiles[place][0];
    const values = this.value(place, row, column).map((value) => `${value === 0 ? "" : "about "}${short(value)}`);
    const where = this.shape[0] * this.shape[1] === 1 ? "" : `, row ${row}, column ${column}`;
    const what = values.length === 3 ? `red ${values[0]}, green ${values[1]}, blue ${values[2]}` : values[0];
    this.says.textContent = `${this.data.noun} ${number}${where}: ${what}`;
  }

  // Maps with an extent: a small picture each --------------------------------------------------

  drawTiles(n) {
    this.squares = null;
    this.tiles = [];
    for (let place = 0; place < n; place += 1) {
      const [number, note] = this.data.tiles[place];
      const canvas = make("canvas");
      paint(canvas, this.codes.subarray(place * this.size, (place + 1) * this.size), this.shape, this.colours);
      const made = make("button", "", canvas, make("span", "number", String(number)), make("span", "note", note));
      made.type = "button";
      made.setAttribute("aria-label", `${this.data.noun} ${number}, ${note}`);
      canvas.onpointermove = (event) => this.tellValue(place, ...this.cellAt(canvas, event));
      canvas.onclick = (event) => this.choose(place, ...this.cellAt(canvas, event));
      made.onclick = (event) => event.target === canvas || this.choose(place, this.data.selected[1], this.data.selected[2]);
      made.onfocus = () => this.tellValue(place, ...this.chosenCell());
      this.tiles.push(made);
    }
    const list = make("div", "tiles", ...this.tiles);
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", this.data.label);
    this.body.replaceChildren(list);
  }

  cellAt(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const [rows, columns] = this.shape;
    return [
      clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1),
      clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), 0, columns - 1),
    ];
  }

  chosenCell() {
    return [clamp(this.data.selected[1], 0, this.shape[0] - 1), clamp(this.data.selected[2], 0, this.shape[1] - 1)];
  }

  choose(place, row, column) {
    this.data.selected = [this.data.tiles[place][0], row, column];
    this.mark();
    this.tellValue(place, ...this.chosenCell());
    this.tell(this.data.selected);
  }

  // Maps of one cell each: squares in rows -----------------------------------------------------

  drawSquares(n) {
    this.tiles = [];
    const columns = Math.min(n, 32), rows = Math.ceil(n / columns);
    const canvas = make("canvas");
    const codes = new Uint8Array(rows * columns);
    codes.set(this.codes.subarray(0, n));
    paint(canvas, codes, [rows, columns, 1], this.colours);
    const image = canvas.getContext("2d");
    for (let rest = n; rest < rows * columns; rest += 1) image.clearRect(rest % columns, Math.floor(rest / columns), 1, 1);
    const cursor = make("div", "mark");
    const box = make("div", "squares", canvas, cursor);
    box.tabIndex = 0;
    box.style.maxWidth = `${Math.min(40, columns * 2.2)}rem`;
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", `${this.data.label}. Arrow keys choose a square.`);
    this.squares = { n, rows, columns, box, canvas, cursor };
    const at = (event) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const column = clamp(Math.floor(((event.clientX - left) / width) * columns), 0, columns - 1);
      return Math.min(n - 1, clamp(Math.floor(((event.clientY - top) / height) * rows), 0, rows - 1) * columns + column);
    };
    canvas.onpointermove = (event) => this.tellValue(at(event), 0, 0);
    canvas.onclick = (event) => this.choose(at(event), 0, 0);
    this.body.replaceChildren(box);
  }

  // Both ---------------------------------------------------------------------------------------

  mark() {
    const [number] = this.data.selected;
    const place = this.data.tiles.findIndex((tile) => tile[0] === number);
    this.tiles.forEach((tile, at) => {
      if (at === place) tile.setAttribute("aria-current", "true");
      else tile.removeAttribute("aria-current");
      tile.tabIndex = at === Math.max(place, 0) ? 0 : -1;
    });
    if (!this.squares) return;
    const { cursor, rows, columns } = this.squares;
    cursor.hidden = place < 0;
    cursor.style.display = place < 0 ? "none" : "";
    Object.assign(cursor.style, {
      left: `${((place % columns) / columns) * 100}%`,
      top: `${(Math.floor(place / columns) / rows) * 100}%`,
      width: `${100 / columns}%`,
      height: `${100 / rows}%`,
    });
  }

  pressed(event) {
    keepLetters(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tiles = this.tiles;
    const across = this.squares?.columns ?? getComputedStyle(this.body.firstChild).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across, Home: -1e6, End: 1e6 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.squares) {
      const here = this.data.tiles.findIndex((tile) => tile[0] === this.data.selected[0]);
      const to = clamp(Math.max(here, 0) + step, 0, this.squares.n - 1);
      this.data.selected = [this.data.tiles[to][0], 0, 0];
      this.mark();
      this.tellValue(to, 0, 0);
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.tell(this.data.selected), REST);
      return;
    }
    const here = tiles.indexOf(event.target.closest("button"));
    if (here < 0) return;
    const next = tiles[clamp(here + step, 0, tiles.length - 1)];
    for (const tile of tiles) tile.tabIndex = tile === next ? 0 : -1;
    next.focus();
  }
}

class One {
  constructor(root) {
    this.canvas = make("canvas");
    this.cursor = make("div", "mark");
    this.stage = make("div", "stage", this.canvas, this.cursor);
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.mapWords = make("p", "caption");
    this.image = make("img");
    this.image.onload = () => this.image.classList.toggle("small", this.image.naturalWidth <= 64); // pixels that count
    this.frame = make("div", "mark");
    this.photo = make("div", "photo", this.image, this.frame);
    this.photoWords = make("p", "caption");
    this.says = make("p", "says");
    this.says.setAttribute("aria-live", "polite");
    this.root = make("section", "one", make("div", "", this.stage, this.mapWords), make("div", "", this.photo, this.photoWords), this.says);
    this.root.onkeydown = (event) => this.pressed(event);
    root.append(this.root);
    this.pending = []; // cells that Python was told of and has not answered yet
    this.stage.onclick = (event) => this.choose(...this.cellAt(event));
    this.stage.onpointermove = (event) => this.tellValue(this.cellAt(event));
    this.stage.onpointerleave = () => this.tellValue();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.stage);
  }

  show(data) {
    const given = JSON.stringify([data.number, data.row, data.column]);
    const answered = this.pending.indexOf(given);
    if (answered >= 0) this.pending.splice(0, answered + 1);
    else if (given !== this.given) this.pending = [];
    this.given = given;
    this.data = data;
    if (!this.pending.length) [this.row, this.column] = [data.row, data.column];
    this.arrived();
  }

  arrived() {
    if (!this.data) return;
    const numbers = STORE.get(this.data.digest), photo = STORE.get(this.data.photo);
    if (photo && this.image.src !== photo.values) this.image.src = photo.values;
    this.image.alt = this.data.alt;
    if (!numbers) return;
    this.numbers = numbers;
    this.colours = bytes(this.data.palette);
    this.root.setAttribute("aria-label", this.data.label);
    this.draw();
  }

  draw() {
    if (!this.numbers || !this.stage.clientWidth) return;
    const { low, high } = this.data;
    const [rows, columns] = this.numbers.shape;
    const { values } = this.numbers;
    const codes = new Uint8Array(rows * columns);
    if (high > low) for (let at = 0; at < codes.length; at += 1) codes[at] = clamp(Math.round(((values[at] - low) / (high - low)) * STEPS), 0, STEPS);
    const small = make("canvas");
    paint(small, codes, [rows, columns, 1], this.colours);
    // Large enough to print numbers into the cells of a small map, and sharp.
    const sharp = window.devicePixelRatio || 1, width = Math.round(this.stage.clientWidth * sharp);
    const cell = width / columns;
    this.canvas.width = width;
    this.canvas.height = Math.round(cell * rows);
    const ink = this.canvas.getContext("2d");
    ink.imageSmoothingEnabled = false;
    ink.drawImage(small, 0, 0, this.canvas.width, this.canvas.height);
    if (cell / sharp >= 36) this.print(ink, cell, codes, sharp);
    this.move();
  }

  /** Write each number into its cell. */
  print(ink, cell, codes, sharp) {
    const [rows, columns] = this.numbers.shape;
    ink.font = `${Math.min(14 * sharp, cell / 3.6)}px ${getComputedStyle(this.root).fontFamily}`;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    for (let at = 0; at < rows * columns; at += 1) {
      const [red, green, blue] = this.colours.subarray(3 * codes[at], 3 * codes[at] + 3);
      ink.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 140 ? "#000" : "#fff";
      const value = this.numbers.values[at];
      const text = value === 0 ? "0" : minus(value.toPrecision(Math.abs(value) >= 100 ? 3 : 2));
      ink.fillText(text, ((at % columns) + 0.5) * cell, (Math.floor(at / columns) + 0.5) * cell);
    }
  }

  move() {
    const [rows, columns] = this.numbers.shape;
    [this.row, this.column] = [clamp(this.row, 0, rows - 1), clamp(this.column, 0, columns - 1)];
    const place = (mark, left, top, width, height) => Object.assign(mark.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * width}%`, height: `${100 * height}%` });
    place(this.cursor, this.column / columns, this.row / rows, 1 / columns, 1 / rows);
    // A cell too small to be seen gets a frame around it.
    const cell = this.stage.clientWidth / columns;
    this.cursor.style.margin = cell < 9 ? "-4px" : "";
    this.cursor.style.padding = cell < 9 ? "4px" : "";
    const { field } = this.data;
    this.frame.style.display = field ? "" : "none";
    if (field) {
      const [top, left] = [this.row, this.column].map((at, axis) => field.start[axis] + at * field.jump[axis]);
      const [height, width] = field.side;
      place(this.frame, left / width, top / height, field.size[1] / width, field.size[0] / height);
    }
    this.photoWords.textContent = this.data.says;
    this.mapWords.textContent = this.data.range;
    this.stage.setAttribute("aria-label", `${this.data.label}. Chosen: row ${this.row}, column ${this.column}. Arrow keys move, page up and page down change the map.`);
    this.tellValue();
  }

  tellValue(hover) {
    if (!this.numbers) return;
    const columns = this.numbers.shape[1];
    const value = (row, column) => this.numbers.values[row * columns + column];
    const { number, noun, index } = this.data;
    const token = 1 + this.row * columns + this.column;
    const where = index.replace("{c}", number).replace("{r}", this.row).replace("{k}", this.column).replace("{t}", token);
    const there = hover ? `under the pointer, row ${hover[0]}, column ${hover[1]}: ${exact(value(...hover))}` : "\u00a0";
    this.says.replaceChildren(
      `${noun} ${number}, row ${this.row}, column ${this.column}: ${exact(value(this.row, this.column))}`,
      make("span", "index", where),
      make("span", "there", there),
    );
  }

  cellAt(event) {
    const box = this.stage.getBoundingClientRect();
    const [rows, columns] = this.numbers.shape;
    return [
      clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1),
      clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), 0, columns - 1),
    ];
  }

  choose(row, column) {
    [this.row, this.column] = [row, column];
    this.move();
    this.report(this.data.number);
  }

  report(number) {
    const cell = [number, this.row, this.column], written = JSON.stringify(cell);
    if (written === (this.pending.at(-1) ?? this.given)) return;
    this.pending.push(written);
    this.tell(cell);
  }

  pressed(event) {
    keepLetters(event);
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.stage) return;
    const [rows, columns] = this.numbers.shape;
    const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const turn = { PageDown: 1, PageUp: -1 }[event.key];
    if (!steps && !turn) return;
    event.preventDefault();
    event.stopPropagation();
    if (turn) return this.report(clamp(this.data.number + turn, 0, this.data.last));
    [this.row, this.column] = [clamp(this.row + steps[0], 0, rows - 1), clamp(this.column + steps[1], 0, columns - 1)];
    this.move();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.report(this.data.number), REST);
  }
}
