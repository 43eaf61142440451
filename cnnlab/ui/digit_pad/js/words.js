// Numbers as people read them, and the colours of what the network holds.

/** A number with a true minus sign. */
function written(value, digits = 2) {
  const text = (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return text.replace("-", "−");
}

/** A share as cnnlab.percent writes it. */
function percent(share) {
  if (share > 0 && share < 0.0005) return "< 0.1\u202f%";
  if (share < 1 && share >= 0.9995) return "> 99.9\u202f%";
  return `${(100 * share).toFixed(1).replace(/\.0$/, "")}\u202f%`;
}

const several = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

const RAMP = [ // from nothing to the most; always brighter
  [10, 22, 20],
  [24, 112, 84],
  [82, 215, 162],
  [245, 255, 240],
];

const RAMP_STYLE = `linear-gradient(to right, ${RAMP.map((colour) => `rgb(${colour.join(" ")})`).join(", ")})`;

/** The colour of an activation, as red, green and blue; 1 is the largest of its stage. */
function colourOf(share) {
  const place = clamp(share, 0, 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(place), RAMP.length - 2);
  return RAMP[low].map((part, c) => Math.round(part + (place - low) * (RAMP[low + 1][c] - part)));
}

const greyOf = (share) => Array(3).fill(Math.round(255 * clamp(share, 0, 1)));

/** A place that can have the focus, and tells what happens on it. */
function world(className, label, ...children) {
  const made = make("div", className, ...children);
  made.tabIndex = 0;
  made.setAttribute("role", "application");
  made.setAttribute("aria-label", label);
  return made;
}
