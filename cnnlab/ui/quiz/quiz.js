// Exercises that check themselves. Answers and hints come from Python; nothing goes back.
const QUIZZES = new WeakMap();

/** Read a number as people write it: 1,000 or 1 000 or 0.5 or 0,5 or −3; NaN if it is none. */
function number(text) {
  const plain = text.trim().replace(/[\s\u00a0\u2009\u202f']/g, "").replace(/\u2212/g, "-");
  if (plain === "") return NaN;
  if (/^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(plain)) return Number(plain.replace(/,/g, ""));
  return Number(plain.replace(/^([-+]?\d*),(\d*)$/, "$1.$2"));
}

function verdict(question, given) {
  if (question.options.length) {
    if (given === question.answer) return { right: true, says: question.why };
    const slip = question.slips.find(([value]) => value === given);
    return { says: slip ? slip[1] : "Not yet. Try it above and look again." };
  }
  const value = number(given);
  if (Number.isNaN(value)) return { says: "Write a number, for example 12 or 0.5." };
  const near = (other) => Math.abs(value - other) <= question.within + 1e-9 * Math.abs(other);
  if (near(question.answer)) return { right: true, says: question.why };
  const slip = question.slips.find(([other]) => near(other));
  return { says: slip ? slip[1] : "Not yet. Try it above and count again." };
}

function field(question, label) {
  if (!question.options.length) {
    const input = make("input");
    input.type = "text";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.maxLength = 40;
    input.setAttribute("aria-labelledby", label);
    return { element: input, read: () => input.value };
  }
  const group = make("div", "options");
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-labelledby", label);
  for (const option of question.options) {
    const line = make("label"), input = make("input");
    input.type = "radio";
    input.name = label;
    input.value = option;
    line.append(input, make("span", "", option));
    group.append(line);
  }
  return { element: group, read: () => group.querySelector("input:checked")?.value };
}

function ask(question, place, id) {
  const form = make("form", "question"), label = `${id}-${place}`;
  const text = make("p", "asks");
  text.id = label;
  text.append(make("strong", "", `Exercise ${place + 1}. `), question.asks);
  const answer = field(question, label), buttons = make("div", "answer");
  const check = make("button", "check", "Check"), show = make("button", "show", "Show the answer");
  check.type = "submit";
  show.type = "button";
  show.hidden = true; // first one tries
  const says = make("p", "verdict");
  says.setAttribute("role", "status");
  const tell = (kind, mark, words) => {
    says.className = `verdict ${kind}`;
    says.replaceChildren(make("strong", "", mark), ` ${words}`);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = answer.read();
    if (given === undefined) return tell("wrong", "?", "Choose one of the answers.");
    const { right, says: words } = verdict(question, given);
    tell(right ? "right" : "wrong", right ? "✓ Right." : "✕", words);
    show.hidden = Boolean(right);
  };
  show.onclick = () => {
    const value = question.options.length ? question.answer : question.answer.toLocaleString("en-US", { maximumFractionDigits: 4 });
    tell("shown", `The answer: ${value}.`, question.why);
    show.hidden = true;
    check.focus();
  };
  form.onkeydown = (event) => event.stopPropagation(); // Streamlit's own keys: r, c
  if (question.options.length) buttons.append(check, show);
  else buttons.append(answer.element, check, show);
  form.append(text);
  if (question.options.length) form.append(answer.element);
  form.append(buttons, says);
  return form;
}

export default function ({ data, parentElement }) {
  const text = JSON.stringify(data), known = QUIZZES.get(parentElement);
  if (known?.text === text) return;
  known?.root.remove();
  const root = make("div", "quiz"), id = `quiz-${Math.random().toString(36).slice(2)}`;
  data.questions.forEach((question, place) => root.append(ask(question, place, id)));
  parentElement.append(root);
  QUIZZES.set(parentElement, { text, root });
}
