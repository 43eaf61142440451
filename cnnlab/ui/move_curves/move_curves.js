// Curves over a series of moves. Everything was computed in Python; here a line marks where the
// picture of the stage above stands, even while it is dragged, and a click sends it elsewhere.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const SVG = "http://www.w3.org/2000/svg";
const NEUTRAL = { right: 0, down: 0, scale: 1, angle: 0 };

export default function mount({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.listen();
  view.show(data);
  return () => view.leave();
}

function draw(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const minus = (text) => String(text).replace("-", "−");

class View {
  constructor(root) {
    this.svg = draw("svg", { role: "img" });
    this.plots = make("div", "plots", this.svg);
    this.plots.tabIndex = 0;
    this.plots.setAttribute("role", "slider");
    this.legend = make("p", "legend");
    this.at = make("p", "at");
    this.root = make("section", "move-curves", this.plots, this.legend, this.at);
    this.root.setAttribute("aria-label", "Curves");
    this.root.onkeydown = (event) => event.stopPropagation(); // Streamlit's own keys: r, c
    this.plots.onkeydown = (event) => this.key(event);
    this.svg.onclick = (event) => this.go(this.nearest(event));
    this.svg.onpointermove = (event) => event.pointerType === "mouse" && this.look(this.nearest(event));
    this.svg.onpointerleave = () => this.look(null);
    root.append(this.root);
    new ResizeObserver(() => this.data && this.plots.clientWidth !== this.width && this.draw()).observe(this.plots);
    this.hear = (event) => {
      this.move = event.detail;
      if (this.data) this.drawMarks();
    };
  }

  listen() {
    window.addEventListener("cnnlab-picture-moved", this.hear);
  }

  leave() {
    window.removeEventListener("cnnlab-picture-moved", this.hear);
  }

  show(data) {
    if (!this.data || JSON.stringify(data.move) !== this.told) this.move = { ...data.move };
    this.told = JSON.stringify(data.move);
    const { move, ...rest } = data;
    const text = JSON.stringify(rest);
    this.data = data;
    if (text === this.text) {
      this.drawMarks();
      return;
    }
    this.text = text;
    this.over = null;
    this.drawLegend();
    this.draw();
  }

  // Moving ----------------------------------------------------------------------------------

  /** The place in the series that is nearest to a pointer. */
  nearest(event) {
    const box = this.svg.getBoundingClientRect();
    const share = (event.clientX - box.left - this.left) / (this.width - this.left - this.right);
    return clamp(Math.round(share * (this.data.values.length - 1)), 0, this.data.values.length - 1);
  }

  go(place) {
    const detail = { ...NEUTRAL, [this.data.number]: this.data.values[place] };
    window.dispatchEvent(new CustomEvent("cnnlab-move-picture", { detail }));
  }

  look(place) {
    if (place === this.over) return;
    this.over = place;
    this.drawMarks();
  }

  /** How far along the axis the picture stands, in places of the series. */
  along() {
    const { values, number } = this.data;
    return (this.move[number] - values[0]) / (values[1] - values[0]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.data.values.length - 1, along = this.along();
    const places = {
      ArrowLeft: Math.ceil(along - 1 - 1e-6),
      ArrowDown: Math.ceil(along - 1 - 1e-6),
      ArrowRight: Math.floor(along + 1 + 1e-6),
      ArrowUp: Math.floor(along + 1 + 1e-6),
      Home: 0,
      End: last,
    };
    if (!(event.key in places)) return;
    event.preventDefault();
    this.go(clamp(places[event.key], 0, last));
  }

  // Drawing ---------------------------------------------------------------------------------

  drawLegend() {
    const { layers, watched } = this.data;
    const dot = (kind) => {
      const sign = draw("svg", { viewBox: "0 0 38 14" });
      sign.append(draw("path", { d: "M2 7H36", class: "share" }), draw("circle", { cx: 19, cy: 7, r: 5, class: kind }));
      return sign;
    };
    const stroke = (index) => {
      const sign = draw("svg", { viewBox: "0 0 38 14" });
      sign.append(draw("path", { d: "M2 7H36", class: `c${index}` }));
      return sign;
    };
    this.legend.replaceChildren(
      make("span", "", dot("dot"), `${watched} is the first guess`),
      make("span", "", dot("dot other"), "another class is"),
      ...layers.map(({ name, where }, index) => make("span", "", stroke(index), `${where}: ${name}`)),
    );
  }

  draw() {
    const { values, shares, guesses, layers, watched, ticks, unit } = this.data;
    const letter = (this.letter = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);
    this.width = Math.max(this.plots.clientWidth, 220);
    [this.left, this.right] = [46 * letter, 24 * letter];
    const across = this.width - this.left - this.right;
    const last = values.length - 1;
    const px = (this.px = (place) => this.left + (place / last) * across);
    const gap = across / last;
    const big = clamp(this.width / 760, 0.8, 1.15);
    const top = (this.top = { from: 26 * letter, to: 26 * letter + 170 * big });
    const band = { from: top.to + 30 * letter, high: 24 * letter };
    const low = (this.low = { from: band.from + band.high + 34 * letter });
    low.to = low.from + 140 * big;
    const picture = clamp(3 * gap - 4, 34, 60);
    const rowFrom = low.to + 30 * letter;
    const height = rowFrom + picture + 8;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.style.height = `${height}px`;
    const most = Math.max(1, ...layers.flatMap(({ distances }) => distances));
    const ceiling = Math.ceil(4 * most - 1e-6) / 4;
    this.py = (share) => top.to - share * (top.to - top.from);
    this.pd = (distance) => low.to - (distance / ceiling) * (low.to - low.from);
    const title = (y, text) => draw("text", { x: this.left, y, class: "title" }, text);
    const parts = [title(15 * letter, this.fit(`Probability of “${watched}”`, across, 8.6))];

    for (const share of [0, 0.5, 1]) parts.push(...this.level(this.py(share), `${100 * share} %`));
    const step = ceiling > 2 ? 1 : 0.5;
    for (let distance = 0; distance <= ceiling + 1e-9; distance += step) parts.push(...this.level(this.pd(distance), minus(distance)));
    const start = px(values.indexOf(NEUTRAL[this.data.number]));
    parts.push(draw("line", { x1: start, x2: start, y1: top.from, y2: low.to, class: "start" }));

    parts.push(title(band.from - 8 * letter, "First guess"));
    for (let from = 0; from <= last; ) {
      let to = from;
      while (to < last && guesses[to + 1] === guesses[from]) to += 1;
      const x = Math.max(px(from) - gap / 2, this.left - gap / 2), wide = (to - from + 1) * gap;
      const name = guesses[from];
      const part = draw("rect", { x, y: band.from, width: wide, height: band.high, class: name === watched ? "band watched" : "band" });
      part.append(draw("title", {}, name));
      parts.push(part);
      const text = this.fit(name, wide - 6, 7.4);
      if (text.length > 2 || text === name) {
        parts.push(draw("text", { x: x + wide / 2, y: band.from + 17 * letter, "text-anchor": "middle", class: "guess" }, text));
      }
      from = to + 1;
    }

    parts.push(title(low.from - 9 * letter, this.fit("Distance of the features", across, 8.2)));
    layers.forEach(({ distances }, index) => parts.push(draw("path", { d: this.path(distances, this.pd), class: `c${index}` })));
    parts.push(draw("path", { d: this.path(shares, this.py), class: "share" }));
    shares.forEach((share, place) => {
      const other = guesses[place] !== watched;
      parts.push(draw("circle", { cx: px(place), cy: this.py(share), r: clamp(gap / 4, 2.5, 4.5), class: other ? "dot other" : "dot" }));
    });

    for (const tick of ticks) {
      const at = px((tick - values[0]) / (values[1] - values[0]));
      parts.push(draw("text", { x: at, y: low.to + 18 * letter, "text-anchor": "middle" }, `${minus(tick)}${unit}`));
    }
    const every = Math.max(1, Math.ceil((picture + 4) / gap));
    for (let place = 0; place <= last; place += every) {
      const image = draw("image", { href: this.data.thumbs[place], x: px(place) - picture / 2, y: rowFrom, width: picture, height: picture });
      if (this.data.pixels) image.style.imageRendering = "pixelated";
      parts.push(image);
    }
    this.marks = draw("g", {});
    this.svg.replaceChildren(this.marks, ...parts); // the marks stand behind the curves
    this.drawMarks();
  }

  level(y, text) {
    return [
      draw("line", { x1: this.left, x2: this.width - this.right, y1: y, y2: y, class: "line" }),
      draw("text", { x: this.left - 6 * this.letter, y: y + 5, "text-anchor": "end" }, text),
    ];
  }

  path(numbers, place) {
    return numbers.map((number, i) => `${i ? "L" : "M"}${this.px(i).toFixed(1)} ${place(number).toFixed(1)}`).join("");
  }

  /** Cut a text that is wider than some pixels, at so many for a letter. */
  fit(text, wide, each) {
    const most = Math.floor(wide / (each * this.letter));
    return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 0))}…`;
  }

  drawMarks() {
    const { values, shares, number, layers } = this.data;
    const along = this.along(), last = values.length - 1;
    const beside = Object.keys(NEUTRAL).some((name) => name !== number && this.move[name] !== NEUTRAL[name]);
    const parts = [];
    if (this.over !== null) {
      parts.push(draw("line", { x1: this.px(this.over), x2: this.px(this.over), y1: this.top.from, y2: this.low.to, class: "over" }));
    }
    if (along >= 0 && along <= last) {
      const at = this.px(along);
      parts.push(draw("line", { x1: at, x2: at, y1: this.top.from, y2: this.low.to, class: beside ? "here beside" : "here" }));
      parts.push(draw("path", { d: `M${at - 6} ${this.top.from - 9}h12l-6 9z`, class: "flag", style: "fill: var(--st-violet-color)" }));
    }
    this.marks.replaceChildren(...parts);
    const near = clamp(Math.round(along), 0, last);
    const place = this.over ?? near;
    const what = this.over === null ? (beside || Math.abs(along - near) > 1e-6 ? "On the curve, next to the picture" : "Where the picture is") : "Under the pointer";
    const far = layers.map(({ where, distances }) => `${where} ${distances[place].toFixed(2)}`).join(", ");
    const { guesses, watched } = this.data;
    const other = guesses[place] === watched ? "" : `; “${watched}” has ${this.data.texts[place]}`;
    const words = `${this.data.names[place]}: “${guesses[place]}” is the first guess with ${this.data.best[place]}${other}. Distances: ${far}.`;
    const off = beside && this.over === null ? " The picture is moved in other ways too, so this curve is not its own." : "";
    this.at.replaceChildren(make("strong", "", `${what}, `), words + off);
    this.svg.setAttribute("aria-label", `${this.data.alt} ${words}`);
    for (const [name, value] of Object.entries({ label: this.data.alt, valuemin: values[0], valuemax: values[last], valuenow: this.move[number], valuetext: words })) {
      this.plots.setAttribute(`aria-${name}`, value);
    }
  }
}
