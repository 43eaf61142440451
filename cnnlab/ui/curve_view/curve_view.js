// Activations over one axis: values above, derivatives below, and between them where each curve is
// saturated. Every number was computed in Python; here a cursor only looks them up. Python hears of
// the cursor when it rests.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const REST = 400; // ms after the last move until Python hears of it
const WIDE = 900; // pixels of a window from which on plots and slider fit into a part of its height
const SHARE = 0.62; // this part
const SVG = "http://www.w3.org/2000/svg";
export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
  const fit = () => view.draw();
  window.addEventListener("resize", fit); // the height of the window counts too
  return () => {
    window.removeEventListener("resize", fit);
    clearTimeout(view.soon);
  };
}

function draw(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A number with four digits after the point at most, and a true minus sign. */
function written(value) {
  const small = value !== 0 && Math.abs(value) < 5e-5;
  const text = small ? value.toExponential(1) : value.toFixed(4).replace(/\.?0+$/, "");
  return (text === "-0" ? "0" : text).replace(/-/g, "−");
}

class View {
  constructor(root) {
    this.svg = draw("svg", { role: "img" });
    this.slider = make("input", "slide");
    this.slider.type = "range";
    this.slider.setAttribute("aria-label", "x");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.at = make("p", "at");
    this.cards = make("div", "read");
    this.read = make("div", "read", this.at, this.cards);
    this.plots = make("div", "plots", this.svg, this.slider);
    this.root = make("section", "curve-view", this.plots, this.read);
    this.root.setAttribute("aria-label", "Curves and their derivatives");
    this.root.onkeydown = (event) => event.stopPropagation(); // Streamlit's own keys: r, c
    this.point();
    root.append(this.root);
    new ResizeObserver(() => this.data && this.plots.clientWidth !== this.width && this.draw()).observe(this.plots);
  }

  /** Let the cursor follow a mouse over the plots, and a finger that is drawn across them. */
  point() {
    const move = (event) => {
      const box = this.svg.getBoundingClientRect();
      const share = (event.clientX - box.left - this.left) / (this.width - this.left - this.right);
      const { x } = this.data;
      this.go(x[0] + clamp(share, 0, 1) * (x.at(-1) - x[0]));
    };
    this.svg.onpointermove = (event) => (event.pointerType === "mouse" || event.buttons) && move(event);
    this.svg.onpointerdown = move;
  }

  show(data) {
    const first = !this.data;
    if (first || data.at !== this.sent) this.x = data.at;
    this.sent = data.at;
    const text = JSON.stringify(data);
    if (text === this.text) return;
    [this.text, this.data] = [text, data];
    const { x } = data;
    this.slider.min = x[0];
    this.slider.max = x.at(-1);
    this.slider.step = data.step;
    this.drawCards();
    this.draw();
  }

  /** Values and slopes at the cursor: those of the grid, or the exact ones that came with it. */
  now() {
    const { x, curves, at, here } = this.data;
    if (this.x === at) return here;
    const place = Math.round((this.x - x[0]) / (x[1] - x[0]));
    return curves.map(({ values, slopes }) => [values[place], slopes[place]]);
  }

  go(wanted) {
    const { x } = this.data;
    const place = clamp(Math.round((wanted - x[0]) / (x[1] - x[0])), 0, x.length - 1);
    if (x[place] === this.x) return;
    this.x = x[place];
    this.drawCursor();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      if (this.x === this.sent) return;
      this.sent = this.x;
      this.tell("x", this.x);
    }, REST);
  }

  // Drawing ---------------------------------------------------------------------------------

  drawCards() {
    this.cards.replaceChildren(
      ...this.data.curves.map(({ title }, index) => {
        const name = make("p", "name", make("i", ""), title);
        return make("div", index ? "card second" : "card", name, make("p", "number value"), make("p", "number slope"), make("p", "state"));
      }),
    );
  }

  draw() {
    const { x, curves, view, slope_view: slopeView, threshold } = this.data;
    const letter = (this.letter = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);
    this.width = Math.max(this.plots.clientWidth, 200);
    const big = this.width / 760;
    [this.left, this.right] = [40 * letter, 12];
    let heights = [clamp(300 * big, 200, 420), clamp(170 * big, 130, 240)];
    if (window.innerWidth >= WIDE) {
      const rest = (110 + 20 * curves.length + 38) * letter; // titles, strips, numbers, slider
      const room = clamp(SHARE * window.innerHeight - rest, 190, heights[0] + heights[1]);
      heights = [0.64 * room, 0.36 * room];
    }
    const top = { from: 24 * letter, to: 24 * letter + heights[0] };
    const strips = { from: top.to + 30 * letter, step: 20 * letter };
    const low = { from: strips.from + curves.length * strips.step + 30 * letter };
    low.to = low.from + heights[1];
    const height = low.to + 26 * letter;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.style.height = `${height}px`;
    const across = this.width - this.left - this.right;
    this.px = (value) => this.left + ((value - x[0]) / (x.at(-1) - x[0])) * across;
    const scale = ({ from, to }, [bottom, ceiling]) => (value) => to - ((value - bottom) / (ceiling - bottom)) * (to - from);
    this.py = scale(top, view);
    this.ps = scale(low, slopeView);
    this.top = top;
    this.low = low;

    const defs = draw("defs", {});
    curves.forEach((_, index) => {
      const pattern = draw("pattern", { id: `stripes${index}`, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${index ? -45 : 45})` });
      pattern.append(draw("line", { x1: 0, x2: 0, y1: 0, y2: 8, class: `stripe${index}` }));
      defs.append(pattern);
    });
    for (const [name, { from, to }] of [["top", top], ["low", low]]) {
      const clip = draw("clipPath", { id: `clip-${name}` });
      clip.append(draw("rect", { x: this.left, y: from, width: across, height: to - from }));
      defs.append(clip);
    }
    const parts = [defs, draw("text", { x: this.left, y: 14 * letter, class: "title" }, "Value f(x)")];
    parts.push(...this.axes(this.py, view, top), ...this.axes(this.ps, slopeView, low, 0.5));
    parts.push(draw("text", { x: this.left, y: low.from - 9 * letter, class: "title" }, "Derivative f′(x)"));
    for (const end of [threshold, -threshold]) {
      if (end < slopeView[0]) continue;
      parts.push(draw("line", { x1: this.left, x2: this.width - this.right, y1: this.ps(end), y2: this.ps(end), class: "limit" }));
    }
    curves.forEach(({ values, slopes, title, flat }, index) => {
      for (const [numbers, place, name] of [[values, this.py, "top"], [slopes, this.ps, "low"]]) {
        // A step in the derivative is drawn as a gap, not as a slope.
        const path = numbers.map((value, i) => {
          const jump = i === 0 || (name === "low" && Math.abs(value - numbers[i - 1]) > 0.2);
          return `${jump ? "M" : "L"}${this.px(x[i]).toFixed(1)} ${place(value).toFixed(1)}`;
        });
        parts.push(draw("path", { d: path.join(""), class: `c${index}`, "clip-path": `url(#clip-${name})` }));
      }
      const y = strips.from + index * strips.step, high = strips.step - 5 * letter;
      parts.push(draw("rect", { x: this.left, y, width: across, height: high, class: "strip" }));
      for (const [start, end] of flat) {
        parts.push(draw("rect", { x: this.px(start), y, width: Math.max(this.px(end) - this.px(start), 2), height: high, fill: `url(#stripes${index})` }));
      }
    });
    parts.push(draw("text", { x: this.left, y: strips.from - 7 * letter, class: "title" }, "Saturated (striped)"));
    this.marks = draw("g", {});
    this.svg.replaceChildren(...parts, this.marks);
    this.drawCursor();
  }

  axes(place, [bottom, ceiling], { from, to }, step = 1) {
    const parts = [], { x } = this.data;
    for (let tick = Math.ceil(x[0] / 2) * 2; tick <= x.at(-1); tick += 2) {
      const at = this.px(tick);
      parts.push(draw("line", { x1: at, x2: at, y1: from, y2: to, class: tick ? "line" : "zero" }));
      if (to === this.low.to) parts.push(draw("text", { x: at, y: to + 18 * this.letter, "text-anchor": "middle" }, String(tick).replace("-", "−")));
    }
    for (let tick = Math.ceil(bottom / step) * step; tick <= ceiling; tick += step) {
      parts.push(draw("line", { x1: this.left, x2: this.width - this.right, y1: place(tick), y2: place(tick), class: tick ? "line" : "zero" }));
      parts.push(draw("text", { x: this.left - 6, y: place(tick) + 5, "text-anchor": "end" }, String(tick).replace("-", "−")));
    }
    return parts;
  }

  drawCursor() {
    const { curves, view, threshold } = this.data;
    const at = this.px(this.x), parts = [], now = this.now();
    parts.push(draw("line", { x1: at, x2: at, y1: this.top.from, y2: this.low.to, class: "cursor" }));
    now.forEach(([value, slope], index) => {
      const reach = 1.6; // how far the tangent goes on both sides, in units of x
      const ends = { x1: this.px(this.x - reach), x2: this.px(this.x + reach), y1: this.py(value - reach * slope), y2: this.py(value + reach * slope) };
      parts.push(draw("line", { ...ends, class: `c${index} tangent`, "clip-path": "url(#clip-top)" }));
      if (value >= view[0] && value <= view[1]) parts.push(draw("circle", { cx: at, cy: this.py(value), r: 6, class: `dot${index}` }));
      parts.push(draw("circle", { cx: at, cy: this.ps(slope), r: 6, class: `dot${index}` }));
    });
    this.marks.replaceChildren(...parts);
    this.slider.value = this.x;
    const text = `x = ${written(this.x)}`;
    this.at.textContent = text;
    now.forEach(([value, slope], index) => {
      const card = this.cards.children[index];
      card.querySelector(".value").textContent = `f(x) = ${written(value)}`;
      card.querySelector(".slope").textContent = `f′(x) = ${written(slope)}`;
      const flat = Math.abs(slope) < threshold;
      card.querySelector(".state").textContent = flat
        ? `✕ Saturated: ${slope === 0 ? "no gradient passes." : `a gradient shrinks to ${written(100 * Math.abs(slope))} %.`}`
        : `✓ Of a gradient, ${written(Math.round(1000 * Math.abs(slope)) / 10)} % passes${slope < 0 ? ", with its sign turned" : ""}.`;
    });
    const words = curves.map(({ title }, index) => `${title}: value ${written(now[index][0])}, derivative ${written(now[index][1])}`);
    this.svg.setAttribute("aria-label", `Curves at ${text}. ${words.join(". ")}.`);
    this.slider.setAttribute("aria-valuetext", `${text}. ${words.join(". ")}`);
  }
}
