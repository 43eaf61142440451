// The camera in grey and filtered, all in this browser. It needs https or localhost, and consent.

const films = new WeakMap();

export default function mount({ data, parentElement }) {
  let film = films.get(parentElement);
  if (!film) films.set(parentElement, (film = new Film(parentElement)));
  film.show(data);
  return () => film.stop();
}

const WIDE = 320; // pixels; the height follows from the camera
const REST = 500; // ms between two changes of the words

class Film {
  constructor(root) {
    this.button = make("button", "", "Start the camera");
    this.button.type = "button";
    this.button.onclick = () => (this.stream ? this.stop() : this.start());
    this.button.onkeydown = (event) => event.stopPropagation(); // Streamlit has shortcuts of its own
    this.words = make("p", "words");
    this.words.setAttribute("role", "status");
    this.video = make("video", "");
    this.video.muted = this.video.playsInline = true;
    const side = (text) => {
      const canvas = make("canvas", "");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", text);
      const caption = make("figcaption", "", text);
      return { canvas, caption, figure: make("figure", "", caption, canvas) };
    };
    [this.grey, this.filtered] = [side("Camera, grey"), side("Filtered")];
    this.pair = make("div", "pair", this.grey.figure, this.filtered.figure);
    this.pair.hidden = true;
    root.append(make("section", "live-filter", this.button, this.words, this.pair));
    if (!navigator.mediaDevices?.getUserMedia) {
      this.button.disabled = true;
      this.words.textContent =
        "The browser offers no camera here: it does so only for pages that come by https or from localhost.";
    }
  }

  show(data) {
    this.data = data;
    this.most = 0;
    this.filtered.caption.textContent = `Filtered: ${data.title}`;
    this.filtered.canvas.setAttribute("aria-label", `The camera after the filter ${data.title}`);
  }

  async start() {
    this.words.textContent = "Waiting for the camera.";
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } }, audio: false });
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      this.stop();
      const none = error.name === "NotFoundError";
      this.words.textContent = none ? "No camera was found." : "The camera is not available: allow it for this page, or close the program that uses it.";
      return;
    }
    this.button.textContent = "Stop the camera";
    this.pair.hidden = false;
    this.told = 0;
    this.frame();
  }

  stop() {
    cancelAnimationFrame(this.next);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.button.textContent = "Start the camera";
    this.words.textContent = "";
  }

  frame() {
    this.next = requestAnimationFrame(() => this.frame());
    const { videoWidth, videoHeight, currentTime } = this.video;
    if (!videoWidth || currentTime === this.shown) return;
    this.shown = currentTime;
    const [width, height] = [WIDE, Math.max(1, Math.round((WIDE * videoHeight) / videoWidth))];
    const canvas = this.grey.canvas;
    if (canvas.width !== width || canvas.height !== height)
      for (const { canvas: each } of [this.grey, this.filtered]) [each.width, each.height] = [width, height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, 0, 0, width, height);
    const picture = context.getImageData(0, 0, width, height);
    const plane = { pixels: new Uint8Array(width * height), width, height };
    for (let at = 0; at < plane.pixels.length; at++) {
      const [red, green, blue] = [picture.data[4 * at], picture.data[4 * at + 1], picture.data[4 * at + 2]];
      const grey = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16; // luma, as in Python
      plane.pixels[at] = grey;
      picture.data[4 * at] = picture.data[4 * at + 1] = picture.data[4 * at + 2] = grey;
    }
    context.putImageData(picture, 0, 0);
    this.filter(plane);
  }

  filter(plane) {
    const { filter, rule } = this.data;
    const sums = filter.kernels.map((kernel) => allSums(plane, kernel, filter.border));
    const count = plane.pixels.length;
    const values = new Float32Array(count);
    const lengths = new Float32Array(count);
    let [low, high, far] = [Infinity, -Infinity, 0];
    for (let at = 0; at < count; at++) {
      const { value, length } = combined(sums.map((each) => each[at]), filter);
      values[at] = value;
      lengths[at] = length;
      if (value < low) low = value;
      if (value > high) high = value;
      far = Math.max(far, rule === "angle" ? length : Math.abs(value));
    }
    this.most = Math.max(far, 0.97 * this.most); // follows the scene without flicker
    const most = this.most;
    const shading = {
      angle: { kind: "angle", black: 0, white: most },
      "0 is grey": { kind: "grey", black: -most, white: most },
      "blue and orange": { kind: "colours", black: -most, white: most },
      absolute: { kind: "absolute", black: 0, white: most },
      clipped: { kind: "grey", black: 0, white: 255 },
    }[rule];
    const picture = new ImageData(plane.width, plane.height);
    for (let at = 0; at < count; at++) {
      const [red, green, blue] = colourOf({ value: values[at], length: lengths[at] }, shading);
      picture.data[4 * at] = red;
      picture.data[4 * at + 1] = green;
      picture.data[4 * at + 2] = blue;
      picture.data[4 * at + 3] = 255;
    }
    this.filtered.canvas.getContext("2d").putImageData(picture, 0, 0);
    if (performance.now() - (this.told ?? 0) < REST) return;
    this.told = performance.now();
    this.words.textContent = `${plane.width} × ${plane.height} pixels, filtered in this browser; no picture leaves it. Numbers from ${written(low, 0)} to ${written(high, 0)}.`;
  }
}
