// One cursor over a photograph and its filtered self: the patch as numbers, magnified, and at real
// size, the kernel, and the result. The pixels come once; where the cursor is, only the browser knows.

const photographs = new Map(); // pixels by name; the page holds one, the last two are kept
const views = new Map();

export default function mount({ data, parentElement }) {
  if (data.pixels) {
    if (!photographs.has(data.name)) photographs.set(data.name, data.pixels.getChildAt(0).toArray());
    while (photographs.size > 2) photographs.delete(photographs.keys().next().value);
    for (const view of views.values()) view.show(view.data);
    return;
  }
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.show(data);
  return () => views.delete(parentElement);
}

const NEAR = 15; // pixels a side that are magnified
const AROUND = 96; // pixels a side at real size
function titled(text, ...children) {
  return make("figure", "titled", make("figcaption", "", text), ...children);
}

class View {
  constructor(root) {
    this.root = make("section", "filter-view");
    this.root.setAttribute("aria-label", "Input and output under one cursor");
    this.input = this.buildSide("input");
    this.output = this.buildSide("output");
    this.channels = make("div", "channels");
    this.channels.setAttribute("role", "group");
    this.channels.setAttribute("aria-label", "Whose numbers are shown");
    this.kernels = make("div", "kernels");
    this.after = make("p", "after");
    this.result = make("output", "result");
    this.sum = make("p", "sum");
    this.said = make("p", "said");
    this.said.setAttribute("aria-live", "polite");
    this.hint = make("p", "hint", "Point at a picture, or move with the arrow keys (Shift: ten pixels). A click holds the place, a second one lets go.");
    this.root.append(
      this.input.picture,
      this.output.picture,
      this.hint,
      this.channels,
      this.input.close,
      this.output.close,
      make("div", "kernel-side", titled("Kernel", this.kernels), this.after),
      make("div", "result-side", titled("Result", this.result), this.sum),
      this.said,
    );
    root.append(this.root);
  }

  buildSide(name) {
    const canvas = make("canvas", "whole");
    const image = make("img", "whole");
    image.draggable = false;
    const frame = make("div", "frame");
    const world = make("div", `world ${name}`, name === "input" ? canvas : image, frame);
    world.tabIndex = 0;
    world.setAttribute("role", "group");
    world.onpointerdown = (event) => this.press(event, world);
    world.onpointermove = (event) => this.move(event, world);
    world.onkeydown = (event) => this.key(event);
    const caption = make("figcaption", "");
    const numbers = make("div", "numbers");
    const near = make("canvas", "near");
    const real = make("canvas", "real");
    for (const picture of [near, real]) picture.setAttribute("aria-hidden", "true"); // the numbers say it
    const title = name === "input" ? "Input" : "Output";
    return {
      world, canvas, image, frame, caption, numbers, near, real,
      picture: make("figure", "picture", caption, world),
      close: make("div", `close ${name}`, titled(`${title}: numbers`, numbers), make("div", "shots", titled("Magnified", near), titled("Real size", real))),
    };
  }

  show(data) {
    if (!data) return;
    const { width, height } = data;
    const other = !this.data || this.data.width !== width || this.data.height !== height;
    if (other) this.place = data.start;
    if (other) this.held = false;
    this.data = data;
    if (this.channel === undefined || this.channel >= data.channels.length) this.channel = 0;
    for (const side of [this.input, this.output]) {
      side.world.style.aspectRatio = `${width} / ${height}`;
      side.world.style.setProperty("--ratio", width / height);
      side.world.classList.toggle("coarse", width < 200);
    }
    this.input.caption.textContent = data.inputTitle;
    this.output.caption.textContent = data.outputTitle;
    if (this.output.image.getAttribute("src") !== data.out) this.output.image.src = data.out;
    this.output.image.alt = data.outputAlt;
    this.input.canvas.setAttribute("role", "img");
    this.input.canvas.setAttribute("aria-label", data.inputAlt);
    const pixels = photographs.get(data.name);
    this.planes = pixels && data.channels.map((_, c) => ({ pixels: pixels.subarray(c * width * height, (c + 1) * width * height), width, height }));
    this.root.dataset.ready = Boolean(pixels);
    if (!pixels) return;
    if (this.drawn !== data.name) this.drawWhole();
    this.drawChannels();
    this.drawKernels();
    this.draw();
  }

  // The cursor ------------------------------------------------------------------------------

  press(event, world) {
    if (event.pointerType === "mouse") {
      this.point(event, world);
      this.held = !this.held;
    } else {
      world.setPointerCapture(event.pointerId);
      this.point(event, world);
    }
  }

  move(event, world) {
    if (event.pointerType === "mouse" ? !this.held : event.buttons) this.point(event, world);
  }

