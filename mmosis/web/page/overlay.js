/** What is drawn over the image: outlines of results, boxes of references, the box that is being drawn. */

import { corners } from './boxes.js';
import { colourOf, shownObjects } from './document.js';
import { byId, keyed, makeSvg, setAttributes, setText } from './dom.js';
import { urlOf } from './files.js';
import { outline } from './outlines.js';
import { getDoc, getView, subscribe } from './state.js';
import { getFile } from './store.js';
import { fitImage } from './zoom.js';

const [img, objectLayer, boxLayer, handleLayer] = ['shown', 'objects', 'boxes', 'handles'].map(byId);
let shown = null; // id of the image
let draft = null; // box that is being drawn or changed

/** Draw the overlay of a document as it is viewed. */
function draw(doc, view) {
  const image = doc.images.find(each => each.id === view.image);
  showImage(image);
  const objects = image ? shownObjects(doc, image.id) : [];
  const bySize = [...objects].sort((one, other) => other.area - one.area); // the small ones can be clicked
  keyed(objectLayer, bySize, each => each.id, createObject, (group, each) => updateObject(group, each, doc, view));
  const boxed = doc.references.filter(each => each.image === view.image && each.box);
  keyed(boxLayer, boxed, each => each.id, createBox, (group, each) => updateBox(group, each, doc, view));
  drawHandles(boxed.find(each => each.id === view.reference));
}

function showImage(image) {
  byId('stage').classList.toggle('empty', !image);
  if (shown === (image?.id ?? null)) return;
  shown = image?.id ?? null;
  if (!image) {
    img.removeAttribute('src');
    return;
  }
  img.src = urlOf(getFile(image.id).blob);
  img.width = image.width;
  img.height = image.height;
  fitImage(image);
}

function createObject(object) {
  const d = outline(object.segmentation, object.bbox);
  const path = makeSvg('path', { d, 'fill-rule': 'evenodd', 'data-object': object.id });
  return makeSvg('g', { class: 'object' }, path, makeSvg('text', { 'text-anchor': 'middle' }));
}

function updateObject(group, object, doc, view) {
  const [x, y, width, height] = object.bbox;
  const isSelected = view.objects.includes(object.id);
  group.style.setProperty('--colour', colourOf(doc, object.category));
  group.classList.toggle('selected', isSelected);
  group.classList.toggle('accepted', Boolean(object.accepted));
  setAttributes(group.lastChild, { x: x + width / 2, y: y + height / 2 });
  const score = Math.round(100 * object.score);
  setText(group.lastChild, `${isSelected ? `${object.category} ` : ''}${score}${object.accepted ? ' ✓' : ''}`);
}

function createBox(reference) {
  return makeSvg('g', { class: 'box' }, makeSvg('rect', { 'data-reference': reference.id }), makeSvg('text'));
}

function updateBox(group, reference, doc, view) {
  const [x1, y1, x2, y2] = (reference.id === view.reference && draft) || reference.box;
  group.style.setProperty('--colour', colourOf(doc, reference.name));
  group.classList.toggle('selected', reference.id === view.reference);
  group.classList.toggle('negative', reference.negative);
  setAttributes(group.firstChild, { x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
  setAttributes(group.lastChild, { x: x1, y: y1 });
  setText(group.lastChild, `${reference.negative ? 'not ' : ''}${reference.name}`);
}

function drawHandles(reference) {
  const box = reference && (draft || reference.box);
  const items = box ? corners.map(([name, [i, j]]) => ({ name, x: box[i], y: box[j] })) : [];
  const create = ({ name }) => makeSvg('path', { 'data-corner': name, class: `handle ${name}` });
  keyed(handleLayer, items, each => each.name, create, (path, { x, y }) => path.setAttribute('d', `M${x} ${y}h0`));
}

/** Draw a box that is not done: one more with `isNew`, or else that of the selected reference; null ends it. */
export function drawDraft(box, isNew = false) {
  const rect = byId('draft');
  setAttributes(rect, { hidden: !box || !isNew });
  if (box && isNew) setAttributes(rect, { x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1] });
  draft = isNew ? null : box;
  draw(getDoc(), getView());
}

subscribe(draw);
