// Films of feature inversion side by side: all layers at the same step. Every frame was computed in
// Python; here they are only shown. It opens at the last step, and nothing moves by itself.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const PACE = 420; // ms for each frame
const CALM = 1000; // the same with reduced motion
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
    this.root = make("section", "inversion-view", bar, this.films);
    this.root.setAttribute("aria-label", "What each layer still knows");
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
    const target = make("img", "");
    target.src = data.target.src;
    target.alt = data.target.alt;
    this.parts = data.films.map(() => [make("img", ""), make("span", "")]);
    const films = data.films.map((film, place) => {
      const [image, words] = this.parts[place];
      return make("figure", "", image, make("figcaption", "", make("code", "", film.layer), words));
    });
    const original = make("figure", "", target, make("figcaption", "", make("strong", "", "The picture")));
    this.films.replaceChildren(original, ...films);
    this.frame = this.last;
    this.draw();
  }

  draw() {
    const { steps, films } = this.data;
    this.slider.value = this.frame;
    this.less.disabled = this.frame === 0;
    this.more.disabled = this.frame === this.last;
    const total = steps[this.last];
    this.says.textContent = this.frame ? `after ${steps[this.frame]} of ${total} steps` : "the start: noise";
    this.slider.setAttribute("aria-valuetext", this.says.textContent);
    films.forEach((film, place) => {
      const [image, words] = this.parts[place];
      image.src = film.frames[this.frame];
      words.textContent = film.words[this.frame];
      image.alt = `From ${film.layer}, ${this.says.textContent}. ${film.words[this.frame]}`;
    });
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
