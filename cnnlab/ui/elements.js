// What the components share: making elements. It stands before the script of each of them.

/** Make an element; its children are elements or texts. */
function make(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Make a button; a label says in words what a sign on it means. */
function button(text, label, action) {
  const made = make("button", "", text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.onclick = action;
  return made;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

