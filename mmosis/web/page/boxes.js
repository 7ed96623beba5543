/** Boxes of references on the image that is shown: made, moved and removed, by pointer or keys. */

import { addReference, changeReference, removeReference } from './document.js';
import { change, getDoc, getView, look, newId } from './state.js';
import { middleBox } from './zoom.js';
import { tell } from './messages.js';

const LEAST = 4; // pixels of a side
const CORNERS = { nw: [0, 1], ne: [2, 1], sw: [0, 3], se: [2, 3] };

/** Names of the corners, and which numbers of a box each is. */
export const corners = Object.entries(CORNERS);

/** The box between two points. */
export const between = ([x1, y1], [x2, y2]) => [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];

/** Whether a box is large enough to show something. */
export const isLarge = box => box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST;

/** The corner opposite of one. */
export const opposite = (box, corner) =>
  CORNERS[corner].map((position, axis) => box[axis ? 4 - position : 2 - position]);

/** A box moved by pixels, as far as the image goes. */
export function moved(box, dx, dy, { width, height }) {
  const x = Math.min(Math.max(dx, -box[0]), width - box[2]);
  const y = Math.min(Math.max(dy, -box[1]), height - box[3]);
  return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
}

/** The image that is shown. */
export const shownImage = () => getDoc().images.find(each => each.id === getView().image);

/** The reference whose box is selected. */
export const selected = () => getDoc().references.find(each => each.id === getView().reference);

/** Add a box to the image that is shown; on one whose whole is a reference, the box becomes that of the reference. */
export function addBox(box) {
  const { image, name, tool } = getView();
  const whole = getDoc().references.find(each => each.image === image && !each.box);
  const negative = tool === 'negative';
  const id = whole?.id ?? newId();
  if (whole) change('box', doc => changeReference(doc, id, { box }));
  else change(negative ? 'negative box' : 'box', doc => addReference(doc, { id, image, box, name, negative }));
  look({ reference: id, objects: [] });
  tell(`${describe(box)}: ${negative ? 'not ' : ''}${whole?.name ?? name}.`);
}

/** Give the selected reference another box; steps of one key are undone together. */
export function setBox(box, key) {
  const { id } = selected();
  change('move of a box', doc => changeReference(doc, id, { box }), key && `${key} ${id}`);
  tell(`${describe(box)}.`);
}

const describe = ([x1, y1, x2, y2]) => `Box of ${x2 - x1} × ${y2 - y1} pixels at ${x1}, ${y1}`;

/** Make a box in the middle of what is shown. */
export function addMiddleBox() {
  if (shownImage()) addBox(middleBox());
}

/** Remove the selected reference. */
export function removeSelected() {
  change('removal of a reference', doc => removeReference(doc, getView().reference));
  tell('Reference removed.');
}

/** Move the selected box by keys, or with `stretch` its lower right corner; false without one. */
export function nudge([dx, dy], stretch) {
  const reference = selected();
  const image = shownImage();
  if (!reference?.box || reference.image !== image.id) return false;
  const step = Math.max(1, Math.round(Math.max(image.width, image.height) / 100));
  const box = (stretch ? stretched : moved)(reference.box, dx * step, dy * step, image);
  if (isLarge(box)) setBox(box, 'keys');
  return true;
}

function stretched(box, dx, dy, { width, height }) {
  return [box[0], box[1], Math.min(box[2] + dx, width), Math.min(box[3] + dy, height)];
}
