// A feature map whose cells can be chosen, and what the chosen one sees of the picture.
// Cell and frame move at once, in the browser; Python hears of the cell when it has come to rest.

const pickers = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement, setStateValue }) {
  let picker = pickers.get(parentElement);
  if (!picker) pickers.set(parentElement, (picker = new Picker(parentElement)));
  picker.send = setStateValue;
  picker.show(data);
  return () => picker.leave();
}

const REST = 350; // ms without a move until Python hears of the cell
const QUIET = 300; // ms until the address is written; browsers limit how often it may change

/** A number with four digits that count and a true minus sign, as cnnlab.numerals writes it. */
function written(value) {
  const [mantissa, power] = value.toExponential(3).split("e");
  if (value !== 0 && (power < -4 || power >= 7)) {
    const raised = [...String(Number(power))].map((letter) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(letter)]).join("");
    return `${Number(mantissa)} · 10${raised}`.replace("-", "−");
  }
  const most = Math.max(3 - Number(power), 0);
  return value.toLocaleString("en-US", { maximumFractionDigits: most }).replace(/^-0$/, "0").replace("-", "−");
}

class Picker {
  constructor(root) {
    this.canvas = make("canvas", "");
    this.ring = make("div", "ring");
    this.board = make("div", "board", this.canvas, this.ring);
    this.board.tabIndex = 0;
    this.board.setAttribute("role", "application");
    this.title = make("div", "title");
    this.value = make("output", "value");
    this.value.setAttribute("aria-live", "polite");
    this.scale = make("div", "scale", make("span", ""), make("i", ""), make("span", ""));
    this.range = make("p", "range");
    this.map = make("figure", "map", this.title, this.board, make("figcaption", "", this.value, this.scale, this.range));
    this.image = make("img", "");
    this.image.draggable = false;
    this.heat = make("img", "heat");
    this.heat.draggable = false;
    this.heat.alt = "The influence of each pixel, laid over the picture";
    this.frame = make("div", "frame");
    this.world = make("div", "world", this.image, this.heat, this.frame);
    this.seenTitle = make("div", "title");
    this.says = make("p", "says");
    this.heatSays = make("p", "heat-says");
    this.seen = make("figure", "seen", this.seenTitle, this.world, make("figcaption", "", this.says, this.heatSays));
    this.root = make("section", "cell-picker", this.map, this.seen);
    this.root.setAttribute("aria-label", "Choose a cell");
    root.append(this.root);
    this.number = 0;
    this.board.onpointerdown = (event) => this.grab(event);
    this.board.onclick = (event) => this.point(event);
    this.board.onpointermove = (event) => this.board.hasPointerCapture(event.pointerId) && this.point(event);
    this.board.onkeydown = (event) => this.key(event);
  }

