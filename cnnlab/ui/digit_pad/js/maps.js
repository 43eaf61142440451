// The feature maps of one stage, side by side in one picture, with a cursor on one cell.

const PER_ROW = { // maps in a row: on a narrow, a usual and a wide screen
  conv1: [5, 10, 20],
  pool1: [10, 10, 20],
  conv2: [10, 17, 25],
  pool2: [17, 25, 50],
  fc1: [50, 100, 125],
};

/** The name of a stage, its line of PyTorch, its shape and what it costs. */
function headOf({ name, code, shape, n_params }, ...more) {
  const costs = n_params ? several(n_params, "parameter") : "no parameters";
  return make("div", "head", make("strong", "", name), make("code", "", code), make("span", "shape", shape), make("span", "", costs), ...more);
}

class Maps {
  /** `pointed(cell, hold)` is called when a cell is pointed at; hold: by a click, a tap or a key. */
  constructor(stage, pointed) {
    this.stage = stage;
    this.pointed = pointed;
    this.gap = stage.side > 1 ? 1 : 0;
    this.canvas = make("canvas", "");
    this.canvas.setAttribute("aria-hidden", "true");
    this.mark = make("div", "mark");
    this.window = make("div", "window");
    const keys = stage.side > 1 ? "Arrows choose a cell, Page up and Page down a map." : "Arrows choose a cell.";
    const what = stage.side > 1 ? `${stage.maps} feature maps of ${stage.side} × ${stage.side} cells` : `${stage.maps} cells`;
    this.world = world("world", `${stage.name}: ${what}. ${keys}`, this.canvas, this.window, this.mark);
    this.world.onclick = (event) => this.point(event, true); // a finger that scrolls does not click
    this.world.onpointermove = (event) => event.pointerType === "mouse" && this.point(event, false);
    this.world.onkeydown = (event) => this.key(event);
    this.world.onfocus = () => {
      if (!this.quiet && this.cell === null && this.world.matches(":focus-visible")) this.pointed(this.cellAt(0), true);
    };
    this.range = make("span", "range", "0", make("span", "ramp"), make("span", ""));
    this.range.children[0].style.background = RAMP_STYLE;
    this.range.title = "One scale for all maps of this layer";
    this.root = make("div", `stage ${stage.name}`, headOf(stage, this.range), this.world);
    this.cell = null;
    this.arrange(1);
  }

  arrange(width) {
    const { maps, side, name } = this.stage;
    this.perRow = PER_ROW[name][width];
    this.step = side + this.gap;
    this.width = this.perRow * this.step - this.gap;
    this.height = Math.ceil(maps / this.perRow) * this.step - this.gap;
    [this.canvas.width, this.canvas.height] = [this.width, this.height];
  }

  cellAt(map, row = 0, column = 0) {
    return { stage: this.stage.name, map, row, column };
  }

  point(event, hold) {
    const box = this.canvas.getBoundingClientRect();
    const { maps, side } = this.stage;
    const x = clamp(Math.floor(((event.clientX - box.left) / box.width) * this.width), 0, this.width - 1);
    const y = clamp(Math.floor(((event.clientY - box.top) / box.height) * this.height), 0, this.height - 1);
    const map = Math.floor(y / this.step) * this.perRow + Math.floor(x / this.step);
    if (map >= maps) return;
    this.pointed(this.cellAt(map, Math.min(y % this.step, side - 1), Math.min(x % this.step, side - 1)), hold);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { maps, side } = this.stage;
    const { map, row, column } = this.cell ?? this.cellAt(0);
    const turned = (by) => [clamp(map + by, 0, maps - 1), row, column];
    const moved = (down, right) => {
      const [r, c] = [row + down, column + right]; // beyond the edge, the next map begins
      const next = map + Math.floor(c / side) + this.perRow * Math.floor(r / side);
      return next < 0 || next >= maps ? [map, row, column] : [next, (r + side) % side, (c + side) % side];
    };
    const ways = {
      ArrowLeft: () => moved(0, -1),
      ArrowRight: () => moved(0, 1),
      ArrowUp: () => moved(-1, 0),
      ArrowDown: () => moved(1, 0),
      PageUp: () => turned(-1),
      PageDown: () => turned(1),
    };
    if (!ways[event.key]) return;
    event.preventDefault();
    this.pointed(this.cellAt(...ways[event.key]()), true);
  }

  /** Draw all maps on one scale, from 0 to the largest number of the stage. */
  draw(values) {
    const { maps, side } = this.stage;
    const most = values.reduce((a, b) => Math.max(a, b), 0);
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(this.width, this.height); // gaps stay clear
    for (let map = 0, at = 0; map < maps; map++) {
      const top = Math.floor(map / this.perRow) * this.step;
      const left = (map % this.perRow) * this.step;
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++, at++) {
          const [red, green, blue] = colourOf(most ? values[at] / most : 0);
          picture.data.set([red, green, blue, 255], 4 * ((top + row) * this.width + left + column));
        }
    }
    context.putImageData(picture, 0, 0);
    this.range.lastChild.textContent = written(most);
  }

  /** Frame a square of cells in one map; null removes the frame. */
  frame(element, square) {
    element.hidden = !square;
    if (!square) return;
    const { map, row, column, size } = square;
    const top = Math.floor(map / this.perRow) * this.step + row;
    const left = (map % this.perRow) * this.step + column;
    Object.assign(element.style, {
      top: `${(100 * top) / this.height}%`,
      left: `${(100 * left) / this.width}%`,
      height: `${(100 * size) / this.height}%`,
      width: `${(100 * size) / this.width}%`,
    });
  }

  /** Take the focus without choosing a cell. */
  focus() {
    this.quiet = true;
    this.world.focus({ preventScroll: true });
    this.quiet = false;
  }

  choose(cell) {
    this.cell = cell;
    this.frame(this.mark, cell && { ...cell, size: 1 });
  }
}
