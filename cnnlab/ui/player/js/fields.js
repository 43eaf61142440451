// The settings above the board. Python says which there are and what they may be; a change is sent
// as a wish, and what comes back is shown.

class Fields {
  /** `owner` has wish(change) and say(text). */
  constructor(owner) {
    this.owner = owner;
    this.element = make("div", { class: "fields", role: "group", "aria-label": "Settings" });
    this.apart = new Set(); // pairs whose rows and columns are set one by one
    this.main = make("div", { class: "main-fields" });
    this.brief = make("p", { class: "brief" });
    this.switch = button("Settings", () => {
      this.fold(!this.main.hidden);
      this.show(this.data);
      this.switch.focus({ preventScroll: true });
    }, { class: "fold" });
  }

  show(data) {
    this.data = data;
    // A phone and a small screen need the room for the board; what the learner chose, stays.
    const folded = data.fold || innerWidth < 640 || innerHeight < 900;
    if (this.folded !== folded) this.fold(folded);
    this.folded = folded;
    // What is folded away is not built.
    const fields = this.main.hidden ? data.fields.filter(({ place }) => place === "top") : data.fields;
    const shape = JSON.stringify(fields, (name, value) => (name === "value" || name === "values" ? undefined : value));
    if (shape !== this.shape) this.build(fields);
    this.shape = shape;
    fields.forEach((field, i) => this.parts[i].set(field));
    this.brief.textContent = data.brief;
  }

  fold(folded) {
    this.main.hidden = folded;
    this.brief.hidden = !folded;
    this.switch.setAttribute("aria-expanded", String(!folded));
  }

  build(fields) {
    const open = this.more?.open ?? false;
    this.parts = fields.map((field) => this[field.kind](field));
    const row = (place, ...rest) => make("div", { class: "fields-row" }, ...this.parts.filter((_, i) => fields[i].place === place).map((part) => part.element), ...rest);
    this.more = make("details", { class: "more" }, make("summary", {}, "More settings"), row("more"));
    this.more.open = open;
    this.main.replaceChildren(row("main"), this.more);
    this.element.replaceChildren(row("top", this.switch, this.brief), this.main);
  }

  select(field) {
    const input = make("select", { "aria-label": field.label });
    const element = make("label", { class: "field" }, make("span", {}, field.label), input);
    input.onchange = () => this.owner.wish(this.change(field, input.value));
    const set = ({ value, groups }) => {
      input.replaceChildren(
        ...groups.flatMap(({ label, options }) => {
          const items = options.map(([name, text]) => make("option", { value: name }, text));
          return label ? [make("optgroup", { label }, ...items)] : items;
        }),
      );
      input.value = value;
    };
    return { element, set };
  }

  change(field, value) {
    if (field.name === "preset") return { preset: value };
    if (field.name === "padding" && /^\d+$/.test(value)) {
      return { set: Object.fromEntries(["top", "bottom", "left", "right"].map((side) => [`padding_${side}`, Number(value)])) };
    }
    if (field.name === "padding" && value === "sides") {
      this.sides.hidden = false;
      this.more.open = true;
      this.sides.querySelector("input").focus();
      return null;
    }
    return { set: { [field.name]: value } };
  }

  /** One or several whole numbers; a pair is one number until its halves are set apart. */
  number(field) {
    const inputs = field.names.map((name, i) => this.stepper(field, name, i));
    const row = make("span", { class: "steppers" });
    const element = make("div", { class: "field", role: "group", "aria-label": field.label }, make("span", {}, field.label), row);
    const isPair = field.names.length === 2;
    const draw = () => {
      const joined = isPair && !this.apart.has(field.label);
      const shown = joined ? inputs.slice(0, 1) : inputs;
      row.replaceChildren(...shown.flatMap((input, i) => (i && isPair ? ["×", input.element] : [input.element])));
      if (isPair) row.append(link);
      link.textContent = joined ? "↔" : "=";
      link.title = joined ? `${field.label}: set rows and columns apart` : `${field.label}: rows and columns equal`;
      link.setAttribute("aria-label", link.title);
    };
    const link = button("", () => {
      if (this.apart.has(field.label)) {
        this.apart.delete(field.label);
        inputs[0].send(inputs[0].value());
      } else {
        this.apart.add(field.label);
      }
      draw();
    }, { class: "plain apart" });
    const set = ({ values }) => {
      if (isPair && values[0] !== values[1]) this.apart.add(field.label);
      inputs.forEach((input, i) => input.set(values[i]));
      if (field.when === "sides") {
        this.sides = element;
        element.hidden = !field.shown && new Set(values).size === 1;
      }
      draw();
    };
    return { element, set };
  }

  stepper(field, name, i) {
    const [low, high] = field.limits;
    const label = field.names.length > 1 ? `${field.label}, ${field.parts[i]}` : field.label;
    const input = make("input", { type: "text", inputmode: "numeric", "aria-label": label, name });
    let held = low;
    const send = (value) => {
      if (!Number.isInteger(value) || value < low || value > high) {
        this.owner.say(`${field.label} is a whole number from ${low} to ${high}.`);
        input.value = held;
        return;
      }
      held = value;
      input.value = value;
      const joined = field.names.length === 2 && !this.apart.has(field.label);
      const all = field.names.length === 4 ? {} : null;
      const names = joined ? field.names : [name];
      this.owner.wish({ set: { ...all, ...Object.fromEntries(names.map((n) => [n, value])) } });
    };
    input.onchange = () => send(input.value.trim() === "" ? NaN : Number(input.value));
    input.onkeydown = (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      send(held + by);
    };
    const less = button("−", () => send(held - 1), { class: "less", "aria-label": `${label}: less`, tabindex: "-1" });
    const more = button("+", () => send(held + 1), { class: "greater", "aria-label": `${label}: more`, tabindex: "-1" });
    const set = (value) => {
      held = value;
      input.value = value;
      less.disabled = value <= low;
      more.disabled = value >= high;
    };
    return { element: make("span", { class: "stepper" }, less, input, more), set, send, value: () => held };
  }

  toggle(field) {
    const input = make("input", { type: "checkbox" });
    input.onchange = () => this.owner.wish({ set: { [field.name]: input.checked } });
    const element = make("label", { class: "field check" }, input, make("span", {}, field.label));
    return { element, set: ({ value }) => (input.checked = value) };
  }

  button(field) {
    let wish = field.value;
    const element = button(field.label, () => this.owner.wish(wish));
    return { element, set: ({ value }) => (wish = value) };
  }
}
