// One row for each layer, from shallow to deep: how much of the picture a cell sees, and the
// channels that answer most, each a button. Python hears of the channel that is chosen.

const views = new WeakMap(); // one for each place on the page, kept through reruns

export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.tell = setTriggerValue;
  view.show(data);
}

class View {
  constructor(root) {
    this.root = make("section", "hierarchy-view");
    this.root.setAttribute("aria-label", "Layers, from shallow to deep");
    root.append(this.root);
  }

  show(data) {
    this.data = data;
    const drawn = JSON.stringify([data.picture, data.rows]);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.tiles = [];
      this.root.replaceChildren(...data.rows.map((row) => this.row(row)));
    }
    this.mark(data.chosen);
  }

  mark([layer, channel]) {
    for (const [tile, ofLayer, ofChannel] of this.tiles)
      tile.setAttribute("aria-pressed", ofLayer === layer && ofChannel === channel);
  }

  row(row) {
    const picture = make("img", "");
    picture.src = this.data.picture.src;
    picture.alt = row.frameAlt;
    const seen = make("div", "seen", picture);
    if (row.frame) {
      const frame = make("div", "frame");
      for (const [name, share] of Object.entries(row.frame)) frame.style[name] = `${100 * share}%`;
      seen.append(frame);
    }
    const head = make("h4", "", make("code", "", row.layer));
    const words = make("p", "", ...row.words.map((text) => make("span", "", text)));
    if (row.note) words.append(make("span", "note", row.note));
    const tiles = make("div", "tiles", ...row.tiles.map((tile) => this.tile(row, tile)));
    tiles.setAttribute("role", "group");
    tiles.setAttribute("aria-label", `Strongest channels of ${row.layer}`);
    tiles.tabIndex = -1;
    return make("div", "layer", make("div", "about", seen, make("div", "", head, words)), tiles);
  }

  tile(row, tile) {
    const part = (src, alt, className) => {
      const image = make("img", className);
      image.src = src;
      image.alt = alt;
      return image;
    };
    const large = tile.patches
      ? part(tile.patches, tile.patchesAlt, "patches")
      : part(tile.map, tile.mapAlt, "patches map");
    const words = make("span", "words", make("span", "name", `channel ${tile.channel}`), make("span", "", tile.mean));
    const foot = make("span", "foot", words);
    if (tile.patches) foot.prepend(part(tile.map, tile.mapAlt, "map"));
    const made = button("", "", () => {
      this.mark([row.layer, tile.channel]);
      this.tell("pick", { layer: row.layer, channel: tile.channel });
    });
    made.className = "tile";
    made.append(large, foot);
    this.tiles.push([made, row.layer, tile.channel]);
    return made;
  }
}
