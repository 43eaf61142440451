// The present step as a picture of its own: SVG, or PNG drawn from it.

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "paint-order", "font-size", "font-weight", "opacity", "text-anchor", "dominant-baseline"];

/** Return the board as SVG text that needs no style sheet. */
function boardPicture(board, caption) {
  const origin = board.element.getBoundingClientRect();
  const style = getComputedStyle(board.element);
  const padding = 16;
  const [width, height] = [Math.ceil(board.boardWidth) + 2 * padding, Math.ceil(origin.height) + 2 * padding + 34];
  const ground = style.getPropertyValue("--ground");
  const root = make("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "IBM Plex Sans, Helvetica, Arial, sans-serif" });
  root.append(make("rect", { width, height, fill: ground }));
  const words = (element) => {
    const box = element.getBoundingClientRect();
    if (!box.width || !element.textContent) return;
    const look = getComputedStyle(element);
    const size = parseFloat(look.fontSize);
    root.append(
      make("text", { x: box.x - origin.x + padding, y: box.y - origin.y + padding + box.height / 2 + size * 0.35, fill: look.color, "font-size": size, "font-weight": look.fontWeight }, element.textContent),
    );
  };
  board.element.querySelectorAll(".caption > *, figcaption, .bias").forEach((element) => {
    words(element);
    const input = element.querySelector("input");
    if (input) root.lastChild.textContent += input.value;
  });
  for (const svg of board.element.querySelectorAll("svg.plane, svg.lines")) {
    const box = svg.getBoundingClientRect();
    if (!box.width) continue;
    const copy = svg.cloneNode(true);
    const from = svg.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((element, i) => {
      const look = getComputedStyle(from[i]);
      for (const name of DRAWN) element.setAttribute(name, look.getPropertyValue(name));
      if (look.visibility === "hidden" || look.display === "none") element.setAttribute("display", "none");
      element.removeAttribute("class");
      element.removeAttribute("style");
      if (element.dataset) delete element.dataset.cell;
    });
    for (const name of ["class", "style", "tabindex", "role", "aria-label", "aria-roledescription"]) copy.removeAttribute(name);
    for (const [name, value] of Object.entries({ x: box.x - origin.x + padding, y: box.y - origin.y + padding, width: box.width, height: box.height })) copy.setAttribute(name, value);
    root.append(copy);
  }
  root.append(make("text", { x: padding, y: height - padding, fill: style.color, "font-size": 17 }, caption));
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function saveSvg(board, caption, name) {
  download(new Blob([boardPicture(board, caption).text], { type: "image/svg+xml" }), `${name}.svg`);
}

/** Twice the size on screen, so that it stays sharp on a slide. */
async function savePng(board, caption, name) {
  const { text, width, height } = boardPicture(board, caption);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = make("canvas", { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
  canvas.toBlob((blob) => download(blob, `${name}.png`), "image/png");
}
