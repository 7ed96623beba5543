/** Outlines of masks: from COCO's compressed RLE to SVG paths. */

const MOST = 600; // cells a side in which a mask is traced; more would not be seen
const paths = new WeakMap();

/** SVG path of the outline of a segmentation {size: [h, w], counts} in a box [x, y, w, h]. */
export function outline(segmentation, bbox) {
  if (!paths.has(segmentation)) paths.set(segmentation, trace(sample(segmentation, bbox)));
  return paths.get(segmentation);
}

/** Lengths of the runs of 0 and 1 in turns, from COCO's text. */
function decodeCounts(text) {
  const counts = [];
  let position = 0;
  while (position < text.length) {
    let [value, shift, code] = [0, 0, 32];
    while (code & 32) {
      code = text.charCodeAt(position++) - 48;
      value |= (code & 31) << shift;
      shift += 5;
    }
    if (code & 16) value |= -1 << shift;
    counts.push(counts.length > 2 ? value + counts[counts.length - 2] : value);
  }
  return counts;
}

/** Sample a mask in its box, with an empty cell around it. */
function sample({ size: [height], counts }, bbox) {
  const [left, top] = [Math.floor(bbox[0]), Math.floor(bbox[1])];
  const [wide, high] = [Math.ceil(bbox[0] + bbox[2]) - left, Math.ceil(bbox[1] + bbox[3]) - top];
  const step = Math.max(1, Math.ceil(Math.max(wide, high) / MOST));
  const grid = { left, top, step, columns: Math.ceil(wide / step) + 2, rows: Math.ceil(high / step) + 2 };
  grid.cells = new Uint8Array(grid.columns * grid.rows);
  let start = 0;
  decodeCounts(counts).forEach((length, index) => {
    if (index % 2) fillRun(grid, start, start + length, height);
    start += length;
  });
  return grid;
}

/** Fill the cells that a run of pixels, column by column, covers the middle of. */
function fillRun(grid, start, end, height) {
  while (start < end) {
    const x = Math.floor(start / height);
    const stop = Math.min(end, (x + 1) * height);
    const column = (x - grid.left) / grid.step + 1;
    if (Number.isInteger(column) && column > 0 && column < grid.columns - 1) {
      const first = Math.max(0, Math.ceil((start - x * height - grid.top) / grid.step));
      const last = Math.min(grid.rows - 2, Math.ceil((stop - x * height - grid.top) / grid.step));
      for (let row = first; row < last; row++) grid.cells[(row + 1) * grid.columns + column] = 1;
    }
    start = stop;
  }
}

// For each set of corners of a square that are inside (upper left 8, upper right 4, lower right 2, lower left 1) the
// pieces of the outline through it, from side to side, with the inside at the right. Sides: top, right, bottom, left.
const [T, R, B, L] = [0, 1, 2, 3];
const PIECES = [
  [], [[L, B]], [[B, R]], [[L, R]], [[R, T]], [[L, B], [R, T]], [[B, T]], [[L, T]],
  [[T, L]], [[T, B]], [[T, L], [B, R]], [[T, R]], [[R, L]], [[R, B]], [[B, L]], [],
];
const OFFSETS = [[0, -1], [1, 0], [0, 1], [-1, 0]]; // of the sides from the middle of the square, in half cells

/** Join the pieces of the outline (marching squares) into closed lines. */
function trace(grid) {
  const { cells, columns, rows } = grid;
  const stride = 2 * columns;
  const next = new Map();
  for (let y = 1; y < rows; y++) {
    for (let x = 1; x < columns; x++) {
      const at = y * columns + x;
      const corners = 8 * cells[at - columns - 1] + 4 * cells[at - columns] + 2 * cells[at] + cells[at - 1];
      for (const piece of PIECES[corners]) {
        const [from, to] = piece.map(side => (2 * y + OFFSETS[side][1]) * stride + 2 * x + OFFSETS[side][0]);
        next.set(from, to);
      }
    }
  }
  return toPath(next, stride, grid);
}

function toPath(next, stride, { left, top, step }) {
  let path = '';
  const place = point => {
    const x = left + ((point % stride) / 2 - 1) * step;
    const y = top + (Math.floor(point / stride) / 2 - 1) * step;
    return `${x} ${y}`;
  };
  for (const start of next.keys()) {
    if (!next.has(start)) continue;
    let [point, before] = [start, null];
    path += `M${place(start)}`;
    while (next.has(point)) {
      const after = next.get(point);
      next.delete(point);
      if (after - point !== before && point !== start) path += `L${place(point)}`;
      [before, point] = [after - point, after];
    }
    path += 'Z';
  }
  return path;
}
