// The state of the pad as texts of the address. A drawing is packed as in cnnlab/digit_link.py.

const MOST_TEXT = 2000; // characters of a drawing

function drawingToText(pixels) {
  const bytes = [];
  for (let at = 0; at < pixels.length; ) {
    const value = pixels[at];
    if (value !== 0 && value !== 255) {
      bytes.push(value);
      at += 1;
      continue;
    }
    let run = 1;
    while (run < 255 && at + run < pixels.length && pixels[at + run] === value) run += 1;
    bytes.push(value, run);
    at += run;
  }
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The drawing of a text; null if it is none. */
function drawingFromText(text) {
  if (text.length > MOST_TEXT || /[^A-Za-z0-9_-]/.test(text) || text.length % 4 === 1) return null;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const pixels = [];
  for (let at = 0; at < bytes.length; at++) {
    const value = bytes.charCodeAt(at);
    const run = value === 0 || value === 255 ? bytes.charCodeAt(++at) || 0 : 1;
    if (!run) return null;
    for (let i = 0; i < run; i++) pixels.push(value);
  }
  return pixels.length === SIDE * SIDE ? Uint8Array.from(pixels) : null;
}

/** A cell as conv2.17.3.4 (map, row, column), or fc1.123 where maps have one cell. */
function cellToText({ stage, map, row, column }, stages) {
  const one = stages.find(({ name }) => name === stage).side === 1;
  return one ? `${stage}.${map}` : `${stage}.${map}.${row}.${column}`;
}

/** The cell of a text; null if there is none such. */
function cellFromText(text, stages) {
  const [name, ...parts] = text.split(".");
  const stage = stages.find((found) => found.name === name);
  if (!stage || parts.length !== (stage.side === 1 ? 1 : 3) || !parts.every((part) => /^\d{1,3}$/.test(part))) return null;
  const [map, row = 0, column = 0] = parts.map(Number);
  return map < stage.maps && row < stage.side && column < stage.side ? { stage: name, map, row, column } : null;
}
