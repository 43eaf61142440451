// A window slides over a picture, and each map gains a cell at every step. All numbers were computed
// in Python; here they are only drawn. It opens with the whole maps, and nothing moves by itself.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const FILM = 14000; // ms that the whole film lasts, unless it has few steps
const SLOWEST = 160; // ms for each step
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
    this.less = button("◀", "One position back", () => this.go(this.step - 1));
    this.more = button("▶", "One position on", () => this.go(this.step + 1));
    this.slider = make("input", "");
    this.slider.type = "range";
    this.slider.min = 0;
    this.slider.setAttribute("aria-label", "Position of the window");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.says = make("p", "says");
    const bar = make("div", "bar", this.play, this.less, this.slider, this.more, this.says);
    this.maps = make("div", "maps");
    this.root = make("section", "occlusion-view", bar, this.maps);
    this.root.setAttribute("aria-label", "The window slides over the picture");
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    [this.text, this.data] = [text, data];
    this.pause();
    this.last = data.boxes.length - 1;
    this.slider.max = this.last;
    this.picture = make("canvas", "");
    const [high, wide] = data.size;
    this.zoom = Math.max(1, Math.round(448 / wide));
    [this.picture.width, this.picture.height] = [wide * this.zoom, high * this.zoom];
    this.picture.setAttribute("role", "img");
    this.now = make("p", "now");
    this.images = [image(data.picture, () => this.drawPicture()), image(data.fill, () => this.drawPicture())];
    this.parts = data.maps.map((map) => this.part(map));
    const first = make("figure", "", make("h3", "", "What the network sees"), this.picture, this.now);
    this.maps.replaceChildren(first, ...this.parts.map((part) => part.figure));
    this.step = this.last;
    this.draw();
  }

  part(map) {
    const canvas = make("canvas", "cells");
    const cell = Math.max(4, Math.floor(420 / Math.max(this.data.rows, this.data.columns)));
    [canvas.width, canvas.height] = [this.data.columns * cell, this.data.rows * cell];
    canvas.setAttribute("role", "img");
    canvas.onclick = (event) => {
      const box = canvas.getBoundingClientRect();
      const at = (share, count) => clamp(Math.floor(share * count), 0, count - 1);
      const column = at((event.clientX - box.left) / box.width, this.data.columns);
      const row = at((event.clientY - box.top) / box.height, this.data.rows);
      this.go(row * this.data.columns + column);
    };
    const now = make("p", "now");
    const figure = make("figure", "", make("h3", "", map.title), canvas);
    if (map.ramp) {
      const ramp = make("div", "ramp");
      ramp.style.background = map.ramp;
      figure.append(ramp, make("div", "ends", make("span", "", map.low), make("span", "", map.high)));
    }
    figure.append(now);
    if (map.legend) figure.append(legend(map.legend));
    return { map, canvas, cell, now, figure };
  }

  draw() {
    const { rows, columns } = this.data;
    this.slider.value = this.step;
    this.less.disabled = this.step === 0;
    this.more.disabled = this.step === this.last;
    const row = Math.floor(this.step / columns) + 1;
    const place = `row ${row} of ${rows}, column ${(this.step % columns) + 1} of ${columns}`;
    this.says.textContent = `position ${this.step + 1} of ${this.last + 1}`;
    this.slider.setAttribute("aria-valuetext", `${this.says.textContent}: ${place}`);
    this.now.textContent = `Window in ${place}.`;
    this.drawPicture();
    for (const part of this.parts) this.drawMap(part);
  }

  drawPicture() {
    const [photo, fill] = this.images;
    if (!photo.complete || !fill.complete || !photo.naturalWidth) return;
    const [top, left, bottom, right] = this.data.boxes[this.step];
    const [x, y, w, h] = [left, top, right - left, bottom - top];
    const pen = this.picture.getContext("2d");
    const z = this.zoom;
    pen.imageSmoothingEnabled = z < 5; // a digit keeps its pixels
    pen.drawImage(photo, 0, 0, this.picture.width, this.picture.height);
    pen.drawImage(fill, x, y, w, h, x * z, y * z, w * z, h * z);
    for (const [width, colour] of [[5, "#fff"], [2, "#9e1c86"]]) {
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.strokeRect(x * z, y * z, w * z, h * z);
    }
    this.picture.setAttribute("aria-label", `${this.data.alt} ${this.now.textContent}`);
  }

  drawMap({ map, canvas, cell, now }) {
    const pen = canvas.getContext("2d");
    const { columns } = this.data;
    pen.fillStyle = "#8a929a";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.font = `700 ${Math.round(cell * 0.5)}px sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let step = 0; step <= this.step; step++) {
      const [x, y] = [(step % columns) * cell, Math.floor(step / columns) * cell];
      pen.fillStyle = map.colours[step];
      pen.fillRect(x, y, cell, cell);
      if (map.marks && cell >= 16) {
        pen.fillStyle = map.inks[step];
        pen.fillText(map.marks[step], x + cell / 2, y + cell / 2);
      }
    }
    const [x, y] = [(this.step % columns) * cell, Math.floor(this.step / columns) * cell];
    const edge = Math.max(1, Math.round(cell / 14));
    for (const [width, colour] of [[3 * edge, "#fff"], [edge, "#9e1c86"]]) {
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.strokeRect(x + 1, y + 1, cell - 2, cell - 2);
    }
    now.textContent = map.words[this.step];
    canvas.setAttribute("aria-label", `${map.title}, after ${this.says.textContent}. ${now.textContent}`);
  }

  go(step, { playing = false } = {}) {
    if (!playing) this.pause();
    this.step = clamp(step, 0, this.last);
    this.draw();
  }

  toggle() {
    if (this.timer) return this.pause();
    this.go(this.step === this.last ? 0 : this.step, { playing: true });
    this.play.textContent = "Pause";
    const pace = reduced() ? CALM : Math.min(SLOWEST, FILM / (this.last + 1));
    const stride = Math.max(1, Math.round(20 / pace)); // many positions: several at each beat
    this.timer = setInterval(() => {
      this.go(this.step + stride, { playing: true });
      if (this.step === this.last) this.pause();
    }, Math.max(pace, 20));
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
    const { columns } = this.data;
    const to = {
      ArrowLeft: this.step - 1,
      ArrowRight: this.step + 1,
      ArrowUp: this.step - columns,
      ArrowDown: this.step + columns,
      Home: 0,
      End: this.last,
    }[event.key];
    if (to !== undefined) {
      this.go(to);
      event.preventDefault();
    }
    event.stopPropagation();
  }
}

function image(source, ready) {
  const made = make("img", "");
  made.onload = ready;
  made.src = source;
  return made;
}

function legend(entries) {
  const list = make("ul", "legend");
  for (const { mark, colour, ink, name, where } of entries) {
    const sign = make("span", "mark", mark);
    sign.style.background = colour;
    sign.style.color = ink;
    list.append(make("li", "", sign, make("span", "", name, make("small", "", where))));
  }
  return list;
}
