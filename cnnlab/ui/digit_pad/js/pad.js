// The drawing pad: 28 × 28 pixels under a mouse, a finger, a pen or the arrow keys.

const BRUSHES = { thin: 0.7, medium: 1.1, thick: 1.7 }; // radius in pixels
const MOST_UNDONE = 100;

class Pad {
  /** `changed(event)` is called after each change, with what caused it. */
  constructor(changed) {
    this.changed = changed;
    this.pixels = new Uint8Array(SIDE * SIDE);
    this.base = null; // the sample that the drawing began with
    this.past = [];
    this.erase = false;
    this.at = [14, 7]; // of the cursor, column and row
    this.canvas = make("canvas", "");
    this.canvas.width = this.canvas.height = SIDE;
    this.cursor = make("div", "cursor");
    const keys = "Draw with the mouse or a finger. With keys: arrows move, Space puts the pen down and lifts it, Shift goes faster, Ctrl Z undoes.";
    this.world = world("pad", `Drawing pad. ${keys}`, this.canvas, this.cursor);
    this.world.onpointerdown = (event) => this.press(event);
    this.world.onpointermove = (event) => this.move(event);
    this.world.onpointerup = this.world.onpointercancel = () => (this.last = null);
    this.world.onkeydown = (event) => this.key(event);
    this.world.onblur = () => this.lift();
    this.says = make("p", "pen");
    this.says.setAttribute("role", "status");
    this.tools = this.buildTools();
  }

  buildTools() {
    this.eraser = button("Erase", "", () => this.use(!this.erase));
    this.brush = make("select", "");
    this.brush.append(...Object.keys(BRUSHES).map((name) => new Option(`${name} brush`, name)));
    this.brush.value = "medium";
    this.brush.setAttribute("aria-label", "Brush");
    this.back = button("Undo", "", (event) => this.undo(event));
    this.wipe = button("Clear", "", (event) => this.replace(new Uint8Array(SIDE * SIDE), null, event));
    this.use(false);
    return make("div", "tools", this.eraser, this.brush, this.back, this.wipe);
  }

  use(erase) {
    this.erase = erase;
    this.eraser.setAttribute("aria-pressed", erase);
  }

  // Changes ---------------------------------------------------------------------------------

  remember() {
    this.past = [...this.past, { pixels: this.pixels.slice(), base: this.base }].slice(-MOST_UNDONE);
  }

  replace(pixels, base, event) {
    this.remember();
    this.pixels = pixels.slice();
    this.base = base;
    this.changed(event);
  }

  undo(event) {
    const before = this.past.pop();
    if (!before) return;
    Object.assign(this, before);
    this.changed(event);
  }

  line(from, to, event) {
    stroke(this.pixels, from, to, { radius: BRUSHES[this.brush.value], erase: this.erase });
    this.changed(event);
  }

  // Mouse, finger and pen -------------------------------------------------------------------

  press(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.world.focus({ preventScroll: true, focusVisible: false });
    this.world.setPointerCapture(event.pointerId);
    this.world.classList.remove("keys");
    this.lift();
    this.remember();
    this.last = this.place(event);
    this.line(this.last, this.last, event);
  }

  move(event) {
    if (!this.last) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) {
      const to = this.place(step);
      this.line(this.last, to, event);
      this.last = to;
    }
  }

  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE];
  }

  // Keys ------------------------------------------------------------------------------------

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      this.undo(event);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = event.shiftKey ? 4 : 1;
    const ways = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    const way = ways[event.key];
    if (way) {
      const from = this.at;
      this.at = from.map((place, axis) => clamp(place + way[axis], 0, SIDE - 1));
      if (this.penDown) this.line(...[from, this.at].map(([x, y]) => [x + 0.5, y + 0.5]), event);
    } else if (event.key === " ") this.togglePen(event);
    else if (event.key === "Escape") this.lift();
    else return;
    event.preventDefault();
    this.world.classList.add("keys");
    this.drawCursor();
  }

  togglePen(event) {
    if (event.repeat) return;
    if (this.penDown) {
      this.lift();
      return;
    }
    this.penDown = true;
    this.remember();
    const middle = this.at.map((place) => place + 0.5);
    this.line(middle, middle, event);
    this.says.textContent = `${this.erase ? "Eraser" : "Pen"} down: the arrow keys ${this.erase ? "erase" : "draw"}, Space lifts it.`;
  }

  lift() {
    this.penDown = false;
    this.says.textContent = "";
    this.drawCursor();
  }

  // Drawing ---------------------------------------------------------------------------------

  drawCursor() {
    const [column, row] = this.at;
    Object.assign(this.cursor.style, { left: `${(100 * column) / SIDE}%`, top: `${(100 * row) / SIDE}%` });
    this.cursor.classList.toggle("down", Boolean(this.penDown));
  }

  draw() {
    paint(this.canvas, SIDE, SIDE, (at) => greyOf(this.pixels[at] / 255));
    this.back.disabled = !this.past.length;
    this.wipe.disabled = !this.pixels.some(Boolean);
  }
}

/** Fill a canvas, pixel by pixel. */
function paint(canvas, width, height, colour) {
  const picture = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    const [red, green, blue] = colour(at);
    picture.data.set([red, green, blue, 255], 4 * at);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
