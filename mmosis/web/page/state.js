/** The state of the page: a document, whose changes can be undone, and the view of it. */

const LIMIT = 300; // steps that can be undone

/**
 * The document. It is never changed in place, so that earlier ones stay whole.
 *
 * @typedef {object} Doc
 * @property {{id, name, file, width, height, bytes, searched}[]} images - `file` is the file's own name, which others
 *   may have; those not searched are there for their references alone.
 * @property {{id, image, box, name, negative}[]} references - `box` is [x1, y1, x2, y2] in pixels, null for the whole
 *   image.
 * @property {{id, name, classes, references}[]} banks - Banks loaded from files.
 * @property {Object<string, {objects, seconds, searched, revision}>} results - Of each image by its id.
 * @property {string[]} categories - In the order of their colours.
 * @property {number} threshold - Lowest score that is shown.
 * @property {boolean} keepAll - Whether several categories may claim one region.
 * @property {string} revision - Another one for each change of what is searched for.
 */
const EMPTY = Object.freeze({
  images: [], references: [], banks: [], results: {}, categories: [], threshold: 0.5, keepAll: false, revision: '',
});

const START = {
  image: null, // the one that is shown
  reference: null, // whose box is selected
  objects: [], // ids of those that are selected
  tool: 'example',
  name: 'object', // of the next box
  progress: null, // of a search: {text, part}, part is 0-1
};

let doc = EMPTY;
let view = { ...START };
let past = [];
let future = [];
let open = null; // key of the step that further changes of the same key join
let scheduled = false;
const listeners = [];

/** The document as it is now. */
export const getDoc = () => doc;

/** The view as it is now. */
export const getView = () => view;

/** Call a function after each change, once for changes that come together. */
export function subscribe(listener) {
  listeners.push(listener);
}

/**
 * Change the document by a step that can be undone.
 *
 * @param {string} label - What the step does, for people.
 * @param {(doc: Doc) => Doc} recipe
 * @param {string} [key] - Steps of one key that follow each other are undone together.
 */
export function change(label, recipe, key = null) {
  const next = recipe(doc);
  if (next === doc) return;
  if (!key || key !== open) past = [...past.slice(1 - LIMIT), { label, doc }];
  future = [];
  open = key;
  doc = next;
  notify();
}

/** Undo the last step; its label, or null if there is none. */
export function undo() {
  return step(past, future);
}

/** Do again what was undone; its label, or null if there is none. */
export function redo() {
  return step(future, past);
}

function step(from, to) {
  const last = from.pop();
  open = null;
  if (!last) return null;
  to.push({ label: last.label, doc });
  doc = last.doc;
  notify();
  return last.label;
}

/** Labels of what undo and redo would do, null for nothing. */
export const nextSteps = () => ({ undo: past.at(-1)?.label ?? null, redo: future.at(-1)?.label ?? null });

/** Show something else. */
export function look(changes) {
  view = { ...view, ...changes };
  notify();
}

/** Begin with a document that was kept, or an empty one; there is nothing to undo then. */
export function begin(kept = EMPTY, image = null) {
  doc = { ...EMPTY, ...kept };
  view = { ...START, image, name: doc.categories[0] ?? START.name };
  [past, future, open] = [[], [], null];
  notify();
}

let counter = 0;

/** An id that no other thing has, in this visit or an earlier one. */
export const newId = () => `${Date.now().toString(36)}-${(counter++).toString(36)}`;

/** Whether a file is still needed, if only to undo its removal. */
export function isUsed(id) {
  const docs = [doc, ...past.map(each => each.doc), ...future.map(each => each.doc)];
  return docs.some(each => [...each.images, ...each.banks].some(file => file.id === id));
}

function notify() {
  tidy();
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    listeners.forEach(listener => listener(doc, view));
  });
}

/** Drop from the view what the document has no more. */
function tidy() {
  const image = doc.images.find(each => each.id === view.image) ?? doc.images.find(each => each.searched);
  const objects = new Set((doc.results[image?.id]?.objects ?? []).filter(each => !each.deleted).map(each => each.id));
  view = {
    ...view,
    image: image?.id ?? null,
    objects: view.objects.filter(id => objects.has(id)),
    reference: doc.references.some(each => each.id === view.reference) ? view.reference : null,
  };
}
