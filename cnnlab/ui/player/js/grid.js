// One array on the board: planes of cells, each plane a drawing of its own.

class GridView {
  /** `edit` and `pick` are called with a flat index: the learner wants to change, or chose, a cell. */
  constructor(grid, role, { filled = true, indices = true, captions = true, name = grid.title, digits = 3 } = {}) {
    const [planes, rows, columns] = grid.shape;
    Object.assign(this, { grid, role, rows, columns, name, digits });
    [this.top, this.bottom, this.left, this.right] = grid.margin;
    [this.down, this.across] = grid.spacing ?? [1, 1];
    this.largest = grid.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.edge = indices ? EDGE : 1;
    this.perPlane = rows * columns;
    this.planes = [];
    this.sizes = [];
    this.drawn = []; // what each cell shows now: only what changes is touched
    this.values = [];
    this.frames = [];
    for (let p = 0; p < planes; p += 1) this.planes.push(this.plane(p, indices, captions && planes > 1));
    if (filled) grid.values.forEach((value, index) => this.fill(index, value));
    else for (let index = 0; index < planes * this.perPlane; index += 1) this.empty(index);
  }

  plane(p, indices, captioned) {
    const { rows, columns, edge } = this;
    const parts = [];
    if (indices) {
      for (let r = 0; r < rows; r += 1) parts.push(this.label(this.rowNumber(r), edge / 2, edge + (r + 0.5) * UNIT));
      for (let c = 0; c < columns; c += 1) parts.push(this.label(this.columnNumber(c), edge + (c + 0.5) * UNIT, edge / 2));
    }
    for (let r = 0; r < rows; r += 1) {
      for (let c = 0; c < columns; c += 1) {
        const [x, y] = [edge + c * UNIT, edge + r * UNIT];
        parts.push(
          `<g class="${this.isData(r, c) ? "cell" : "cell pad"}" data-cell="${p * this.perPlane + r * columns + c}">` +
            `<rect class="frame" x="${x}" y="${y}" width="${UNIT}" height="${UNIT}"/>` +
            `<text class="value" x="${x + UNIT / 2}" y="${y + UNIT / 2 - 1}"></text></g>`,
        );
      }
    }
    const svg = make("svg", {
      class: "plane",
      viewBox: `0 0 ${edge + columns * UNIT + 2} ${edge + rows * UNIT + 2}`,
      style: `--columns:${columns + edge / UNIT}`,
      role: "group",
      "aria-roledescription": "grid of numbers",
      "aria-label": `${this.name} ${this.grid.planes[p] || ""}: ${rows} rows, ${columns} columns`,
    });
    svg.innerHTML = `${parts.join("")}<g class="unread"></g><g class="tints"></g><g class="now"></g><g class="won"></g><g class="peek"></g><g class="chosen"></g>`;
    this.values.push(...svg.querySelectorAll("text.value"));
    this.frames.push(...svg.querySelectorAll("g.cell"));
    const layers = Object.fromEntries(
      ["unread", "tints", "now", "won", "peek", "chosen"].map((name) => [name, svg.querySelector(`g.${name}`)]),
    );
    const title = captioned ? make("figcaption", {}, make("small", {}, this.grid.planes[p])) : "";
    const element = make("figure", { class: `role-${this.role}` }, title, svg);
    return { svg, element, layers, title };
  }

  label(text, x, y) {
    return `<text class="index" x="${x}" y="${y}">${text}</text>`;
  }

  /** Rows and columns are counted as the reader does: those of the data start at 0. */
  rowNumber(r) {
    return this.number(r - this.top, this.down);
  }

  columnNumber(c) {
    return this.number(c - this.left, this.across);
  }

  number(offset, spacing) {
    if (spacing === 1) return written(offset);
    return offset >= 0 && offset % spacing === 0 ? String(offset / spacing) : "";
  }

  isData(r, c) {
    const [y, x] = [r - this.top, c - this.left];
    return (
      y >= 0 && x >= 0 && r < this.rows - this.bottom && c < this.columns - this.right &&
      y % this.down === 0 && x % this.across === 0
    );
  }

  /** Where a cell lies: plane, row and column in the drawing, and as data. */
  place(index) {
    const inPlane = index % this.perPlane;
    const [r, c] = [Math.floor(inPlane / this.columns), inPlane % this.columns];
    return {
      plane: Math.floor(index / this.perPlane),
      r,
      c,
      row: (r - this.top) / this.down,
      column: (c - this.left) / this.across,
      isData: this.isData(r, c),
    };
  }

  describe() {
    const [planes, rows, columns] = this.grid.shape;
    const inner = [
      Math.ceil((rows - this.top - this.bottom) / this.down),
      Math.ceil((columns - this.left - this.right) / this.across),
    ];
    const size = `${inner[0]} × ${inner[1]}`;
    const parts = [planes > 1 ? `${planes} × ${size}` : size];
    if (this.down > 1 || this.across > 1) parts.push(`spread out to ${rows} × ${columns}`);
    else if (this.grid.margin.some((side) => side !== 0)) parts.push(`with ${this.grid.around} ${rows} × ${columns}`);
    if (this.grid.as_grey) {
      const [black, white] = this.grid.as_grey;
      parts.push(`black ${written(black, 3)}, white ${written(white, 3)}`);
    }
    return parts.join(", ");
  }

