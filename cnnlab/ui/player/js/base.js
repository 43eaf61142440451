// Small helpers of the step player. The files of this folder are joined into one module, in the
// order that player.py names, so they share one scope and import nothing.

const SVG_TAGS = new Set(["svg", "g", "rect", "text", "path", "line"]);
const UNIT = 40; // side of a cell in drawing units; the style sheet scales it
const EDGE = 16; // room for the row and column numbers

const ICONS = {
  restart: "M5 5h2.6v14H5zM13.5 5v14L8 12zM20 5v14l-5.5-7z",
  back: "M16.4 5H19v14h-2.6zM14 5v14L4.5 12z",
  play: "M7 4v16l13-8z",
  pause: "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z",
  forward: "M5 5h2.6v14H5zM10 5v14l9.5-7z",
};

function make(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function icon(name) {
  return make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, make("path", { d: ICONS[name] }));
}

function button(text, action, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, text);
  element.onclick = action;
  return element;
}

/** A number as it is read on a slide: whole if it is whole, else `digits` significant; digits
 * before the point are all kept. */
function written(value, digits = 4) {
  const [whole, rest] = plain(value, digits).split(".");
  const grouped = whole.includes("e") ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (rest === undefined ? grouped : `${grouped}.${rest}`).replace(/-/g, "−");
}

/** The same number as it stands in a field: one types no comma for thousands. */
function plain(value, digits) {
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) && size < 1e7) text = String(value);
  else if (size !== 0 && (size >= 1e6 || size < 1e-3)) text = value.toExponential(2);
  else text = String(Number(value.toPrecision(Math.max(digits, String(Math.trunc(size)).length))));
  return text.replace(/^-/, "−");
}

/** In a sum, what is negative stands in brackets. */
function bracketed(value, digits = 4) {
  return value < 0 ? `(${written(value, digits)})` : written(value, digits);
}

/** What a learner typed as a number, null if it is none; a decimal comma and a fraction will do. */
function typedNumber(text) {
  const clean = text.trim().replace("−", "-").replace(",", ".");
  const fraction = clean.match(/^(-?\d+(?:\.\d+)?)\s*\/\s*(\d+(?:\.\d+)?)$/);
  const value = fraction ? Number(fraction[1]) / Number(fraction[2]) : clean === "" ? NaN : Number(clean);
  return Number.isFinite(value) && Math.abs(value) <= 1e6 ? value : null;
}

/** Many numbers as Python packed them: a table and the place of each number in it, or float32. */
function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed.float32 ?? packed.index), (letter) => letter.charCodeAt(0));
  if (packed.float32 !== undefined) {
    const values = new Float32Array(bytes.buffer);
    return (place) => Number(values[place].toPrecision(7));
  }
  const index = packed.bytes === 1 ? bytes : new Uint16Array(bytes.buffer);
  return (place) => packed.table[index[place]];
}
