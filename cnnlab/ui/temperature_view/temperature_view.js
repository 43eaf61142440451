// Probabilities softmax(z / T) of the scores z. Python sends the scores once; here a slider changes
// T, and everything follows at once. Python hears of T when the slider rests.

const views = new WeakMap(); // one for each place on the page, kept through reruns
const REST = 400; // ms after the last move until Python hears of it
const STEPS = 130; // of the slider: T grows by the same factor with each
export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
  return () => clearTimeout(view.soon);
}

/** As cnnlab.figures.charts.percent writes it. */
function percent(share) {
  const value = 100 * share, sign = "\u202f%";
  if (value < 0.01) return `< 0.01${sign}`;
  if (value >= 99.95 && value < 100) return `> 99.9${sign}`;
  return (value < 1 ? value.toFixed(2) : value.toFixed(1)) + sign;
}

/** Shares of 1 for scores that come the highest first, so no power exceeds 1. */
function softmax(logits, temperature) {
  const powers = logits.map((z) => Math.exp((z - logits[0]) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const entropy = (shares) => Math.abs(shares.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0));

class View {
  constructor(root) {
    this.slider = make("input");
    this.slider.type = "range";
    [this.slider.min, this.slider.max, this.slider.step] = [0, STEPS, 1];
    this.slider.setAttribute("aria-label", "Temperature");
    this.slider.oninput = () => this.go(this.temperatureAt(Number(this.slider.value)));
    this.at = make("strong", "at");
    this.says = make("p", "says");
    this.says.setAttribute("role", "status");
    this.body = make("tbody", "");
    const bar = make("div", "bar", make("span", "", "decided"), this.slider, make("span", "", "undecided"), this.at);
    this.root = make("section", "temperature-view", bar, this.says, make("table", "", this.body));
    this.root.setAttribute("aria-label", "Probabilities at a temperature");
    this.root.onkeydown = (event) => event.stopPropagation(); // Streamlit's own keys: r, c
    root.append(this.root);
  }

  temperatureAt(step) {
    const { low, high } = this.data;
    const value = low * (high / low) ** (step / STEPS);
    return Math.round(value * 100) / 100;
  }

  stepAt(temperature) {
    const { low, high } = this.data;
    return Math.round((STEPS * Math.log(temperature / low)) / Math.log(high / low));
  }

  show(data) {
    const text = JSON.stringify({ ...data, at: 0 });
    if (!this.data || data.at !== this.sent) this.temperature = data.at;
    this.sent = data.at;
    this.data = data;
    if (text !== this.text) {
      this.text = text;
      this.plain = softmax(data.logits, 1);
      this.rows = data.names.map((name) => {
        const fill = make("div", "fill"), mark = make("div", "mark"), number = make("td", "number");
        const row = make("tr", "", make("th", "", name), make("td", "track", fill, mark), number);
        row.firstChild.scope = "row";
        return { row, fill, mark, number };
      });
      this.rows.forEach(({ mark }, place) => (mark.style.left = `${100 * this.plain[place]}%`));
      this.body.replaceChildren(...this.rows.map(({ row }) => row));
    }
    this.draw();
  }

  go(temperature) {
    if (temperature === this.temperature) return;
    this.temperature = temperature;
    this.draw();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      if (this.temperature === this.sent) return;
      this.sent = this.temperature;
      this.tell("temperature", this.temperature);
    }, REST);
  }

  draw() {
    const { names, logits } = this.data;
    const shares = softmax(logits, this.temperature), bits = entropy(shares);
    this.rows.forEach(({ fill, number }, place) => {
      fill.style.width = `${100 * shares[place]}%`;
      number.textContent = percent(shares[place]);
    });
    const step = this.stepAt(this.temperature);
    if (this.temperatureAt(Number(this.slider.value)) !== this.temperature) this.slider.value = step;
    this.slider.setAttribute("aria-valuetext", `T = ${this.temperature}`);
    this.at.textContent = `T = ${this.temperature}`;
    const alike = 2 ** bits;
    this.says.replaceChildren(
      make("b", "", `${names[0]}, ${percent(shares[0])}`),
      make("span", "", `Entropy ${bits.toFixed(2)} of ${Math.log2(logits.length).toFixed(2)} bits: as undecided as ${alike < 10 ? alike.toFixed(1) : Math.round(alike)} equal classes`),
    );
  }
}
