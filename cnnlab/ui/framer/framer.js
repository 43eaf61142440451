// A square frame over a picture: drag it, or move it with the arrows; the slider sets its side.
// All places are in pixels of the picture; Python hears of the frame when it comes to rest.

const framers = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement, setStateValue }) {
  let framer = framers.get(parentElement);
  if (!framer) framers.set(parentElement, (framer = new Framer(parentElement)));
  framer.send = (frame) => setStateValue("frame", frame);
  framer.show(data);
}

const within = (value, low, high) => Math.round(clamp(value, low, high));

class Framer {
  constructor(root) {
    this.image = make("img", "");
    this.image.draggable = false;
    this.frame = make("div", "frame");
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "group");
    this.picture = make("div", "picture", this.image, this.frame);
    this.slider = make("input", "");
    this.slider.type = "range";
    this.slider.setAttribute("aria-label", "Side of the frame");
    this.number = make("output", "");
    root.append(make("div", "framer", this.picture, make("label", "", "Side", this.slider, this.number)));
    this.picture.onpointerdown = (event) => this.grab(event);
    this.picture.onpointermove = (event) => this.drag(event);
    this.picture.onpointerup = this.picture.onpointercancel = () => this.drop();
    this.slider.oninput = () => this.resize(Number(this.slider.value));
    this.slider.onchange = () => this.settle();
    this.frame.onkeydown = (event) => this.key(event);
  }

  show(data) {
    if (this.data?.src !== data.src) {
      this.image.src = data.src;
      this.image.alt = data.alt;
      [this.left, this.top, this.side] = data.frame;
    }
    this.data = data;
    this.picture.style.maxWidth = `calc(45vh * ${data.width / data.height})`; // the rest stays in sight
    this.slider.min = data.smallest;
    this.slider.max = Math.min(data.width, data.height);
    if (this.side < data.smallest) this.resize(data.smallest);
    this.draw();
  }

  /** A press outside the frame brings it there; then it follows the pointer. */
  grab(event) {
    const [x, y] = this.place(event);
    const inside = x >= this.left && x < this.left + this.side && y >= this.top && y < this.top + this.side;
    this.hold = inside ? [x - this.left, y - this.top] : [this.side / 2, this.side / 2];
    this.picture.setPointerCapture(event.pointerId);
    this.drag(event);
  }

  drag(event) {
    if (!this.hold) return;
    const [x, y] = this.place(event);
    this.move(x - this.hold[0], y - this.hold[1]);
  }

  drop() {
    if (!this.hold) return;
    this.hold = null;
    this.frame.focus({ preventScroll: true });
    this.settle();
  }

  place(event) {
    const box = this.picture.getBoundingClientRect();
    const scale = this.data.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  move(left, top) {
    this.left = within(left, 0, this.data.width - this.side);
    this.top = within(top, 0, this.data.height - this.side);
    this.draw();
  }

  resize(side) {
    const middle = [this.left + this.side / 2, this.top + this.side / 2];
    this.side = within(side, this.data.smallest, Math.min(this.data.width, this.data.height));
    this.move(middle[0] - this.side / 2, middle[1] - this.side / 2);
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    const by = event.shiftKey ? 1 : Math.max(1, Math.round(this.data.width / 40));
    const actions = {
      ArrowLeft: () => this.move(this.left - by, this.top),
      ArrowRight: () => this.move(this.left + by, this.top),
      ArrowUp: () => this.move(this.left, this.top - by),
      ArrowDown: () => this.move(this.left, this.top + by),
      "+": () => this.resize(this.side + by),
      "-": () => this.resize(this.side - by),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.settle(), 300);
  }

  draw() {
    const { width, height } = this.data;
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(this.frame.style, {
      left: percent(this.left, width),
      top: percent(this.top, height),
      width: percent(this.side, width),
      height: percent(this.side, height),
    });
    this.slider.value = this.side;
    this.number.textContent = `${this.side} pixels`;
    const where = `Frame of ${this.side} by ${this.side} pixels at column ${this.left}, row ${this.top}`;
    this.frame.setAttribute("aria-label", `${where}. Arrows move it, plus and minus change its side.`);
  }

  settle() {
    this.send([this.left, this.top, this.side]);
  }
}
