// Two ways of gradient descent, played side by side. Python sends contours, ways and distances;
// here they are only placed and drawn. Both plots have equal scales across and up.

const views = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.show(data);
  return () => view.pause();
}

const WHOLE = 8000; // ms for all steps, within these bounds for each
const [FASTEST, SLOWEST] = [40, 450];
const STOPS = 8; // with reduced motion, playing makes so many stops
const REST = 900; // ms for each of them
const OUT = 40; // half windows beyond which nothing is drawn
const reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function drawn(tag, name, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (name) made.setAttribute("class", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Share of the way that is left, as words. */
function percent(share) {
  if (share > 10) return "more than ten times the first distance";
  const value = 100 * share;
  return `${value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : "less than 0.1"} %`;
}

/** Height of a share of the way in the chart, 0 at the top: equal factors are equal heights. */
function up(share) {
  return clamp(0.14 - (0.28 * Math.log10(Math.max(share, 1e-9))), 0.02, 0.98);
}

class Side {
  constructor() {
    this.title = make("h4");
    this.svg = drawn("svg", "", { viewBox: "-1 -1 2 2" });
    this.start = make("span", "name mark", "start");
    this.plot = make("div", "plot", this.svg, make("span", "name x", "w₁ →"), make("span", "name y", "w₂ ↑"), this.start);
    this.plot.setAttribute("role", "img");
    this.points = drawn("svg", "", { viewBox: "-1 -1 2 2" });
    this.data = make("div", "plot data", this.points, make("span", "name x", "x₁"), make("span", "name y", "x₂"));
    this.data.setAttribute("role", "img");
    this.words = make("span");
    this.figure = make("figure", "", this.title, this.plot, make("figcaption", "", this.data, this.words));
  }

  show(side) {
    this.side = side;
    this.title.textContent = side.title;
    this.data.setAttribute("aria-label", side.data_alt);
    const { centre, angle, lines } = side.contours;
    const [x, y] = this.place(centre);
    const degrees = (-angle * 180) / Math.PI;
    const ellipses = lines.map(([a, b]) =>
      drawn("ellipse", "contour", {
        cx: x, cy: y, rx: Math.min(a / side.half, OUT), ry: Math.min(b / side.half, OUT),
        transform: `rotate(${degrees} ${x} ${y})`,
      }),
    );
    const zero = this.place([0, 0]);
    const axes = [`M${zero[0]} -1V1`, `M-1 ${zero[1]}H1`].map((d) => drawn("path", "axis", { d }));
    this.way = drawn("path", "way");
    this.dots = drawn("path", "dots");
    this.ring = drawn("path", "ring");
    this.here = drawn("path", "here");
    const arm = 0.075;
    const least = drawn("path", "least", { d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` });
    this.svg.replaceChildren(...axes, ...ellipses, this.way, this.dots, this.ring, this.here, least);
    this.start.style.left = `${50 * (zero[0] + 1)}%`;
    this.start.style.top = `${50 * (zero[1] + 1)}%`;
    this.drawData();
  }

  drawData() {
    const { points, spread } = this.side;
    const d = points.map(([x, y]) => `M${x / spread} ${-y / spread}h0`).join("");
    this.points.replaceChildren(
      drawn("path", "axis", { d: "M0 -1V1M-1 0H1" }),
      drawn("path", "point", { d }),
    );
  }

  /** Where a pair of weights stands in the window, from −1 to 1. */
  place([w1, w2]) {
    const { middle, half } = this.side;
    const [x, y] = [(w1 - middle[0]) / half, -(w2 - middle[1]) / half];
    const far = Math.max(Math.abs(x), Math.abs(y)) / OUT;
    return far > 1 ? [x / far, y / far] : [x, y];
  }

  draw(step) {
    const { way, left, reached } = this.side;
    const places = way.slice(0, step + 1).map((w) => this.place(w));
    this.way.setAttribute("d", places.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join(""));
    this.dots.setAttribute("d", places.map(([x, y]) => `M${x} ${y}h0`).join(""));
    const [x, y] = places[places.length - 1];
    for (const mark of [this.ring, this.here]) mark.setAttribute("d", `M${x} ${y}h0`);
    const there = reached !== null && step >= reached;
    const arrived = there ? ` At the goal since step ${reached}.` : "";
    const outside = Math.max(Math.abs(x), Math.abs(y)) > 1 ? " The weights are outside the picture." : "";
    this.words.textContent = `Left to go: ${percent(left[step])}.${arrived}${outside}`;
    this.plot.setAttribute("aria-label", `${this.side.alt} After step ${step}: ${this.words.textContent}`);
  }
}

class View {
  constructor(root) {
    this.sides = [new Side(), new Side()];
    this.says = make("p", "says");
    this.buildBar();
    this.buildChart();
    this.root = make("section", "descent-view", this.bar, ...this.sides.map((side) => side.figure), this.chart);
    this.root.setAttribute("aria-label", "Gradient descent before and after normalisation");
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
  }

  buildBar() {
    this.play = button("Play", "Play or pause", () => this.toggle());
    this.play.classList.add("play");
    this.less = button("◀", "One step back", () => this.go(this.step - 1));
    this.more = button("▶", "One step on", () => this.go(this.step + 1));
    this.slider = make("input");
    this.slider.type = "range";
    this.slider.min = 0;
    this.slider.setAttribute("aria-label", "Step");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.bar = make("div", "bar across", this.play, this.less, this.slider, this.more, this.says);
  }

  buildChart() {
    this.curves = drawn("svg", "", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
    this.plot = make("div", "plot chart", this.curves, make("span", "name x", "step →"));
    this.plot.setAttribute("role", "img");
    const scale = [1, 0.01].map((share) => {
      const name = make("span", "", `${100 * share} %`);
      name.style.top = `${100 * up(share)}%`;
      return name;
    });
    this.legend = make("p", "legend");
    const drawing = make("div", "drawing", make("div", "scale", ...scale), this.plot);
    this.chart = make("div", "across", this.legend, drawing);
  }

  show(data) {
    const before = JSON.stringify(this.data);
    if (before === JSON.stringify(data)) return;
    this.pause();
    this.data = data;
    this.sides.forEach((side, index) => side.show(data.sides[index]));
    this.slider.max = data.steps;
    this.drawCurves();
    this.step = data.steps; // the whole way at once; to play begins it again
    this.draw();
  }

  // The distance, on a scale where each equal step down is an equal factor -------------------

  drawCurves() {
    const { sides, steps } = this.data;
    const curve = ({ left }) => left.map((share, i) => `${i ? "L" : "M"}${i / steps} ${up(share)}`).join("");
    this.now = drawn("path", "now");
    this.curves.replaceChildren(
      drawn("path", "goal", { d: `M0 ${up(1)}H1M0 ${up(0.01)}H1` }),
      drawn("path", "curve", { d: curve(sides[0]) }),
      drawn("path", "curve second", { d: curve(sides[1]) }),
      this.now,
    );
    this.legend.replaceChildren(
      make("span", "title", "Distance to the minimum, on a logarithmic scale"),
      ...sides.map((side, i) => {
        const line = drawn("svg", "", { viewBox: "0 0 32 10" });
        line.append(drawn("path", i ? "curve second" : "curve", { d: "M0 5H32" }));
        return make("span", "", line, side.title.toLowerCase());
      }),
    );
    this.plot.setAttribute("aria-label", data_alt(sides));
  }

  // The way through the steps ---------------------------------------------------------------

  go(step, { playing = false } = {}) {
    if (!playing) this.pause();
    this.step = clamp(step, 0, this.data.steps);
    this.draw();
  }

  toggle() {
    if (this.timer) {
      this.pause();
      this.draw();
      return;
    }
    const last = this.data.steps;
    const calm = reduced();
    const stride = calm ? Math.ceil(last / STOPS) : 1;
    const pace = calm ? REST : clamp(WHOLE / last, FASTEST, SLOWEST);
    this.timer = setInterval(() => {
      this.go(this.step + stride, { playing: true });
      if (this.step < last) return;
      this.pause();
      this.draw();
    }, pace);
    this.play.textContent = "Pause";
    this.go(this.step === last ? 0 : this.step, { playing: true });
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.slider) {
      if (event.target === this.slider && event.key === " ") {
        event.preventDefault();
        this.toggle();
      }
      return;
    }
    const actions = {
      ArrowLeft: () => this.go(this.step - 1),
      ArrowRight: () => this.go(this.step + 1),
      Home: () => this.go(0),
      End: () => this.go(this.data.steps),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  draw() {
    const { steps } = this.data;
    this.sides.forEach((side) => side.draw(this.step));
    this.slider.value = this.step;
    this.less.disabled = this.step === 0;
    this.more.disabled = this.step === steps;
    this.says.setAttribute("aria-live", this.timer ? "off" : "polite");
    this.says.textContent = `Step ${this.step} of ${steps}`;
    const left = this.data.sides.map((side) => `${side.title}: ${percent(side.left[this.step])} left`);
    this.slider.setAttribute("aria-valuetext", `Step ${this.step}. ${left.join(", ")}`);
    this.now.setAttribute("d", `M${this.step / steps} 0V1`);
  }
}

function data_alt(sides) {
  const words = sides.map(({ title, left }) => `${title}: ${percent(left[left.length - 1])} left at the last step`);
  return `Distance to the minimum over the steps. ${words.join(". ")}.`;
}
