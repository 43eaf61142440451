// A picture that is dragged, scaled and turned on what a network sees. The preview is made here, by
// CSS; Python hears of a place once the picture rests there, and sends the network's answer. An
// answer for another place is never shown as the answer: until the right one is there, it says so.
// The curves below the stage hear of every move, and may ask for one, by events on the window.

const stages = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement, setTriggerValue }) {
  let stage = stages.get(parentElement);
  if (!stage) stages.set(parentElement, (stage = new Stage(parentElement)));
  stage.tell = (move) => setTriggerValue("move", move);
  stage.listen();
  stage.show(data);
  return () => stage.leave();
}

const REST = 300; // ms after the last change until the network is asked
const MARGIN = 0.14; // of the world on each side of what the network sees
const EDGE = 5; // the repeated edge is drawn so many times as wide as the picture
const NUMBERS = ["right", "down", "scale", "angle"];
const START = { right: 0, down: 0, scale: 1, angle: 0 };
const same = (one, other) => NUMBERS.every((name) => one[name] === other[name]);
const radians = (degrees) => (degrees * Math.PI) / 180;

class Stage {
  constructor(root) {
    this.count = 0; // how many moves Python has been told of
    this.fingers = new Map();
    this.buildWorld();
    this.buildBar();
    this.where = make("p", "where");
    const keys = "Drag the picture, or use the keys: arrows shift, + and − scale, [ and ] turn, 0 puts it back. With Shift, arrows go by single pixels.";
    const left = make("div", "left", this.world, this.where, this.bar, make("p", "keys", keys));
    this.head = make("p", "head");
    this.head.setAttribute("aria-live", "polite");
    this.list = make("ol", "guesses");
    this.gotPicture = make("img", "");
    this.gotWords = make("span", "");
    this.got = make("div", "got", this.gotPicture, this.gotWords);
    this.right = make("div", "right", this.head, this.list, this.got);
    this.root = make("section", "move-stage", left, this.right);
    this.root.setAttribute("aria-label", "A picture in front of a network");
    this.root.onkeydown = (event) => event.stopPropagation(); // Streamlit's own keys: r, c
    root.append(this.root);
    this.ask = (event) => this.go(event.detail);
  }

  buildWorld() {
    this.ghost = make("div", "ghost"); // what has left the window, pale
    this.picture = make("img", "picture");
    this.picture.draggable = false;
    this.edge = make("canvas", "edge");
    this.around = make("div", "around", this.ghost);
    this.window = make("div", "window", this.edge, this.picture);
    this.rim = make("div", "rim", make("span", "", "what the network sees"));
    this.frame = make("div", "frame");
    this.knobs = { turn: make("div", "knob turn", "↻"), size: make("div", "knob size", "⤡") };
    for (const [name, knob] of Object.entries(this.knobs)) {
      knob.setAttribute("aria-hidden", "true");
      knob.title = name === "turn" ? "Drag to turn the picture" : "Drag to scale the picture";
    }
    this.world = make("div", "world", this.around, this.window, this.rim, this.frame, this.knobs.turn, this.knobs.size);
    this.world.tabIndex = 0;
    this.world.setAttribute("role", "application");
    this.world.onpointerdown = (event) => this.grab(event);
    this.world.onpointermove = (event) => this.drag(event);
    this.world.onpointerup = this.world.onpointercancel = (event) => this.drop(event);
    this.world.onkeydown = (event) => this.key(event);
  }

