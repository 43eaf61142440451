// What a brush does to the 28 × 28 pixels of a drawing.

/** Draw or erase a stroke between two points, in pixels; the edge of the brush is soft. */
function stroke(pixels, [x0, y0], [x1, y1], { radius, erase }) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const reach = radius + 0.5;
  const first = (a, b) => Math.max(0, Math.floor(Math.min(a, b) - reach));
  const last = (a, b) => Math.min(SIDE - 1, Math.ceil(Math.max(a, b) + reach));
  for (let row = first(y0, y1); row <= last(y0, y1); row++)
    for (let column = first(x0, x1); column <= last(x0, x1); column++) {
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.round(255 * Math.min(Math.max(reach - distance, 0), 1));
      const at = row * SIDE + column;
      pixels[at] = erase ? Math.min(pixels[at], 255 - ink) : Math.max(pixels[at], ink);
    }
}
