// Deletion and insertion side by side: two curves with their areas, one slider, and the pictures at
// the marked step. Every number and every picture was computed in Python.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const SVG = "http://www.w3.org/2000/svg";
const TOPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

export default function mount({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.show(data);
}

function draw(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A share as a percentage with two digits that count. */
function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "< 0.1\u202f%";
  return `${value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)}\u202f%`;
}

class View {
  constructor(root) {
    this.slider = make("input", "");
    this.slider.type = "range";
    this.slider.min = 0;
    this.slider.setAttribute("aria-label", "Share of the pixels that has changed");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.says = make("p", "says");
    this.parts = make("div", "curves");
    this.root = make("section", "trust-view", this.parts, make("div", "bar", this.slider, this.says));
    this.root.setAttribute("aria-label", "Deletion and insertion, step by step");
    this.root.onkeydown = (event) => event.stopPropagation(); // Streamlit's own keys: r, c
    root.append(this.root);
    new ResizeObserver(() => this.data && this.parts.clientWidth !== this.width && this.draw()).observe(this.parts);
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    [this.text, this.data] = [text, data];
    this.last = data.shares.length - 1;
    this.slider.max = this.last;
    this.at = Math.round(this.last / 4);
    const highest = Math.max(...data.curves.flatMap((curve) => curve.values));
    this.top = TOPS.find((top) => top >= highest) ?? 1;
    this.panes = data.curves.map((curve) => {
      const pane = { svg: draw("svg", { role: "img" }), image: make("img", data.few ? "few" : ""), now: make("p", "now") };
      const name = make("p", "name", make("strong", "", curve.title), ` ${curve.words}`);
      pane.root = make("div", `pane ${curve.kind}`, name, make("div", "both", pane.svg, make("figure", "", pane.image, pane.now)));
      return pane;
    });
    this.parts.replaceChildren(...this.panes.map((pane) => pane.root));
    this.draw();
  }

  draw() {
    this.width = this.parts.clientWidth;
    const { shares, curves } = this.data;
    const letter = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    curves.forEach((curve, index) => {
      const { svg } = this.panes[index];
      const width = Math.max(svg.clientWidth, 160);
      const height = Math.max(svg.clientHeight, 150);
      const [left, right, above, below] = [44 * letter, 10, 12 * letter, 40 * letter];
      const px = (share) => left + share * (width - left - right);
      const py = (value) => height - below - (value / this.top) * (height - above - below);
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("aria-label", `${curve.title}: ${curve.words} ${curve.alt}`);
      const line = curve.values.map((value, place) => `${place ? "L" : "M"}${px(shares[place])},${py(value)}`).join("");
      const all = [
        draw("path", { class: "area", d: `${line}L${px(1)},${py(0)}L${px(0)},${py(0)}Z` }),
        draw("line", { class: "axis", x1: px(0), x2: px(1), y1: py(0), y2: py(0) }),
        draw("line", { class: "axis", x1: px(0), x2: px(0), y1: py(0), y2: py(this.top) }),
        draw("path", { class: "curve", d: line }),
        draw("text", { x: left - 6, y: py(this.top) + 4, "text-anchor": "end" }, percent(this.top)),
        draw("text", { x: left - 6, y: py(0) + 4, "text-anchor": "end" }, "0"),
        draw("text", { x: left - 6, y: py(this.top / 2) + 4, "text-anchor": "end" }, percent(this.top / 2)),
        draw("text", { x: px(0), y: height - below + 16 * letter, "text-anchor": "start" }, "0"),
        draw("text", { x: px(1), y: height - below + 16 * letter, "text-anchor": "end" }, "100\u202f%"),
        draw("text", { x: px(0.5), y: height - 6, "text-anchor": "middle" }, curve.axis),
      ];
      const mark = draw("line", { class: "mark", y1: py(0), y2: py(this.top) });
      const dot = draw("circle", { class: "dot", r: 5 * letter });
      svg.replaceChildren(...all, mark, dot);
      svg.onpointerdown = (event) => this.point(event, svg, left, right, width);
      svg.onpointermove = (event) => event.buttons && this.point(event, svg, left, right, width);
      Object.assign(this.panes[index], { px, py, mark, dot });
    });
    this.go(this.at);
  }

  point(event, svg, left, right, width) {
    const box = svg.getBoundingClientRect();
    const share = ((event.clientX - box.left) * (width / box.width) - left) / (width - left - right);
    this.go(Math.round(clamp(share, 0, 1) * this.last));
  }

  go(place) {
    this.at = clamp(place, 0, this.last);
    const { shares, curves } = this.data;
    this.slider.value = this.at;
    const share = percent(shares[this.at]);
    this.says.textContent = `${share} of the pixels`;
    this.slider.setAttribute("aria-valuetext", this.says.textContent);
    curves.forEach((curve, index) => {
      const { px, py, mark, dot, image, now } = this.panes[index];
      const [x, y] = [px(shares[this.at]), py(curve.values[this.at])];
      mark.setAttribute("x1", x);
      mark.setAttribute("x2", x);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      image.src = curve.pictures[this.at];
      now.textContent = `${share} ${curve.done}: probability ${percent(curve.values[this.at])}`;
      image.alt = `The picture with ${now.textContent}.`;
    });
  }
}