  /** Show the value of a cell. */
  fill(index, value = this.grid.values[index]) {
    if (this.drawn[index] === value) return;
    if (value === null) return this.empty(index, this.grid.blank);
    this.drawn[index] = value;
    const cell = this.frames[index];
    const text = written(value, this.digits);
    const label = this.values[index];
    label.textContent = text;
    const size = text.length > 6 ? 9.5 : text.length > 4 ? 12 : text.length > 3 ? 14 : 17;
    if (this.sizes[index] !== size) label.setAttribute("font-size", (this.sizes[index] = size));
    cell.classList.remove("empty", "asked");
    if (cell.classList.contains("pad")) return;
    const frame = cell.firstChild;
    if (this.grid.as_grey) {
      const [black, white] = this.grid.as_grey;
      const share = white > black ? Math.min(Math.max((value - black) / (white - black), 0), 1) : 0.5;
      const level = Math.round(share * 255);
      frame.style.fill = `rgb(${level},${level},${level})`;
      // Black and white text are equally readable on level 117.
      cell.classList.toggle("shade-dark", level < 117);
      cell.classList.toggle("shade-light", level >= 117);
    } else {
      const share = this.largest > 0 ? Math.round((Math.abs(value) / this.largest) * 34) : 0;
      const colour = value < 0 ? "var(--padding)" : `var(--${this.role})`;
      frame.style.fill = `color-mix(in srgb, ${colour} ${share}%, var(--ground))`;
    }
  }

  /** Whether notes fit into the corners of cells beside their numbers: none leaves its cell, and no
   * number below is so small a letter that a note would hide it. */
  hasRoom(notes) {
    return notes.every((note) => note.length <= NOTE) && this.drawn.every((value) => typeof value !== "number" || written(value, this.digits).length <= 4);
  }

  /** Take the value of a cell away: not computed yet, or to be guessed. */
  empty(index, text = "·") {
    if (this.drawn[index] === text) return;
    this.drawn[index] = text;
    const cell = this.frames[index];
    this.values[index].textContent = text;
    this.values[index].setAttribute("font-size", (this.sizes[index] = 17));
    cell.classList.add("empty");
    cell.classList.toggle("asked", text === "?");
    cell.classList.remove("shade-dark", "shade-light");
    cell.firstChild.style.fill = "";
  }

  /** Draw frames around cells on one layer of each plane: `cells` are [index, note, hue, low]. */
  frame(layer, cells) {
    const byPlane = new Map();
    for (const cell of cells) {
      const plane = Math.floor(cell[0] / this.perPlane);
      if (!byPlane.has(plane)) byPlane.set(plane, []);
      byPlane.get(plane).push(cell);
    }
    this.planes.forEach((plane, p) => {
      const group = plane.layers[layer];
      const marks = byPlane.get(p);
      if (!marks) {
        if (group.firstChild) group.replaceChildren();
        return;
      }
      group.innerHTML = marks.map((mark) => this.mark(...mark)).join("");
    });
  }

  mark(index, note = "", hue = null, low = false) {
    const inPlane = index % this.perPlane;
    const x = this.edge + (inPlane % this.columns) * UNIT;
    const y = this.edge + Math.floor(inPlane / this.columns) * UNIT;
    const strip = hue === null ? "" : `<rect class="tint" x="${x + 4}" y="${y + UNIT - 7}" width="${UNIT - 8}" height="4" style="fill:${hue}"/>`;
    const text = note === "" ? "" : `<text class="times" x="${x + (low ? UNIT / 2 : UNIT - 4)}" y="${low ? y + UNIT - 9.5 : y + 8}">${note}</text>`;
    const halo = low ? `<rect class="halo" x="${x + 3.5}" y="${y + 3.5}" width="${UNIT - 7}" height="${UNIT - 7}"/>` : "";
    return `${halo}<rect class="mark" x="${x + 1}" y="${y + 1}" width="${UNIT - 2}" height="${UNIT - 2}"/>${strip}${text}`;
  }

  /** The flat index of the cell that an element belongs to, null outside. */
  cellOf(element) {
    const group = element.closest("g.cell");
    return group ? Number(group.dataset.cell) : null;
  }

  /** The corners of a cell's frame in its plane's own drawing, as shares of width and height. */
  corners(index) {
    const { r, c } = this.place(index);
    const [width, height] = [this.edge + this.columns * UNIT + 2, this.edge + this.rows * UNIT + 2];
    return {
      left: (this.edge + c * UNIT) / width,
      right: (this.edge + (c + 1) * UNIT) / width,
      top: (this.edge + r * UNIT) / height,
      bottom: (this.edge + (r + 1) * UNIT) / height,
    };
  }
}

const NOTE = 5; // letters, as in ×−0.5

/** How a weight is noted in the corner of the cell that it multiplies. */
const noteOf = (weight) => `×${written(weight, 2)}`;

/** A colour of its own for each weight of a kernel: hue by place, told apart by lightness too. */
function tintOf(place, count) {
  const hue = Math.round((360 * place) / count);
  return `hsl(${hue} 75% ${place % 2 ? 42 : 58}%)`;
}
