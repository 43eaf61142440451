// The arithmetic of filters, in the same order as in Python: every number comes out the same.
// A plane is one channel, {pixels, width, height}; a filter is
// {kernels, divisor, bias, combine, border} with combine "sum", "magnitude" or "angle".

/** The pixel that stands for a place beyond the border, -1 for a zero. */
function within(place, size, border) {
  if (place >= 0 && place < size) return place;
  if (border === "zeros") return -1;
  if (border === "repeat the edge" || size === 1) return place < 0 ? 0 : size - 1;
  const period = 2 * (size - 1);
  const folded = ((place % period) + period) % period;
  return folded < size ? folded : period - folded;
}

function pixelAt(plane, row, column, border) {
  const r = within(row, plane.height, border);
  const c = within(column, plane.width, border);
  return r < 0 || c < 0 ? 0 : plane.pixels[r * plane.width + c];
}

/** The sum of weights times pixels around a place. */
function sumAt(plane, kernel, row, column, border) {
  const top = row - (kernel.length >> 1);
  const left = column - (kernel[0].length >> 1);
  let sum = 0;
  for (let i = 0; i < kernel.length; i++)
    for (let j = 0; j < kernel[i].length; j++) sum += kernel[i][j] * pixelAt(plane, top + i, left + j, border);
  return sum;
}

/** What one or two sums become: {value, length}. */
function combined(sums, filter) {
  if (filter.combine === "sum") return { value: sums[0] / filter.divisor + filter.bias, length: 0 };
  const [gx, gy] = sums;
  const length = Math.sqrt(gx * gx + gy * gy);
  const value = filter.combine === "magnitude" ? length : Math.atan2(gy + 0, gx + 0) * (180 / Math.PI);
  return { value, length };
}

function resultAt(plane, filter, row, column) {
  const sums = filter.kernels.map((kernel) => sumAt(plane, kernel, row, column, filter.border));
  return { sums, ...combined(sums, filter) };
}

/** All sums of a kernel over a plane, as a Float32Array: fast enough for a film. */
function allSums(plane, kernel, border) {
  const { width, height } = plane;
  const [down, right] = [kernel.length >> 1, kernel[0].length >> 1];
  const wide = width + 2 * right;
  const padded = new Float32Array(wide * (height + 2 * down));
  for (let r = 0; r < height + 2 * down; r++)
    for (let c = 0; c < wide; c++) padded[r * wide + c] = pixelAt(plane, r - down, c - right, border);
  const sums = new Float32Array(width * height);
  kernel.forEach((weights, i) =>
    weights.forEach((weight, j) => {
      if (weight === 0) return;
      for (let r = 0; r < height; r++) {
        const from = (r + i) * wide + j;
        for (let c = 0; c < width; c++) sums[r * width + c] += weight * padded[from + c];
      }
    }),
  );
  return sums;
}

const POSITIVE = [167, 74, 3];
const NEGATIVE = [4, 98, 185];

/** The colour of a number, as red, green and blue from 0 to 255. */
function colourOf({ value, length }, { kind, black, white }) {
  const number = kind === "angle" ? length : kind === "absolute" ? Math.abs(value) : value;
  const share = white <= black ? 0.5 : Math.min(Math.max((number - black) / (white - black), 0), 1);
  if (kind === "angle")
    return [5, 3, 1].map((start) => {
      const place = (((start + value / 60) % 6) + 6) % 6;
      return Math.round(255 * share * (1 - Math.min(Math.max(Math.min(place, 4 - place), 0), 1)));
    });
  if (kind === "colours") {
    const way = 2 * share - 1;
    const end = way < 0 ? NEGATIVE : POSITIVE;
    return end.map((part) => Math.round(255 + Math.abs(way) * (part - 255)));
  }
  const grey = Math.round(255 * share);
  return [grey, grey, grey];
}

const ARROWS = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];

function arrowOf(degrees) {
  return ARROWS[((Math.round(degrees / 45) % 8) + 8) % 8];
}

/** A number as people write it. */
function written(value, digits = 2) {
  const text = (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toLocaleString("en", { maximumFractionDigits: digits });
  return text.replace("-", "−");
}

