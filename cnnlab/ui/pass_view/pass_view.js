// Passes of training, one by one: a small network whose units go dark, or a row of blocks of which
// some are skipped. Every mask and every number was computed in Python; here they are only shown.
// Python hears of a pass that one rests at.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const REST = 400; // ms after the last step until Python hears of it
const PACE = { network: 900, blocks: 700 }; // ms for each pass while playing
const WIDE = 900; // pixels of a window from which on the network fits into a part of its height
const SHARE = 0.5; // this part
const SVG = "http://www.w3.org/2000/svg";
export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
  const fit = () => view.data.kind === "network" && view.build();
  window.addEventListener("resize", fit); // the height of the window counts too
  return () => {
    window.removeEventListener("resize", fit);
    view.pause();
  };
}

function draw(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function written(value, digits = 2) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace("-", "−");
}

const letter = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

class View {
  constructor(root) {
    this.play = button("Play", "Play or pause", () => this.toggle());
    this.play.classList.add("play");
    this.less = button("◀", "One pass back", () => this.go(this.number - 1));
    this.more = button("▶", "One pass on", () => this.go(this.number + 1));
    this.slider = make("input", "");
    this.slider.type = "range";
    this.slider.min = 1;
    this.slider.setAttribute("aria-label", "Pass");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.bar = make("div", "bar", this.play, this.less, this.more, this.slider);
    this.says = make("p", "says");
    this.says.setAttribute("aria-live", "polite");
    this.stage = make("div", "parts");
    this.chartTitle = make("figcaption", "");
    this.chart = draw("svg", { role: "img" });
    this.legend = make("div", "legend");
    this.meanPart = make("figure", "", this.chartTitle, this.chart, this.legend);
    this.root = make("section", "pass-view", this.bar, this.says, this.stage, this.meanPart);
    this.root.setAttribute("aria-label", "Passes of training");
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
    new ResizeObserver(() => {
      if (this.data && this.root.clientWidth !== this.width) this.build();
    }).observe(this.root);
  }

