// A thousand probabilities in the order of the index, in a few rows. A cursor reads class and group;
// a click or Enter chooses the class, and only then Python hears of it.

const strips = new WeakMap(); // one for each place on the page, kept through reruns
const DECADES = 6; // of the logarithmic axis: from 0.0001 % to 100 %
export default function mount({ data, parentElement, setTriggerValue }) {
  let strip = strips.get(parentElement);
  if (!strip) strips.set(parentElement, (strip = new Strip(parentElement)));
  strip.tell = setTriggerValue;
  strip.show(data);
}

/** As cnnlab.figures.charts.percent writes it, with powers of ten for the smallest. */
function percent(share) {
  const value = 100 * share, sign = "\u202f%";
  if (value >= 99.95 && value < 100) return `> 99.9${sign}`;
  if (value >= 1) return value.toFixed(1) + sign;
  if (value >= 0.01) return value.toFixed(2) + sign;
  return value === 0 ? `0${sign}` : value.toExponential(0).replace("-", "−") + sign;
}

class Strip {
  constructor(root) {
    this.read = make("p", "read");
    this.rows = make("div", "rows");
    this.rows.tabIndex = 0;
    this.rows.setAttribute("role", "slider");
    this.rows.setAttribute("aria-label", "Class");
    this.rows.setAttribute("aria-valuemin", 0);
    this.rows.onpointermove = (event) => event.pointerType === "mouse" && this.point(event);
    this.rows.onpointerleave = () => this.go(this.data.chosen);
    this.rows.onclick = (event) => {
      this.point(event);
      this.choose();
    };
    this.rows.onkeydown = (event) => this.key(event);
    this.root = make("section", "class-strip", this.read, this.rows);
    this.root.setAttribute("aria-label", "All classes in the order of their index");
    root.append(this.root);
    new ResizeObserver(() => this.label()).observe(this.rows);
  }

  show(data) {
    const text = JSON.stringify({ ...data, chosen: 0 });
    const other = this.data?.chosen !== data.chosen;
    this.data = data;
    if (text !== this.text) {
      this.text = text;
      this.groupOf = [];
      data.groups.forEach(({ spans }, group) => {
        for (const [first, last] of spans) {
          for (let index = first; index <= last; index++) this.groupOf[index] = group;
        }
      });
      this.rows.setAttribute("aria-valuemax", data.names.length - 1);
      this.draw();
    }
    if (other || this.at === undefined) this.at = data.chosen;
    this.mark();
  }

  height(share) {
    if (!this.data.log) return share;
    return share > 0 ? clamp(1 + Math.log10(share) / DECADES, 0, 1) : 0;
  }

  draw() {
    const { parts, shares, groups, log } = this.data;
    this.columns = [];
    const ticks = log ? [[1, "100 %"], [2 / 3, "1 %"], [1 / 3, "0.01 %"]] : [[1, "100 %"], [0.5, "50 %"]];
    this.plots = parts.map(({ title, first, last }) => {
      const plot = make("div", "plot");
      for (const [place, words] of ticks) {
        const line = make("div", "tick", make("span", "", words));
        line.style.bottom = `${100 * place}%`;
        plot.append(line);
      }
      const columns = make("div", "columns");
      for (let index = first; index <= last; index++) {
        const column = make("i", "", make("b", ""));
        column.firstChild.style.height = `${100 * this.height(shares[index])}%`;
        this.columns[index] = column;
        columns.append(column);
      }
      plot.append(columns);
      const names = make("div", "names");
      for (const { name, spans } of groups) {
        for (const [begins, ends] of spans) {
          const from = Math.max(begins, first), to = Math.min(ends, last);
          if (from > to) continue;
          const label = make("span", "", name);
          label.style.left = `${(100 * (from - first)) / (last - first + 1)}%`;
          label.style.width = `${(100 * (to - from + 1)) / (last - first + 1)}%`;
          label.dataset.group = this.groupOf[from];
          names.append(label);
        }
      }
      return { plot, names, columns, first, last, row: make("div", "row", make("h5", "", `${title} (${first} to ${last})`), plot, names) };
    });
    this.rows.replaceChildren(...this.plots.map(({ row }) => row));
    this.label();
  }

  /** Show the names of groups where they have room. */
  label() {
    for (const label of this.rows.querySelectorAll(".names span")) {
      label.classList.remove("tight");
      label.classList.toggle("tight", label.scrollWidth > label.clientWidth + 1);
    }
  }

  point(event) {
    const row = this.plots.find(({ row }) => {
      const box = row.getBoundingClientRect();
      return event.clientY >= box.top && event.clientY < box.bottom;
    });
    if (!row) return;
    const box = row.columns.getBoundingClientRect(), count = row.last - row.first + 1;
    const place = Math.floor((count * (event.clientX - box.left)) / box.width);
    this.go(row.first + clamp(place, 0, count - 1));
  }

  go(index) {
    this.at = clamp(index, 0, this.data.names.length - 1);
    this.mark();
  }

  choose() {
    if (this.at !== this.data.chosen) this.tell("choice", this.at);
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 };
    if (event.key in moves) this.go(this.at + moves[event.key]);
    else if (event.key === "Home") this.go(0);
    else if (event.key === "End") this.go(this.data.names.length - 1);
    else if (event.key === "Enter" || event.key === " ") this.choose();
    else return;
    event.preventDefault();
  }

  mark() {
    const { names, shares, groups, chosen } = this.data;
    const group = this.groupOf[this.at];
    for (const [name, index] of [["at", this.at], ["chosen", chosen]]) {
      this.rows.querySelector(`i.${name}`)?.classList.remove(name);
      this.columns[index].classList.add(name);
    }
    for (const label of this.rows.querySelectorAll(".names span")) {
      label.classList.toggle("here", Number(label.dataset.group) === group);
    }
    const words = `${names[this.at]}, ${percent(shares[this.at])}`;
    const together = `${groups[group].name}: ${percent(groups[group].share)} together`;
    this.read.replaceChildren(make("span", "index", String(this.at)), make("strong", "", words), make("span", "", together));
    this.rows.setAttribute("aria-valuenow", this.at);
    this.rows.setAttribute("aria-valuetext", `${this.at}: ${words}. ${together}`);
  }
}
