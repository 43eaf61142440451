// Films side by side, all at the same step, and curves of what was measured at every step. All was
// computed in Python; here it is only shown. It opens at the last step, and nothing moves by itself.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const PACE = 420; // ms for each frame
const CALM = 1000; // the same with reduced motion
const SVG = "http://www.w3.org/2000/svg";
const reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export default function mount({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.show(data);
  return () => view.pause();
}

class View {
  constructor(root) {
    this.play = button("Play", "Play or pause", () => this.toggle());
    this.play.classList.add("play");
    this.less = button("◀", "One frame back", () => this.go(this.frame - 1));
    this.more = button("▶", "One frame on", () => this.go(this.frame + 1));
    this.slider = make("input", "");
    this.slider.type = "range";
    this.slider.min = 0;
    this.slider.setAttribute("aria-label", "Frame");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.says = make("p", "says");
    const bar = make("div", "bar", this.play, this.less, this.slider, this.more, this.says);
    this.films = make("div", "films");
    this.curves = make("div", "curves");
    this.root = make("section", "film-view", bar, make("div", "stage", this.films, this.curves));
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    [this.text, this.data] = [text, data];
    this.pause();
    this.last = data.steps.length - 1;
    this.slider.max = this.last;
    this.root.setAttribute("aria-label", data.label);
    this.root.classList.toggle("pixelated", Boolean(data.pixelated));
    this.root.classList.toggle("with-curves", Boolean(data.curves));
    this.parts = data.films.map(() => [make("img", ""), make("span", "")]);
    const films = data.films.map((film, place) => {
      const [image, words] = this.parts[place];
      return make("figure", "", image, make("figcaption", "", make(data.code ? "code" : "strong", "", film.name), words));
    });
    if (data.target) {
      const target = make("img", "");
      target.src = data.target.src;
      target.alt = data.target.alt;
      films.unshift(make("figure", "", target, make("figcaption", "", make("strong", "", "The picture"))));
    }
    this.films.replaceChildren(...films);
    this.measured = (data.curves ?? []).map((curve) => new Curve(curve));
    this.curves.replaceChildren(...this.measured.map((curve) => curve.root));
    this.frame = this.last;
    this.draw();
  }

  draw() {
    const { steps, films } = this.data;
    this.slider.value = this.frame;
    this.less.disabled = this.frame === 0;
    this.more.disabled = this.frame === this.last;
    const total = steps[this.last];
    this.says.textContent = this.frame ? `after ${steps[this.frame]} of ${total} steps` : `the start: ${this.data.start}`;
    this.slider.setAttribute("aria-valuetext", this.says.textContent);
    films.forEach((film, place) => {
      const [image, words] = this.parts[place];
      image.src = film.frames[this.frame];
      words.textContent = film.words[this.frame];
      image.alt = `${film.name}, ${this.says.textContent}. ${film.words[this.frame]}`.trim();
    });
    for (const curve of this.measured) curve.at(steps[this.frame]);
  }

  go(frame, { playing = false } = {}) {
    if (!playing) this.pause();
    this.frame = clamp(frame, 0, this.last);
    this.draw();
  }

  toggle() {
    if (this.timer) return this.pause();
    this.go(this.frame === this.last ? 0 : this.frame, { playing: true });
    this.play.textContent = "Pause";
    const pace = reduced() ? CALM : PACE;
    this.timer = setInterval(() => {
      this.go(this.frame + 1, { playing: true });
      if (this.frame === this.last) this.pause();
    }, pace);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  key(event) {
    if (event.target === this.slider) {
      event.stopPropagation(); // letters such as r would reach Streamlit
      return;
    }
    const to = { ArrowLeft: this.frame - 1, ArrowRight: this.frame + 1, Home: 0, End: this.last }[event.key];
    if (to !== undefined) {
      this.go(to);
      event.preventDefault();
    }
    event.stopPropagation();
  }
}

/** What was measured at every step: a line, its range, and a mark at the step that is shown. */
class Curve {
  constructor({ name, values }) {
    this.values = values;
    const last = values.length - 1;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const y = (value) => (high > low ? 96 - (92 * (value - low)) / (high - low) : 50);
    const points = values.map((value, step) => `${((100 * step) / last).toFixed(2)},${y(value).toFixed(2)}`);
    const svg = draw("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img" });
    svg.setAttribute("aria-label", `${name}: ${short(values[0])} at the start, ${short(values[last])} after ${last} steps`);
    this.mark = draw("line", { class: "mark", y1: 0, y2: 100 });
    svg.append(this.mark, draw("polyline", { class: "line", points: points.join(" ") }));
    this.now = make("strong", "");
    const ends = make("div", "ends", make("span", "", short(high)), make("span", "", short(low)));
    this.root = make("div", "curve", make("p", "", `${name}: `, this.now), make("div", "plot", ends, svg));
  }

  at(step) {
    const x = (100 * step) / (this.values.length - 1);
    this.mark.setAttribute("x1", x);
    this.mark.setAttribute("x2", x);
    this.now.textContent = short(this.values[step]);
  }
}

function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A number with three digits, and a true minus sign. */
function short(value) {
  const text = Math.abs(value) >= 999.5 ? Math.round(value).toString() : String(Number(value.toPrecision(3)));
  return text.replace(/-/g, "−");
}
