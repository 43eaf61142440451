// A drawing prepared as MNIST prepared its digits: the same steps as in cnnlab/digit_pixels.py.

const SIDE = 28; // pixels along the side of a drawing
const BOX = 20; // the figure is scaled until its longer side has so many pixels
const TIE = 1e-6; // a shift that ends exactly between two pixels is settled the same everywhere

/** Scale a figure to 20 × 20 and centre it by its mass; all zeros stay so. */
function centred(pixels, height = SIDE, width = SIDE) {
  const result = new Float64Array(SIDE * SIDE);
  const rows = [];
  const columns = [];
  for (let at = 0; at < height * width; at++)
    if (pixels[at] > 0) {
      rows.push(Math.floor(at / width));
      columns.push(at % width);
    }
  if (!rows.length) return result;
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const [tall, wide] = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
  const [m, n] = [tall, wide].map((length) => scaledLength(length, Math.max(tall, wide)));
  const [down, across] = [resample(tall, m), resample(wide, n)];
  const half = new Float64Array(m * wide); // rows scaled, columns not yet
  for (let i = 0; i < m; i++)
    for (let r = 0; r < tall; r++)
      for (let c = 0; c < wide; c++) half[i * wide + c] += down[i][r] * pixels[(top + r) * width + left + c];
  const figure = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let c = 0; c < wide; c++) figure[i * n + j] += half[i * wide + c] * across[j][c];
  const [rowMass, columnMass] = [new Float64Array(m), new Float64Array(n)];
  figure.forEach((value, at) => {
    rowMass[Math.floor(at / n)] += value;
    columnMass[at % n] += value;
  });
  const [firstRow, firstColumn] = [firstOf(rowMass), firstOf(columnMass)];
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) result[(firstRow + i) * SIDE + firstColumn + j] = figure[i * n + j];
  return result;
}

function scaledLength(n, longest) {
  return Math.max(1, Math.floor((2 * n * BOX + longest) / (2 * longest)));
}

/** The weights that make m numbers of n: each is a mean weighed by a triangle. */
function resample(n, m) {
  const step = n / m;
  const reach = Math.max(step, 1);
  return Array.from({ length: m }, (_, i) => {
    const centre = (i + 0.5) * step - 0.5;
    const weights = Array.from({ length: n }, (_, j) => Math.max(0, 1 - Math.abs(j - centre) / reach));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  });
}

/** Where along an axis the figure begins, from its mass in each row or column. */
function firstOf(mass) {
  let [sum, moment] = [0, 0];
  mass.forEach((value, at) => {
    sum += value;
    moment += value * at;
  });
  const shift = Math.ceil((SIDE - 1) / 2 - moment / sum - TIE);
  return Math.min(Math.max(shift, 0), SIDE - mass.length);
}