  point(event, world) {
    const box = world.getBoundingClientRect();
    const { width, height } = this.data;
    this.go(
      Math.floor(((event.clientY - box.top) / box.height) * height),
      Math.floor(((event.clientX - box.left) / box.width) * width),
    );
  }

  go(row, column) {
    this.place = [clamp(row, 0, this.data.height - 1), clamp(column, 0, this.data.width - 1)];
    this.soon();
  }

  soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.draw();
    });
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = event.shiftKey ? 10 : 1;
    const [row, column] = this.place;
    const places = {
      ArrowLeft: [row, column - by],
      ArrowRight: [row, column + by],
      ArrowUp: [row - by, column],
      ArrowDown: [row + by, column],
    };
    if (!places[event.key]) return;
    event.preventDefault();
    this.go(...places[event.key]);
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      const [r, c] = this.place;
      this.said.textContent = `Row ${r}, column ${c}: ${this.result.textContent}`;
    }, 400);
  }

  // Drawing ---------------------------------------------------------------------------------

  drawWhole() {
    const { width, height, name } = this.data;
    const canvas = this.input.canvas;
    [canvas.width, canvas.height] = [width, height];
    const picture = new ImageData(width, height);
    for (let at = 0; at < width * height; at++) {
      for (let c = 0; c < 3; c++) picture.data[4 * at + c] = (this.planes[c] ?? this.planes[0]).pixels[at];
      picture.data[4 * at + 3] = 255;
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
    this.drawn = name;
  }

  inputColour(row, column) {
    const at = row * this.data.width + column;
    return this.planes.length === 3 ? this.planes.map((plane) => plane.pixels[at]) : Array(3).fill(this.planes[0].pixels[at]);
  }

  outputColour(row, column) {
    const { filter, shading } = this.data;
    const colours = this.planes.map((plane) => colourOf(resultAt(plane, filter, row, column), shading));
    return colours.length === 3 ? colours.map((colour) => colour[0]) : colours[0];
  }

  drawChannels() {
    const names = this.data.channels;
    this.channels.hidden = names.length === 1;
    if (this.channels.dataset.names === String(names)) return;
    this.channels.dataset.names = String(names);
    const buttons = names.map((name, index) => {
      const made = make("button", "", name);
      made.type = "button";
      made.onclick = () => {
        this.channel = index;
        this.draw();
      };
      return made;
    });
    this.channels.replaceChildren("Numbers of ", ...buttons);
  }

  drawKernels() {
    const { filter } = this.data;
    const most = Math.max(...filter.kernels.flat(2).map(Math.abs));
    const whole = filter.kernels.flat(2).every(Number.isInteger);
    const drawn = filter.kernels.map((kernel, index) => {
      const grid = make("div", "");
      table(grid, kernel, (weight, cell) => {
        const share = most ? Math.round((45 * Math.abs(weight)) / most) : 0;
        cell.className = weight < 0 ? "weight negative" : "weight";
        cell.style.setProperty("--share", `${share}%`);
        return written(weight, whole ? 2 : kernel[0].length > 3 ? 2 : 3);
      });
      return filter.kernels.length === 1 ? grid : titled(["for x", "for y"][index], grid);
    });
    this.kernels.replaceChildren(...drawn);
    const parts = [];
    if (filter.divisor !== 1) parts.push(`divided by ${written(filter.divisor, 6)}`);
    if (filter.bias !== 0) parts.push(`bias ${written(filter.bias, 6)} added`);
    this.after.textContent = parts.length ? `Each sum is ${parts.join(", then ")}.` : "";
  }

  draw() {
    if (!this.planes) return;
    const { width, height, filter, shading } = this.data;
    const [row, column] = this.place;
    const scale = this.root.clientWidth < 700 ? 6 : 9;
    const plane = this.planes[this.channel];
    const rows = Math.max(...filter.kernels.map((kernel) => kernel.length));
    const columns = Math.max(...filter.kernels.map((kernel) => kernel[0].length));
    const [top, left] = [row - (rows >> 1), column - (columns >> 1)];
    [...this.channels.querySelectorAll("button")].forEach((button, index) => button.setAttribute("aria-pressed", index === this.channel));
    const outside = (r, c) => r < 0 || c < 0 || r >= height || c >= width;
    const places = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => [top + i, left + j]));

    table(this.input.numbers, places, ([r, c], cell) => {
      const value = pixelAt(plane, r, c, filter.border);
      cell.className = `pixel${outside(r, c) ? " beyond" : ""}${r === row && c === column ? " middle" : ""}`;
      tint(cell, [value, value, value]);
      return written(value);
    });
    table(this.output.numbers, places, ([r, c], cell) => {
      cell.className = `pixel${r === row && c === column ? " middle" : ""}`;
      cell.style.background = cell.style.color = "";
      if (outside(r, c)) return "";
      const result = resultAt(plane, filter, r, c);
      tint(cell, colourOf(result, shading));
      return written(result.value, columns > 5 ? 0 : Math.min(1, digits(filter)));
    });
    for (const [side, colour, size] of [
      [this.input, (r, c) => this.inputColour(r, c), [rows, columns]],
      [this.output, (r, c) => this.outputColour(r, c), [1, 1]],
    ]) {
      const clear = [0, 0, 0, 0];
      const half = NEAR >> 1;
      zoomed(side.near, NEAR, (i, j) => (outside(row + i - half, column + j - half) ? clear : colour(row + i - half, column + j - half)), size, scale);
      const far = AROUND >> 1;
      zoomed(side.real, AROUND, (i, j) => (outside(row + i - far, column + j - far) ? clear : colour(row + i - far, column + j - far)), size, 1);
      Object.assign(side.frame.style, {
        top: `${(100 * (row - (size[0] >> 1))) / height}%`,
        left: `${(100 * (column - (size[1] >> 1))) / width}%`,
        height: `${(100 * size[0]) / height}%`,
        width: `${(100 * size[1]) / width}%`,
      });
      side.frame.classList.toggle("held", Boolean(this.held));
    }
    this.drawResult(plane, row, column);
  }

  drawResult(plane, row, column) {
    const { filter, shading, rule } = this.data;
    const { sums, value } = resultAt(plane, filter, row, column);
    const angle = filter.combine === "angle";
    const flat = angle && sums[0] === 0 && sums[1] === 0;
    this.result.textContent = flat ? "no direction" : `${written(value, digits(filter))}${angle ? `° ${arrowOf(value)}` : ""}`;
    this.result.dataset.value = String(value);
    this.result.dataset.place = `${row},${column}`;
    const [x, y] = sums.map((sum) => written(sum));
    const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);
    let how = "";
    if (filter.combine === "magnitude") how = `√(${bracket(x)}² + ${bracket(y)}²)`;
    else if (angle) how = `x answers ${x}, y answers ${y}`;
    else {
      how = `Each number × its weight, added up: ${x}`;
      if (filter.divisor !== 1) how += `; ÷ ${written(filter.divisor, 6)}`;
      if (filter.bias !== 0) how += ` ${filter.bias < 0 ? "−" : "+"} ${written(Math.abs(filter.bias), 6)}`;
    }
    if (rule === "clipped" && value < shading.black) how += `. Drawn black: below 0`;
    if (rule === "clipped" && value > shading.white) how += `. Drawn white: above 255`;
    this.sum.textContent = `Row ${row}, column ${column}. ${how}.`;
    const words = `Row ${row}, column ${column}, result ${this.result.textContent}. Arrows move the cursor.`;
    this.input.world.setAttribute("aria-label", `Input. ${words}`);
    this.output.world.setAttribute("aria-label", `Output. ${words}`);
  }
}

