// Exercises that check themselves. Answers and hints come from Python; nothing goes back.
const QUIZZES = new WeakMap();

/** What to say of an answer; counts: false where nothing was answered, so it is no try. */
function verdict(question, given) {
  if (question.options.length) {
    if (!question.options.includes(given)) return { counts: false, says: "Choose one of the answers." };
    if (given === question.answer) return { counts: true, right: true, says: question.why };
    const slip = question.slips.find(([value]) => value === given);
    return { counts: true, says: slip ? slip[1] : "Not yet. Look again." };
  }
  const values = readings(given);
  if (!values.length) return { counts: false, says: "Write a number, for example 12 or 0.5." };
  const near = (other) =>
    values.some((value) => Math.abs(value - other) <= question.within + 1e-9 * Math.abs(other));
  if (near(question.answer)) return { counts: true, right: true, says: question.why };
  const slip = question.slips.find(([other]) => near(other));
  return { counts: true, says: slip ? slip[1] : "Not yet. Look again." };
}

/** What was answered in this tab, by page and question; nothing where storage is blocked. */
function remembered(name) {
  try {
    const found = JSON.parse(sessionStorage.getItem(name));
    return typeof found?.given === "string" ? found : null;
  } catch {
    return null;
  }
}

function remember(name, state) {
  try {
    sessionStorage.setItem(name, JSON.stringify(state));
  } catch {
    // blocked or full: the exercise works without
  }
}

function field(question, label) {
  if (!question.options.length) {
    const input = make("input");
    input.type = "text";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.maxLength = 40;
    input.setAttribute("aria-labelledby", label);
    return { element: input, read: () => input.value, write: (given) => (input.value = given) };
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
  const write = (given) => {
    for (const input of group.querySelectorAll("input")) input.checked = input.value === given;
  };
  return { element: group, read: () => group.querySelector("input:checked")?.value, write };
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
  const name = `cnnlab-quiz ${location.pathname} ${question.asks}`;
  let state = { given: "", shown: false }; // the last answer that counted
  const judge = (given) => {
    const { counts, right, says: words } = verdict(question, given);
    tell(right ? "right" : "wrong", right ? "✓ Right." : counts ? "✕" : "?", words);
    if (counts) show.hidden = Boolean(right);
    return counts;
  };
  const reveal = () => {
    const value = question.options.length ? question.answer : question.answer.toLocaleString("en-US", { maximumFractionDigits: 4 });
    tell("shown", `The answer: ${value}.`, question.why);
    show.hidden = true;
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = answer.read() ?? "";
    if (judge(given)) remember(name, (state = { given, shown: false }));
  };
  show.onclick = () => {
    reveal();
    remember(name, (state = { ...state, shown: true }));
    check.focus();
  };
  const before = remembered(name);
  if (before && verdict(question, before.given).counts) {
    state = before;
    answer.write(before.given);
    judge(before.given);
    if (before.shown) reveal();
  }
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