  show(data) {
    const fresh = !this.data || JSON.stringify(data.board) !== JSON.stringify(this.data.board);
    this.number = Math.max(this.number, data.done ?? 0);
    const waiting = this.timer || (data.done ?? 0) < this.number; // a later choice is on its way
    this.data = data;
    if (fresh) this.paint();
    if (!waiting || fresh) this.cell = data.cell;
    const { picture, heat } = data;
    if (this.image.getAttribute("src") !== picture.src) this.image.src = picture.src;
    this.image.alt = picture.alt;
    this.seenTitle.textContent = picture.title;
    this.world.style.aspectRatio = `${picture.width} / ${picture.height}`;
    this.world.classList.toggle("pixels", Math.max(picture.width, picture.height) <= 64);
    if (heat) this.heat.src = heat.src;
    this.draw();
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeLink(), QUIET);
  }

  leave() {
    clearTimeout(this.timer);
    clearTimeout(this.writing);
    this.timer = null;
  }

  /** Streamlit leaves out of the address what Python, not the learner, has put into a field. */
  writeLink() {
    const query = new URLSearchParams(location.search);
    const before = query.toString();
    for (const [name, value] of Object.entries(this.data.link)) query.set(name, value);
    const text = query.toString();
    if (text !== before) history.replaceState(history.state, "", `${location.pathname}?${text}${location.hash}`);
  }

  /** Colour every cell: blue below zero, white at zero, orange above. */
  paint() {
    const { rows, columns, count, values, extent, title } = this.data.board;
    this.values = new Float32Array(Uint8Array.from(atob(values), (sign) => sign.charCodeAt(0)).buffer);
    this.canvas.width = columns;
    this.canvas.height = rows;
    const context = this.canvas.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    for (let place = 0; place < count; place++) {
      const share = extent > 0 ? clamp(this.values[place] / extent, -1, 1) : 0;
      const end = share < 0 ? [4, 98, 185] : [167, 74, 3];
      for (let part = 0; part < 3; part++) pixels.data[4 * place + part] = Math.round(255 + (end[part] - 255) * Math.abs(share));
      pixels.data[4 * place + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    this.title.textContent = title;
    this.board.style.aspectRatio = `${columns} / ${rows}`;
    this.board.style.setProperty("--shape", columns / rows);
    this.board.classList.toggle("lined", Math.max(rows, columns) <= 32);
    this.board.style.setProperty("--columns", columns);
    this.board.style.setProperty("--rows", rows);
    const [low, , high] = this.scale.children;
    low.textContent = written(-extent);
    high.textContent = `+${written(extent)}`;
    this.range.textContent = this.data.board.range;
  }

  draw() {
    const { board, field, picture, heat } = this.data;
    const [row, column] = this.cell;
    const percent = (share) => `${100 * share}%`;
    Object.assign(this.ring.style, {
      left: percent(column / board.columns),
      top: percent(row / board.rows),
      width: percent(1 / board.columns),
      height: percent(1 / board.rows),
    });
    const place = row * board.columns + column;
    const where = board.noun === "channel" ? `Channel ${place}` : `Row ${row}, column ${column}`;
    const text = `${where}: ${written(this.values[place])}`;
    if (this.value.textContent !== text) this.value.textContent = text;
    this.board.setAttribute("aria-label", `${board.title}. ${text}. Arrows choose another ${board.noun}.`);
    const stale = place !== this.data.cell[0] * board.columns + this.data.cell[1]; // Python tells more soon
    this.world.classList.toggle("stale", stale);
    this.heat.hidden = !heat;
    this.heatSays.textContent = heat ? heat.says : "";
    this.says.textContent = stale ? "…" : this.data.says;
    this.frame.hidden = !field;
    if (!field) return;
    const at = board.noun === "channel" ? [0, 0] : [row, column];
    const first = at.map((index, axis) => field.start[axis] + index * field.jump[axis]);
    const length = [picture.height, picture.width];
    const ends = first.map((place, axis) => [clamp(place, -0.02 * length[axis], 1.02 * length[axis]), clamp(place + field.size[axis], -0.02 * length[axis], 1.02 * length[axis])]);
    Object.assign(this.frame.style, {
      top: percent(ends[0][0] / length[0]),
      height: percent((ends[0][1] - ends[0][0]) / length[0]),
      left: percent(ends[1][0] / length[1]),
      width: percent((ends[1][1] - ends[1][0]) / length[1]),
    });
  }

  grab(event) {
    if (event.button || event.pointerType === "touch") return; // a finger may be scrolling; a tap is a click
    this.board.setPointerCapture(event.pointerId);
    this.point(event);
  }

  point(event) {
    const { rows, columns } = this.data.board;
    const box = this.board.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top - this.board.clientTop) / this.board.clientHeight) * rows);
    const column = Math.floor(((event.clientX - box.left - this.board.clientLeft) / this.board.clientWidth) * columns);
    this.choose(row, column);
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const { rows, columns } = this.data.board;
    const [row, column] = this.cell;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) this.choose(row + moves[event.key][0], column + moves[event.key][1]);
    else if (event.key === "Home") this.choose(row, 0);
    else if (event.key === "End") this.choose(row, columns - 1);
    else if (event.key === "PageUp") this.choose(0, column);
    else if (event.key === "PageDown") this.choose(rows - 1, column);
    else return;
    event.preventDefault();
  }

  choose(row, column) {
    const { rows, columns, count } = this.data.board;
    const next = [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)];
    if (next[0] * columns + next[1] >= count) return; // behind the last channel
    if (next[0] === this.cell[0] && next[1] === this.cell[1]) return;
    this.cell = next;
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.number += 1;
      this.send("cell", { at: this.cell, number: this.number });
    }, REST);
  }
}