const digits = (filter) => (filter.combine === "angle" ? 0 : filter.combine === "magnitude" ? 1 : 2);

/** Fill a table of numbers; cells are kept where the shape stays. */
function table(place, rows, fill) {
  const shape = `${rows.length}x${rows[0].length}`;
  if (place.dataset.shape !== shape) {
    place.dataset.shape = shape;
    const lines = rows.map((row) => make("tr", "", ...row.map(() => make("td", ""))));
    place.replaceChildren(make("table", "", make("tbody", "", ...lines)));
  }
  const lines = place.querySelectorAll("tr");
  rows.forEach((row, i) =>
    row.forEach((entry, j) => {
      const cell = lines[i].children[j];
      const text = fill(entry, cell);
      if (cell.textContent !== text) cell.textContent = text;
    }),
  );
}

/** Give a cell a colour, and black or white letters, whichever is easier to read. */
function tint(cell, [red, green, blue]) {
  cell.style.background = `rgb(${red} ${green} ${blue})`;
  cell.style.color = 0.299 * red + 0.587 * green + 0.114 * blue > 120 ? "#000" : "#fff";
}

function paint(canvas, width, height, colour) {
  const picture = new ImageData(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [red, green, blue, alpha = 255] = colour(row, column);
      picture.data.set([red, green, blue, alpha], 4 * (row * width + column));
    }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** Draw a square neighbourhood with a frame around its middle. */
function zoomed(canvas, side, colour, [rows, columns], scale) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  canvas.style.width = canvas.style.height = `${side * scale}px`;
  paint(canvas, side, side, colour);
  const middle = side >> 1;
  let mark = canvas.nextElementSibling;
  if (!mark) {
    mark = make("div", "mark");
    const holder = make("div", "holder");
    canvas.replaceWith(holder);
    holder.append(canvas, mark);
  }
  Object.assign(mark.style, {
    left: `${(middle - (columns >> 1)) * scale}px`,
    top: `${(middle - (rows >> 1)) * scale}px`,
    width: `${columns * scale}px`,
    height: `${rows * scale}px`,
  });
}