  buildBar() {
    const by = (changes) => () => this.change(changes);
    this.back = button("Reset", "Put the picture back", () => this.go(START));
    this.bar = make(
      "div",
      "bar",
      button("−", "Smaller", by({ scale: -0.1 })),
      button("+", "Larger", by({ scale: 0.1 })),
      button("↺ 15°", "Turn anticlockwise by 15 degrees", by({ angle: -15 })),
      button("↻ 15°", "Turn clockwise by 15 degrees", by({ angle: 15 })),
      this.back,
    );
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "Change the picture");
  }

  listen() {
    window.addEventListener("cnnlab-move-picture", this.ask);
  }

  leave() {
    window.removeEventListener("cnnlab-move-picture", this.ask);
    clearTimeout(this.soon);
  }

  show(data) {
    const first = !this.data;
    if (first) this.count = data.echo; // another visit of the same page
    if (first || data.src !== this.data.src || data.fill !== this.data.fill) {
      this.picture.src = data.src;
      this.picture.alt = data.alt;
      this.ghost.style.backgroundImage = `url(${data.src})`;
      for (const part of [this.ghost, this.picture, this.edge, this.gotPicture]) part.classList.toggle("pixels", data.width <= 64);
      this.picture.onload = () => data.fill === "edge" && this.drawEdge();
    }
    // Python's place counts if it knows of the last move made here and none has been made since.
    if (first || (data.echo === this.count && !this.soon && !this.fingers.size)) this.move = { ...data.move };
    this.data = data;
    this.world.style.aspectRatio = `${data.width} / ${data.height}`;
    this.window.style.background = data.fill === "edge" ? "none" : data.fill;
    this.edge.hidden = data.fill !== "edge";
    const inset = `${100 * MARGIN}%`;
    for (const part of [this.around, this.window, this.rim]) part.style.inset = inset;
    this.draw();
  }

  // Moving ----------------------------------------------------------------------------------

  /** Add to some of the numbers. */
  change(changes) {
    const next = { ...this.move };
    for (const [name, by] of Object.entries(changes)) next[name] += by;
    this.go(next);
  }

  /** Take another place, as far as the limits allow, and ask the network once it rests. */
  go(wanted) {
    const { limits } = this.data;
    const next = { ...this.move, ...wanted };
    for (const name of ["right", "down", "scale"]) next[name] = clamp(next[name], ...limits[name]);
    next.right = Math.round(next.right) + 0; // no −0
    next.down = Math.round(next.down) + 0;
    next.scale = Math.round(100 * next.scale) / 100;
    next.angle = ((Math.round(next.angle) % 360) + 360) % 360;
    if (same(next, this.move)) return;
    this.move = next;
    this.draw();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      this.soon = 0;
      this.count += 1;
      this.tell({ ...this.move, count: this.count });
    }, REST);
  }

  /** Where a pointer is, in pixels of the network's input, from its centre. */
  place(event) {
    const box = this.world.getBoundingClientRect();
    const scale = this.data.width / (box.width * (1 - 2 * MARGIN));
    return [(event.clientX - box.left - box.width / 2) * scale, (event.clientY - box.top - box.height / 2) * scale];
  }

  grab(event) {
    if (event.button) return;
    this.world.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.place(event));
    this.world.focus({ preventScroll: true });
    const knob = Object.entries(this.knobs).find(([, part]) => event.target === part);
    this.hold(knob ? knob[0] : "shift");
  }

  /** Note how a gesture begins; it is measured from there. */
  hold(kind) {
    this.gesture = { kind: this.fingers.size > 1 ? "pinch" : kind, move: { ...this.move }, fingers: [...this.fingers.values()] };
  }

  drag(event) {
    if (!this.fingers.has(event.pointerId)) return;
    this.fingers.set(event.pointerId, this.place(event));
    const { kind, move, fingers } = this.gesture;
    const now = [...this.fingers.values()];
    const from = (point) => [point[0] - move.right, point[1] - move.down]; // the picture's centre
    const length = ([x, y]) => Math.max(Math.hypot(x, y), 1e-6);
    const turn = ([x, y]) => (Math.atan2(y, x) * 180) / Math.PI;
    if (kind === "shift") {
      this.go({ right: move.right + now[0][0] - fingers[0][0], down: move.down + now[0][1] - fingers[0][1] });
    } else if (kind === "size") {
      this.go({ scale: (move.scale * length(from(now[0]))) / length(from(fingers[0])) });
    } else if (kind === "turn") {
      this.go({ angle: move.angle + turn(from(now[0])) - turn(from(fingers[0])) });
    } else if (now.length > 1 && fingers.length > 1) {
      const apart = ([one, other]) => [other[0] - one[0], other[1] - one[1]];
      const middle = ([one, other]) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
      const [before, after] = [middle(fingers), middle(now)];
      this.go({
        right: move.right + after[0] - before[0],
        down: move.down + after[1] - before[1],
        scale: (move.scale * length(apart(now))) / length(apart(fingers)),
        angle: move.angle + turn(apart(now)) - turn(apart(fingers)),
      });
    }
  }

  drop(event) {
    this.fingers.delete(event.pointerId);
    this.hold("shift"); // a finger that is left goes on shifting
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = event.shiftKey ? 1 : this.data.step;
    const changes = {
      ArrowLeft: { right: -by },
      ArrowRight: { right: by },
      ArrowUp: { down: -by },
      ArrowDown: { down: by },
      "+": { scale: 0.05 },
      "=": { scale: 0.05 },
      "-": { scale: -0.05 },
      "[": { angle: -5 },
      "]": { angle: 5 },
    };
    if (event.key === "0") this.go(START);
    else if (changes[event.key]) this.change(changes[event.key]);
    else return;
    event.preventDefault();
  }

  // Drawing ---------------------------------------------------------------------------------

  /** Draw the picture with its outermost pixels repeated on all sides. */
  drawEdge() {
    const { naturalWidth: width, naturalHeight: height } = this.picture;
    const far = (EDGE - 1) / 2;
    this.edge.width = EDGE * width;
    this.edge.height = EDGE * height;
    const pen = this.edge.getContext("2d");
    pen.imageSmoothingEnabled = false;
    const columns = [[0, 1, 0, far * width], [0, width, far * width, width], [width - 1, 1, (far + 1) * width, far * width]];
    const rows = [[0, 1, 0, far * height], [0, height, far * height, height], [height - 1, 1, (far + 1) * height, far * height]];
    for (const [x, wide, left, toWidth] of columns) {
      for (const [y, high, top, toHeight] of rows) pen.drawImage(this.picture, x, y, wide, high, left, top, toWidth, toHeight);
    }
  }

  draw() {
    const { move } = this;
    const { width, height, answer } = this.data;
    const across = (100 * move.right) / width, down = (100 * move.down) / height;
    const end = `rotate(${move.angle}deg) scale(${move.scale})`;
    for (const part of [this.ghost, this.picture]) part.style.transform = `translate(${across}%, ${down}%) ${end}`;
    this.edge.style.transform = `translate(${across / EDGE}%, ${down / EDGE}%) ${end}`;
    this.drawFrame(width, height);
    this.where.textContent = this.words();
    this.back.disabled = same(move, START);
    this.world.setAttribute("aria-label", `${this.data.alt} ${this.words()}. Arrows shift, plus and minus scale, square brackets turn, 0 puts it back.`);
    const asking = !same(move, answer.move);
    this.right.classList.toggle("asking", asking);
    this.right.setAttribute("aria-busy", asking);
    const head = asking ? `Asking ${this.data.network} …` : answer.head;
    if (this.head.textContent !== head) this.head.textContent = head;
    if (this.drawn !== answer) this.drawAnswer();
    const detail = { ...move };
    window.dispatchEvent(new CustomEvent("cnnlab-picture-moved", { detail }));
  }

  /** Place the dashed frame and its knobs; a knob that would leave the world stays at its edge. */
  drawFrame(width, height) {
    const { right, down, scale, angle } = this.move;
    const inner = 1 - 2 * MARGIN;
    const centre = [0.5 + (inner * right) / width, 0.5 + (inner * down) / height];
    const [wide, high] = [inner * scale, inner * scale];
    Object.assign(this.frame.style, {
      left: `${100 * (centre[0] - wide / 2)}%`,
      top: `${100 * (centre[1] - high / 2)}%`,
      width: `${100 * wide}%`,
      height: `${100 * high}%`,
      transform: `rotate(${angle}deg)`,
    });
    const [sine, cosine] = [Math.sin(radians(angle)), Math.cos(radians(angle))];
    const ends = { turn: [0, -high / 2 - 0.02], size: [wide / 2, high / 2] };
    for (const [name, [x, y]] of Object.entries(ends)) {
      const at = [centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine];
      this.knobs[name].style.left = `${100 * clamp(at[0], 0.06, 0.94)}%`;
      this.knobs[name].style.top = `${100 * clamp(at[1], 0.06, 0.94)}%`;
    }
  }

  words() {
    const { right, down, scale, angle } = this.move;
    const parts = [];
    if (right) parts.push(`${Math.abs(right)} px ${right < 0 ? "left" : "right"}`);
    if (down) parts.push(`${Math.abs(down)} px ${down < 0 ? "up" : "down"}`);
    if (scale !== 1) parts.push(`× ${scale}`);
    if (angle) parts.push(`turned ${angle}°`);
    return parts.length ? parts.join(", ") : "As it was";
  }

  drawAnswer() {
    const { answer } = this.data;
    this.drawn = answer;
    this.list.replaceChildren(
      ...answer.guesses.map(({ name, share, text, watched, was }) => {
        const bar = make("i", "");
        bar.style.width = `${100 * share}%`;
        const track = make("span", "track", bar);
        const row = make("li", watched ? "watched" : "", make("span", "name", name, ...(watched ? [make("small", "", "watched")] : [])), make("span", "", text), track);
        if (was !== null) {
          const mark = make("b", "");
          mark.style.left = `calc(${100 * was}% - 2px)`;
          track.append(mark);
        }
        return row;
      }),
    );
    this.gotPicture.src = answer.got;
    this.gotPicture.alt = `What the network got. ${this.data.alt}`;
    this.gotWords.textContent = answer.says;
  }
}