  show(data) {
    const text = JSON.stringify(data);
    const same = text === this.text;
    if (!this.data || data.at !== this.sent) this.number = data.at;
    this.sent = data.at;
    if (same) return;
    const known = this.data && JSON.stringify({ ...this.data, at: 0 }) === JSON.stringify({ ...data, at: 0 });
    [this.text, this.data] = [text, data];
    if (known) return this.draw(); // only the pass is another
    if (data.test) this.pause();
    this.slider.max = data.passes;
    this.build();
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.target instanceof HTMLButtonElement && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      if (!this.data.test) this.go(this.number + (event.key === "ArrowRight" ? 1 : -1));
      event.preventDefault();
    }
  }

  // Through the passes ----------------------------------------------------------------------

  go(number, { playing = false } = {}) {
    if (!playing) this.pause();
    this.number = clamp(number, 1, this.data.passes);
    this.draw();
    clearTimeout(this.soon);
    if (!playing) this.soon = setTimeout(() => this.settle(), REST);
  }

  settle() {
    if (this.number === this.sent) return;
    this.sent = this.number;
    this.tell("number", this.number);
  }

  toggle() {
    if (this.timer) {
      this.pause();
      return this.settle();
    }
    if (this.number === this.data.passes) this.number = 0;
    this.go(this.number + 1, { playing: true });
    this.timer = setInterval(() => {
      if (this.number < this.data.passes) return this.go(this.number + 1, { playing: true });
      this.pause();
      this.settle();
    }, PACE[this.data.kind]);
    this.play.textContent = "Pause";
  }

  pause() {
    clearInterval(this.timer);
    clearTimeout(this.soon);
    this.timer = null;
    this.play.textContent = "Play";
  }

  // Drawing ---------------------------------------------------------------------------------

  build() {
    this.width = this.root.clientWidth;
    this.stage.classList.toggle("single", this.data.kind === "blocks");
    if (this.data.kind === "network") this.buildNetwork();
    else this.buildBlocks();
    this.buildChart();
    this.draw();
  }

  draw() {
    const { test, passes } = this.data;
    this.number = clamp(this.number, 1, passes);
    for (const part of [this.play, this.slider]) part.disabled = test;
    this.less.disabled = test || this.number === 1;
    this.more.disabled = test || this.number === passes;
    this.slider.value = this.number;
    this.slider.setAttribute("aria-valuetext", `pass ${this.number} of ${passes}`);
    if (this.data.kind === "network") this.drawNetwork();
    else this.drawBlocks();
    this.drawChart();
  }

  say(text) {
    if (this.says.textContent !== text) this.says.textContent = text;
  }

  buildNetwork() {
    const { sizes, layer_names: names } = this.data;
    const big = letter(), wide = Math.min(this.width < 768 ? this.width : this.width * 0.56, 640 * big);
    const most = Math.max(...sizes), top = 30 * big;
    let radius = Math.min(22 * big, wide / 15), row = Math.max(52, radius * 2.5);
    if (window.innerWidth >= WIDE) {
      row = Math.min(row, Math.max((SHARE * window.innerHeight - top) / most, 42 * big));
      radius = Math.min(radius, row / 2.3);
    }
    const height = top + most * row;
    this.net = draw("svg", { role: "img", viewBox: `0 0 ${wide} ${height}` });
    this.net.style.maxWidth = `${wide}px`;
    const x = (layer) => radius + 6 + (layer * (wide - 2 * radius - 12)) / (sizes.length - 1);
    const y = (layer, unit) => top + (height - top) / 2 + (unit - (sizes[layer] - 1) / 2) * row;
    this.links = [];
    this.units = [];
    names.forEach((name, layer) => {
      const side = layer === 0 ? "head start" : layer === sizes.length - 1 ? "head end" : "head";
      const at = layer === 0 ? 0 : layer === sizes.length - 1 ? wide : x(layer);
      this.net.append(draw("text", { x: at, y: 16 * big, class: side }, name));
      for (let unit = 0; layer && unit < sizes[layer]; unit++) {
        for (let from = 0; from < sizes[layer - 1]; from++) {
          const line = draw("line", { x1: x(layer - 1), y1: y(layer - 1, from), x2: x(layer), y2: y(layer, unit), class: "link" });
          this.links.push([line, layer - 1, from, layer, unit]);
          this.net.append(line);
        }
      }
    });
    sizes.forEach((size, layer) => {
      this.units.push([]);
      for (let unit = 0; unit < size; unit++) {
        const [cx, cy] = [x(layer), y(layer, unit)];
        const text = draw("text", { x: cx, y: cy + 5 * big });
        const group = draw("g", { class: "unit" }, draw("circle", { cx, cy, r: radius }), text);
        this.units[layer].push([group, text]);
        this.net.append(group);
      }
    });
    const head = make("tr", "", ...["unit", "before", "mask", "times", "after"].map((word) => make("th", "", word)));
    this.rows = make("tbody", "");
    const table = make("table", "", make("caption", "", this.data.test ? "Hidden units at test time" : "Hidden units in this pass"), make("thead", "", head), this.rows);
    this.stage.replaceChildren(make("figure", "", this.net), table);
  }

  drawNetwork() {
    const { sizes, inputs, records, full, test, keep, scaling, distinct, passes } = this.data;
    const record = test ? full : records[this.number - 1];
    const kept = [Array(sizes[0]).fill(true), record.kept.slice(0, sizes[1]), record.kept.slice(sizes[1]), [true]];
    const values = [inputs, record.after.slice(0, sizes[1]), record.after.slice(sizes[1]), [record.output]];
    this.units.forEach((layer, l) =>
      layer.forEach(([group, text], u) => {
        group.setAttribute("class", `unit${l ? "" : " input"}${kept[l][u] ? "" : " off"}`);
        text.textContent = kept[l][u] ? written(values[l][u]) : "✕";
      }),
    );
    for (const [line, l1, u1, l2, u2] of this.links) {
      line.setAttribute("class", kept[l1][u1] && kept[l2][u2] ? "link" : "link off");
    }
    const inverted = scaling === "inverted";
    const times = (test ? inverted : !inverted) ? 1 : inverted ? 1 / keep : keep;
    const factor = written(times, 3).replace(/\.?0+$/, "");
    this.rows.replaceChildren(
      ...record.kept.map((on, place) => {
        const name = place < sizes[1] ? `a${place + 1}` : `b${place - sizes[1] + 1}`;
        const title = make("th", "", name);
        title.scope = "row";
        const mask = test ? "–" : on ? "1" : "0 ✕";
        return make("tr", on ? "" : "off", title, make("td", "", written(record.before[place])), make("td", "", mask), make("td", "", on ? factor : "–"), make("td", "", written(record.after[place])));
      }),
    );
    const dropped = record.kept.filter((on) => !on).length, count = record.kept.length;
    const text = test
      ? `Test time: no unit is dropped${inverted ? "" : `, and every value is multiplied by 1 − p = ${written(keep, 2)}`}. Output ${written(record.output, 3)}.`
      : `Pass ${this.number} of ${passes}: ${dropped} of ${count} units dropped, output ${written(record.output, 3)}. Different sub-networks so far: ${distinct[this.number - 1]} of ${this.data.subnetworks.toLocaleString("en")}.`;
    this.say(text);
    const off = record.kept.flatMap((on, place) => (on ? [] : [place < sizes[1] ? `a${place + 1}` : `b${place - sizes[1] + 1}`]));
    this.net.setAttribute("aria-label", `A network of ${sizes.join(", ")} units. ${off.length ? `Dropped: ${off.join(", ")}` : "No unit is dropped"}. Output ${written(record.output, 3)}.`);
  }

  buildBlocks() {
    const { survival } = this.data;
    this.boxes = survival.map((chance, place) => {
      const box = make("div", "box", String(place + 1));
      const item = make("li", "block", make("div", "around"), box, make("div", "chance", written(chance)));
      return item;
    });
    this.list = make("ul", "blocks", ...this.boxes);
    this.list.setAttribute("role", "img");
    this.stage.replaceChildren(this.list);
  }

  drawBlocks() {
    const { kept, survival, test, passes, expected } = this.data;
    const on = test ? "1".repeat(survival.length) : kept[this.number - 1];
    this.boxes.forEach((item, place) => item.classList.toggle("off", on[place] === "0"));
    const runs = [...on].filter((bit) => bit === "1").length, count = survival.length;
    const skipped = [...on].flatMap((bit, place) => (bit === "0" ? [place + 1] : []));
    this.say(
      test
        ? `Test time: all ${count} blocks run, and each f(x) is multiplied by the block's survival probability.`
        : `Pass ${this.number} of ${passes}: ${runs} of ${count} blocks run, ${count - runs} are skipped. Expected: ${written(expected).replace(/\.?0+$/, "")}.`,
    );
    this.list.setAttribute("aria-label", skipped.length ? `Blocks skipped: ${skipped.join(", ")}.` : "Every block runs.");
  }

  buildChart() {
    const { means, levels, chart_title: title } = this.data;
    this.chartTitle.textContent = title;
    const all = [...means, ...levels.map(([, value]) => value)];
    let [low, high] = [Math.min(...all), Math.max(...all)];
    const room = Math.max((high - low) * 0.1, 1e-3);
    [low, high] = [low - room, high + room];
    const wide = Math.max(this.width, 200), big = letter(), height = 170 * big;
    const [left, right, top, bottom] = [52 * big, 14, 8, 24 * big];
    this.px = (number) => left + ((number - 1) / Math.max(means.length - 1, 1)) * (wide - left - right);
    this.py = (value) => height - bottom - ((value - low) / (high - low)) * (height - bottom - top);
    this.chart.setAttribute("viewBox", `0 0 ${wide} ${height}`);
    this.chart.style.height = `${height}px`;
    const parts = [];
    for (let i = 0; i <= 3; i++) {
      const value = low + (i * (high - low)) / 3, y = this.py(value);
      parts.push(draw("line", { x1: left, x2: wide - right, y1: y, y2: y, class: "axis" }));
      parts.push(draw("text", { x: left - 6, y: y + 5, class: "end" }, written(value)));
    }
    for (const number of [1, ...(wide < 500 * big ? [0.25, 0.5, 1] : [0.25, 0.5, 0.75, 1]).map((share) => Math.round(share * means.length))]) {
      const last = number === means.length;
      parts.push(draw("text", { x: this.px(number), y: height - 6, class: last ? "end" : "" }, last ? `pass ${number}` : String(number)));
    }
    levels.forEach(([, value], place) => {
      parts.push(draw("line", { x1: left, x2: wide - right, y1: this.py(value), y2: this.py(value), class: `level${place}` }));
    });
    this.path = draw("path", { class: "mean" });
    this.dot = draw("circle", { r: 6, class: "now" });
    this.chart.replaceChildren(...parts, this.path, this.dot);
    this.meanWords = make("span", "", make("i", ""), "");
    this.legend.replaceChildren(this.meanWords, ...levels.map(([label, value], place) => make("span", `l${place}`, make("i", ""), `${label}: ${written(value, 3)}`)));
  }

  drawChart() {
    const { means, levels, test } = this.data;
    this.meanPart.hidden = test;
    if (test) return;
    const seen = means.slice(0, this.number);
    const places = seen.map((value, place) => `${place ? "L" : "M"}${this.px(place + 1).toFixed(1)} ${this.py(value).toFixed(1)}`);
    this.path.setAttribute("d", places.join(""));
    this.dot.setAttribute("cx", this.px(this.number));
    this.dot.setAttribute("cy", this.py(seen.at(-1)));
    const words = `mean of passes 1 to ${this.number}: ${written(seen.at(-1), 3)}`;
    this.meanWords.lastChild.textContent = words;
    this.chart.setAttribute("aria-label", [words, ...levels.map(([label, value]) => `${label}: ${written(value, 3)}`)].join("; "));
  }
}
