/** The selected objects or box, and the bar of what can be done with them. */

import { removeSelected, selected } from './boxes.js';
import { addReference, changeObjects, changeReference, makeNegatives, shownObjects, toBox } from './document.js';
import { byId, plural, setText, setValue } from './dom.js';
import { tell } from './messages.js';
import { change, getDoc, getView, look, subscribe } from './state.js';

const nameField = byId('selection-name');

/** Objects that are selected. */
const selectedObjects = () =>
  shownObjects(getDoc(), getView().image).filter(each => getView().objects.includes(each.id));

/** Select an object, or with `more` one more or less. */
export function select(id, more = false) {
  const { objects } = getView();
  const rest = more ? objects.filter(each => each !== id) : [];
  const taken = more && objects.includes(id);
  look({ objects: taken ? rest : [...rest, id], reference: null });
}

/** Select all objects that are shown. */
export function selectAll() {
  const objects = shownObjects(getDoc(), getView().image);
  look({ objects: objects.map(each => each.id), reference: null });
  tell(`${plural(objects.length, 'object')} selected.`);
}

/** Select the next object, or the one before. */
export function selectNext(step) {
  const objects = shownObjects(getDoc(), getView().image);
  if (!objects.length) return;
  const at = objects.findIndex(each => each.id === getView().objects.at(-1));
  const next = at < 0 ? (step > 0 ? 0 : objects.length - 1) : (at + step + objects.length) % objects.length;
  select(objects[next].id);
  const { category, score } = objects[next];
  tell(`${category}, score ${score.toFixed(2)}, ${next + 1} of ${objects.length}.`);
}

/** Accept the selected objects, or if all are accepted, no longer. */
export function acceptSelected() {
  const objects = selectedObjects();
  if (!objects.length) return;
  const accepted = !objects.every(each => each.accepted);
  changeAll(accepted ? 'acceptance' : 'withdrawal of an acceptance', { accepted });
  const what = accepted ? 'accepted, whatever the threshold' : 'no longer accepted';
  tell(`${plural(objects.length, 'object')} ${what}.`);
}

/** Delete what is selected: objects, or the reference of a box. */
export function deleteSelected() {
  const objects = selectedObjects();
  if (selected()) removeSelected();
  if (!objects.length) return;
  changeAll('deletion', { deleted: true });
  tell(`${plural(objects.length, 'object')} deleted.`);
}

/** Make negative references of wrong objects. */
export function markWrong(ids = getView().objects) {
  if (!ids.length) return;
  change('negative reference', doc => makeNegatives(doc, getView().image, ids));
  tell(`${plural(ids.length, 'negative reference')} added; search again to use ${ids.length === 1 ? 'it' : 'them'}.`);
}

/** Make references of right objects. */
export function markExample() {
  const objects = selectedObjects();
  const { image } = getView();
  const toReference = each => ({ image, box: toBox(each).map(Math.round), name: each.category, negative: false });
  if (!objects.length) return;
  change('reference from a result', doc => objects.map(toReference).reduce(addReference, doc));
  tell(`${plural(objects.length, 'reference')} added; search again to use ${objects.length === 1 ? 'it' : 'them'}.`);
}

/** Give what is selected another category; further boxes have that of a box. */
export function renameSelected(text) {
  const name = text.trim();
  const reference = selected();
  if (!name) return;
  if (reference) {
    change('category of a reference', doc => changeReference(doc, reference.id, { name }));
    look({ name });
  } else if (selectedObjects().length) {
    changeAll('relabelling', { category: name, accepted: true });
  }
}

/** Make the selected reference a negative one, or no longer. */
function flipNegative() {
  const { id, negative } = selected();
  const label = negative ? 'change to an example' : 'change to a negative';
  change(label, doc => changeReference(doc, id, { negative: !negative }));
}

/** Go to the field for the category of what is selected. */
export function editName() {
  if (!isNone()) nameField.select();
}

function changeAll(label, changes) {
  const { image, objects } = getView();
  change(label, doc => changeObjects(doc, image, objects, changes));
}

/** Whether nothing is selected. */
export const isNone = () => !selectedObjects().length && !selected();

function nextStep(doc, view) {
  if (!doc.references.length && !doc.banks.length) return 'Drag a box around one object.';
  if (!doc.results[view.image]) return 'Search, or box more objects: several references are better than one.';
  return 'Click a result to accept, correct or delete it; with Shift, or in the list, several.';
}

function draw(doc, view) {
  const [objects, reference] = [selectedObjects(), selected()];
  byId('selection').hidden = !view.image;
  byId('selection').classList.toggle('none', isNone());
  setText(byId('next-step'), nextStep(doc, view));
  for (const id of ['accept', 'wrong', 'example']) byId(id).hidden = !objects.length;
  byId('negative').hidden = !reference;
  const names = [...new Set(objects.map(each => each.category))];
  setValue(nameField, reference ? reference.name : names.length === 1 ? names[0] : '');
  byId('accept').setAttribute('aria-pressed', objects.length > 0 && objects.every(each => each.accepted));
  byId('negative').setAttribute('aria-pressed', Boolean(reference?.negative));
  const what = objects.length === 1 ? `Score ${objects[0].score.toFixed(2)}` : plural(objects.length, 'object');
  setText(byId('selection-what'), reference ? 'Reference' : what);
}

byId('accept').onclick = acceptSelected;
byId('wrong').onclick = () => markWrong();
byId('example').onclick = markExample;
byId('delete').onclick = deleteSelected;
byId('negative').onclick = flipNegative;
nameField.onchange = () => renameSelected(nameField.value);
subscribe(draw);
