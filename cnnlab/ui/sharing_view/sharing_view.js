// One tensor, drawn once for each kind of normalisation. Python sends the numbers, and for each
// cell the number of its set; here the cells of the chosen one's set are marked.

const views = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
  return () => clearTimeout(view.soon);
}

const REST = 500; // ms after the last move until Python hears of the cell
class Board {
  constructor(view, data) {
    this.data = data;
    this.words = make("figcaption");
    this.figure = make("figure", "", make("h4", "", data.title, make("span", "", data.over)));
    if (data.problem) {
      this.figure.append(make("p", "problem", data.problem));
      return;
    }
    const [pictures, channels, rows, columns] = view.data.shape;
    this.tensor = make("div", "tensor", make("span", "head"));
    this.tensor.style.gridTemplateColumns = `auto repeat(${channels}, max-content)`;
    this.tensor.tabIndex = 0;
    this.tensor.setAttribute("role", "group");
    for (let c = 0; c < channels; c++) this.tensor.append(make("span", "head", `c = ${c + 1}`));
    this.cells = [];
    for (let n = 0; n < pictures; n++) {
      this.tensor.append(make("span", "head side", `n = ${n + 1}`));
      for (let c = 0; c < channels; c++) {
        const tile = make("div", "tile");
        tile.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
        for (let place = 0; place < rows * columns; place++) {
          const cell = make("span", "", data.shown[this.cells.length]);
          cell.dataset.cell = this.cells.length;
          this.cells.push(cell);
          tile.append(cell);
        }
        this.tensor.append(tile);
      }
    }
    this.tensor.onclick = (event) => {
      const cell = event.target.dataset.cell;
      if (cell !== undefined) view.choose(Number(cell));
      this.tensor.focus({ preventScroll: true });
    };
    this.figure.append(make("div", "holder", this.tensor), this.words);
  }

  draw(chosen) {
    if (this.data.problem) return;
    const { sets, set_words, cell_words } = this.data;
    this.cells.forEach((cell, index) => {
      cell.classList.toggle("with", sets[index] === sets[chosen]);
      cell.classList.toggle("chosen", index === chosen);
    });
    this.words.replaceChildren(make("strong", "", set_words[sets[chosen]]), make("span", "", cell_words[chosen]));
    this.tensor.setAttribute("aria-label", `${this.data.title}. ${set_words[sets[chosen]]} ${cell_words[chosen]}. Arrows move the cell.`);
  }
}

class View {
  constructor(root) {
    this.root = make("section", "sharing-view");
    this.root.setAttribute("aria-label", "Which cells share a mean");
    this.root.onkeydown = (event) => this.key(event);
    root.append(this.root);
  }

  show(data) {
    const text = JSON.stringify({ ...data, cell: 0 });
    const other = data.cell !== this.sent; // Python means another cell than the one it was told
    if (text !== this.text) {
      const focused = this.boards?.findIndex(({ tensor }) => tensor && tensor === tensor.getRootNode().activeElement);
      const before = this.data?.shape;
      this.text = text;
      this.data = data;
      this.boards = data.boards.map((board) => new Board(this, board));
      this.root.replaceChildren(...this.boards.map((board) => board.figure));
      if (focused >= 0) this.boards[focused].tensor?.focus({ preventScroll: true });
      if (JSON.stringify(before) !== JSON.stringify(data.shape)) this.chosen = data.cell;
    }
    if (other) this.chosen = data.cell;
    this.sent = data.cell;
    this.draw();
  }

  choose(cell) {
    this.chosen = cell;
    this.draw();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      if (this.chosen === this.sent) return;
      this.sent = this.chosen;
      this.tell("cell", this.chosen);
    }, REST);
  }

  /** Move over the tensor as it is drawn: along columns through channels, down through pictures. */
  move(down, right) {
    const [pictures, channels, rows, columns] = this.data.shape;
    let rest = this.chosen;
    const column = rest % columns;
    rest = (rest - column) / columns;
    const row = rest % rows;
    rest = (rest - row) / rows;
    const channel = rest % channels;
    const picture = (rest - channel) / channels;
    const x = clamp(channel * columns + column + right, 0, channels * columns - 1);
    const y = clamp(picture * rows + row + down, 0, pictures * rows - 1);
    const place = [Math.floor(y / rows), Math.floor(x / columns), y % rows, x % columns];
    this.choose(((place[0] * channels + place[1]) * rows + place[2]) * columns + place[3]);
  }

  key(event) {
    event.stopPropagation(); // Streamlit has shortcuts of its own
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!moves[event.key]) return;
    event.preventDefault();
    this.move(...moves[event.key]);
  }

  draw() {
    for (const board of this.boards) board.draw(this.chosen);
  }
}
