// How one cell was made: its patch, its weights, the products, and all that is added up.

const MOST_CHANNELS = 12; // those that count most; the others are added up in one line

class Work {
  constructor({ chosen, close }) {
    this.chosen = chosen; // called when another channel is chosen
    this.brief = make("p", "brief");
    this.title = make("strong", "title");
    this.close = button("Close", "Close the work of the cell", close);
    this.channels = make("div", "channels");
    this.tables = make("div", "tables");
    this.lines = make("div", "lines");
    this.body = make("div", "body", this.channels, make("div", "sums", this.tables, this.lines));
    this.head = make("div", "work-head", this.title, this.close);
    this.root = make("section", "work", this.brief, this.head, this.body);
    this.root.setAttribute("aria-label", "How the chosen cell was made");
  }

  /** Show one line about the cell or, if `open`, all numbers that made it. */
  show(made, cell, open) {
    this.brief.hidden = open;
    this.head.hidden = this.body.hidden = !open;
    this.current = null;
    if (!made) {
      this.brief.textContent = "Point at any cell above to see what it reads. Click it to see its numbers.";
      return;
    }
    this.made = made;
    this.title.textContent = nameOf(cell, made.stage);
    Object.assign(this.root.dataset, { total: made.value, cell: cell.value });
    const inOrder = [...made.channels].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
    if (!made.channels.some(({ map }) => map === this.channel)) this.channel = null;
    const current = made.channels.find(({ map }) => map === this.channel) ?? inOrder[0];
    this.current = current.map;
    if (!open) {
      this.brief.replaceChildren(make("strong", "", this.title.textContent), `: ${this.lineOf()}.`);
      return;
    }
    this.drawChannels(inOrder, current);
    this.drawTables(current);
    this.drawLines(current, cell);
  }

  /** The whole sum in one line. */
  lineOf() {
    const { stage, channels, bias, sum, value } = this.made;
    if (stage.kind === "max") return `the largest of ${channels[0].patch.length} numbers, ${written(value, 3)}`;
    const products = several(channels.length * channels[0].patch.length, "product");
    const relu = stage.relu ? `, after the ReLU ${written(value, 3)}` : "";
    return `${products} make ${written(sum, 3)}, with the bias ${written(sum + bias, 3)}${relu}`;
  }

  forget() {
    this.channel = null; // the one that counts most, until one is chosen
  }

  drawChannels(inOrder, current) {
    const { channels, before } = this.made;
    this.channels.hidden = channels.length === 1;
    if (channels.length === 1) return;
    const shown = inOrder.slice(0, MOST_CHANNELS);
    if (!shown.includes(current)) shown.push(current);
    const most = Math.abs(inOrder[0].sum) || 1;
    const noun = before.side > 1 ? "map" : "cell";
    while (this.channels.children.length > shown.length + 1) this.channels.lastChild.remove();
    while (this.channels.children.length < shown.length + 1) {
      const made = button("", "", () => this.take(Number(made.dataset.map)));
      made.append(make("span", ""), make("span", "share"), make("span", "amount"));
      this.channels.append(made);
    }
    shown.forEach(({ map, sum }, index) => {
      const line = this.channels.children[index];
      line.dataset.map = map;
      line.disabled = false;
      line.className = sum < 0 ? "negative" : "positive";
      line.setAttribute("aria-pressed", map === current.map);
      line.style.setProperty("--share", `${(100 * Math.abs(sum)) / most}%`);
      line.children[0].textContent = `${noun} ${map}`;
      line.children[2].textContent = signed(sum);
    });
    const rest = channels.filter((channel) => !shown.includes(channel));
    const last = this.channels.lastChild;
    last.hidden = !rest.length;
    last.disabled = true;
    last.className = "rest";
    last.children[0].textContent = `${rest.length} others`;
    last.children[2].textContent = signed(rest.reduce((sum, channel) => sum + channel.sum, 0));
  }

  take(map) {
    this.channel = map;
    this.chosen();
  }

  drawTables({ map, patch, weights }) {
    const { stage, before } = this.made;
    const caption = before.name === "input" ? "Patch of the input" : before.side > 1 ? `Patch of ${before.name}, map ${map}` : `${before.name}, cell ${map}`;
    const brightest = Math.max(...patch, 1e-9);
    const values = table(caption, patch, (value) => ({ share: value / brightest, kind: "value" }));
    if (!weights) {
      const largest = patch.indexOf(Math.max(...patch));
      values.querySelectorAll("td")[largest].classList.add("largest");
      this.tables.replaceChildren(values);
      return;
    }
    const products = patch.map((value, at) => value * weights[at]);
    const shaded = (numbers) => {
      const most = Math.max(...numbers.map(Math.abs), 1e-9);
      return (value) => ({ share: Math.abs(value) / most, kind: value < 0 ? "negative" : "positive" });
    };
    const list = Array.from(weights);
    this.tables.replaceChildren(
      values,
      sign("×"),
      table(stage.side > 1 ? "Kernel" : "Weights", list, shaded(list)),
      sign("="),
      table("Products", products, shaded(products)),
    );
  }

  drawLines({ map, patch, sum }, cell) {
    const { stage, before, channels, bias, value } = this.made;
    const lines = [];
    const noun = before.side > 1 ? "map" : "cell";
    if (stage.kind === "max") lines.push(["The largest of the window", written(value, 3)]);
    else {
      const products = several(patch.length, "product");
      if (channels.length === 1) lines.push([`Sum of ${products}`, written(sum, 3)]);
      else {
        lines.push([`${products} of ${noun} ${map}`, written(sum, 3)]);
        lines.push([`All ${several(channels.length * patch.length, "product")}`, written(this.made.sum, 3)]);
      }
      lines.push(["Bias", signed(bias, 3)]);
      const before_ = this.made.sum + bias;
      lines.push(["Sum with the bias", written(before_, 3)]);
      if (stage.relu) lines.push([before_ > 0 ? "ReLU keeps it" : "ReLU makes it 0", written(value, 3)]);
    }
    const same = Math.abs(value - cell.value) <= 1e-5 * Math.max(1, Math.abs(value));
    const list = make("dl", "", ...lines.map(([name, number]) => make("div", "", make("dt", "", name), make("dd", "", number))));
    const total = make("p", "total", `${same ? "This is the cell: " : "The cell differs: "}${written(cell.value, 3)}`);
    this.lines.replaceChildren(list, total);
  }
}

const signed = (value, digits = 2) => `${value < 0 ? "" : "+"}${written(value, digits)}`;

const sign = (text) => make("span", "sign", text);

function nameOf({ stage, map, row, column }, { side, maps }) {
  if (side > 1) return `${stage}, map ${map}, row ${row}, column ${column}`;
  return maps === 10 ? `${stage}, score of the digit ${map}` : `${stage}, cell ${map}`;
}

/** A square of numbers under its name; `look` gives each {share, kind} for its colour. */
function table(name, numbers, look) {
  const side = Math.round(Math.sqrt(numbers.length));
  const rows = Array.from({ length: side }, (_, i) => {
    const cells = numbers.slice(i * side, (i + 1) * side).map((value) => {
      const { share, kind } = look(value);
      const cell = make("td", kind, written(value));
      cell.style.setProperty("--share", `${Math.round(45 * share)}%`);
      return cell;
    });
    return make("tr", "", ...cells);
  });
  return make("table", "", make("caption", "", name), make("tbody", "", ...rows));
}
