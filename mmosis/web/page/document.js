/** What can be done to a document (see state.js): functions that give a changed one; and what can be asked of it. */

import { newId } from './state.js';

const SAME_IOU = 0.5; // of two boxes around one object
const COLOURS = ['#ff7a00', '#2e9bff', '#12b886', '#e64980', '#9775fa', '#e0a800', '#00a6b8', '#c0562b'];

// ---------------------------------------------------------------- images and banks

/** Add images. */
export const addImages = (doc, images) => ({ ...doc, images: [...doc.images, ...images] });

/** Remove an image, with its references and results. */
export function removeImage(doc, id) {
  const { [id]: gone, ...results } = doc.results;
  const references = doc.references.filter(each => each.image !== id);
  const changed = { ...doc, images: doc.images.filter(each => each.id !== id), results };
  return references.length === doc.references.length ? changed : withReferences(changed, references);
}

/** Add a bank that was loaded. */
export function addBank(doc, bank) {
  const changed = bank.classes.reduce(withCategory, doc);
  return { ...changed, banks: [...doc.banks, bank], revision: newId() };
}

/** Remove a bank. */
export const removeBank = (doc, id) =>
  withReferences({ ...doc, banks: doc.banks.filter(each => each.id !== id) }, doc.references);

// ---------------------------------------------------------------- references

/** Add a reference: {image, box, name, negative}; what was deleted where an example is boxed may be found again. */
export function addReference(doc, reference) {
  const changed = reference.box && !reference.negative ? withoutDeleted(doc, reference) : doc;
  return withReferences(withCategory(changed, reference.name), [...doc.references, { id: newId(), ...reference }]);
}

function withoutDeleted(doc, { image, box }) {
  const result = doc.results[image];
  if (!result) return doc;
  const objects = result.objects.filter(each => !each.deleted || iou(toBox(each), box) < SAME_IOU);
  return { ...doc, results: { ...doc.results, [image]: { ...result, objects } } };
}

/** Change a reference. */
export function changeReference(doc, id, changes) {
  const references = doc.references.map(each => (each.id === id ? { ...each, ...changes } : each));
  return withReferences(changes.name ? withCategory(doc, changes.name) : doc, references);
}

/** Remove a reference; an image that was there for it alone goes too. */
export function removeReference(doc, id) {
  const { image } = doc.references.find(each => each.id === id);
  const references = doc.references.filter(each => each.id !== id);
  const idle = !references.some(each => each.image === image);
  const images = doc.images.filter(each => each.id !== image || each.searched || !idle);
  return withReferences({ ...doc, images }, references);
}

/** Give a category another name, in references and results; to that of another, both become one. */
export function renameCategory(doc, old, name) {
  const revision = newId();
  const rename = each => (each === old ? name : each);
  const results = Object.entries(doc.results).map(([id, result]) => [id, {
    ...result,
    revision: result.revision === doc.revision ? revision : result.revision,
    objects: result.objects.map(each => ({ ...each, category: rename(each.category), foundAs: rename(each.foundAs) })),
  }]);
  return {
    ...doc,
    revision,
    results: Object.fromEntries(results),
    categories: [...new Set(doc.categories.map(rename))],
    references: doc.references.map(each => ({ ...each, name: rename(each.name) })),
  };
}

/** Remove a category: its references, and what was found of it. */
export function removeCategory(doc, name) {
  const results = Object.entries(doc.results).map(([id, result]) => [
    id, { ...result, objects: result.objects.filter(each => each.category !== name) },
  ]);
  const references = doc.references.filter(each => each.name !== name);
  const images = doc.images.filter(each => each.searched || references.some(reference => reference.image === each.id));
  return withReferences({ ...doc, images, results: Object.fromEntries(results) }, references);
}

/** The document with other references, without the categories that have nothing any more. */
function withReferences(doc, references) {
  const objects = Object.values(doc.results).flatMap(result => result.objects);
  const named = [...references.map(each => each.name), ...objects.map(each => each.category)];
  const used = new Set([...named, ...doc.banks.flatMap(bank => bank.classes)]);
  return { ...doc, references, categories: doc.categories.filter(name => used.has(name)), revision: newId() };
}

const withCategory = (doc, name) =>
  doc.categories.includes(name) ? doc : { ...doc, categories: [...doc.categories, name] };

// ---------------------------------------------------------------- results

/** Put in what a search found in an image; what was decided there by hand before stays. */
export function setResult(doc, id, answer) {
  const decided = (doc.results[id]?.objects ?? []).filter(isDecided);
  const found = answer.objects.map(each => ({ ...each, id: newId(), foundAs: each.category }));
  const fresh = found.filter(each => !decided.some(old => isSettledBy(each, old)));
  const result = { ...answer, objects: [...decided, ...fresh] };
  const changed = answer.objects.reduce((whole, each) => withCategory(whole, each.category), doc);
  return { ...changed, results: { ...doc.results, [id]: result } };
}

/** Whether a user has said something of an object. */
const isDecided = object => object.accepted || object.deleted || object.category !== object.foundAs;

function isSettledBy(object, decided) {
  const same = iou(toBox(object), toBox(decided)) >= SAME_IOU;
  return same && (!decided.deleted || decided.foundAs === object.category);
}

/** Change objects of an image, by their ids. */
export function changeObjects(doc, image, ids, changes) {
  const result = doc.results[image];
  const objects = result.objects.map(each => (ids.includes(each.id) ? { ...each, ...changes } : each));
  const changed = changes.category ? withCategory(doc, changes.category) : doc;
  return { ...changed, results: { ...doc.results, [image]: { ...result, objects } } };
}

/** Make negative references of objects that are wrong, and delete them. */
export function makeNegatives(doc, image, ids) {
  const wrong = doc.results[image].objects.filter(each => ids.includes(each.id));
  const size = doc.images.find(each => each.id === image);
  const toNegative = each => ({ image, box: inside(toBox(each), size), name: each.category, negative: true });
  return wrong.map(toNegative).reduce(addReference, changeObjects(doc, image, ids, { deleted: true }));
}

/** The smallest box of whole pixels around another, as far as the image goes. */
function inside([x1, y1, x2, y2], { width, height }) {
  const [left, top] = [x1, y1].map(value => Math.max(0, Math.floor(value)));
  return [left, top, Math.min(width, Math.ceil(x2)), Math.min(height, Math.ceil(y2))];
}

// ---------------------------------------------------------------- questions

/** Objects of an image that are shown, by falling score. */
export function shownObjects(doc, image) {
  const objects = doc.results[image]?.objects ?? [];
  const shown = objects.filter(each => !each.deleted && (each.accepted || each.score >= doc.threshold));
  return shown.sort((one, other) => other.score - one.score);
}

/** How many objects of each category an image shows: {name: number}. */
export function countObjects(doc, image) {
  const counts = {};
  for (const { category } of shownObjects(doc, image)) counts[category] = (counts[category] ?? 0) + 1;
  return counts;
}

/** Images that are searched. */
export const searchedImages = doc => doc.images.filter(each => each.searched);

/** Whether the references have changed since an image was searched. */
export const isStale = (doc, image) => Boolean(doc.results[image]) && doc.results[image].revision !== doc.revision;

/** Colour of a category. */
export const colourOf = (doc, name) => COLOURS[Math.max(0, doc.categories.indexOf(name)) % COLOURS.length];

/** Box [x1, y1, x2, y2] of an object. */
export const toBox = ({ bbox: [x, y, width, height] }) => [x, y, x + width, y + height];

function iou(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = box => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(one) + area(other) - width * height);
}
