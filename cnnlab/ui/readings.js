// What a learner typed, read as a number in every way that people write one.

const WRITTEN = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const COMMAS_GROUP = /^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/; // 1,000,000.5
const DOTS_GROUP = /^[-+]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/; // 1.000.000,5

/** All numbers that a text may mean, the likeliest first: 1,000 or 0,5 or 1/4; 25 % is 25 or 0.25. */
function readings(text) {
  const parts = text.split("/");
  if (parts.length === 2) {
    const [above, below] = parts.map((part) => readings(part)[0]);
    return [above / below].filter(Number.isFinite);
  }
  const plain = text.replace(/[\s\u00a0\u2009\u202f']/g, "").replace(/\u2212/g, "-").replace(/%$/, "");
  const ways = [];
  if (COMMAS_GROUP.test(plain)) ways.push(plain.replace(/,/g, ""));
  ways.push(plain.replace(/^([-+]?\d*),(\d*)$/, "$1.$2"));
  if (DOTS_GROUP.test(plain)) ways.push(plain.replace(/\./g, "").replace(",", "."));
  const found = ways.filter((way) => WRITTEN.test(way)).map(Number).filter(Number.isFinite);
  return /%\s*$/.test(text) ? [...found, ...found.map((value) => value / 100)] : found;
}

