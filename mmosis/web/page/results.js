/** The panel of results: threshold, counts, and the list of the objects of the image that is shown. */

import { colourOf, countObjects, isStale, searchedImages, shownObjects } from './document.js';
import { byId, keyed, make, plural, setText } from './dom.js';
import { select } from './selection.js';
import { change, getDoc, getView, look, newId, subscribe } from './state.js';

const slider = byId('threshold');

function draw(doc, view) {
  slider.value = doc.threshold;
  setText(byId('threshold-value'), doc.threshold.toFixed(2));
  byId('keep-all').checked = doc.keepAll;
  byId('keep-all').parentElement.hidden = doc.categories.length < 2;
  drawCounts(doc, view);
  drawObjects(doc, view);
  const stale = searchedImages(doc).filter(each => isStale(doc, each.id)).length;
  byId('stale').hidden = !stale;
  const what = stale === 1 ? 'an image was' : `${stale} images were`;
  setText(byId('stale'), stale ? `What is searched for has changed since ${what} searched: search again.` : '');
}

function drawCounts(doc, view) {
  const images = searchedImages(doc);
  const counts = images.map(each => countObjects(doc, each.id));
  const here = counts[images.findIndex(each => each.id === view.image)] ?? {};
  const names = doc.categories.filter(name => isSearchedFor(doc, name) || counts.some(each => each[name]));
  const everywhere = name => counts.reduce((sum, each) => sum + (each[name] ?? 0), 0);
  const rows = names.map(name => ({ name, here: here[name] ?? 0, all: everywhere(name) }));
  const sum = key => rows.reduce((total, row) => total + row[key], 0);
  if (rows.length > 1) rows.push({ name: 'all', total: true, here: sum('here'), all: sum('all') });
  byId('counts').hidden = !Object.keys(doc.results).length;
  keyed(byId('count-rows'), rows, row => `${row.total ?? ''}${row.name}`, createRow, (element, row) => {
    element.style.setProperty('--colour', row.total ? 'transparent' : colourOf(doc, row.name));
    [row.name, row.here, row.all].forEach((text, column) => setText(element.children[column], text));
  });
  setText(byId('result-line'), describe(doc, view));
}

const isSearchedFor = (doc, name) =>
  doc.references.some(each => each.name === name && !each.negative)
  || doc.banks.some(each => each.classes.includes(name));

const createRow = ({ total }) =>
  make('tr', { class: total ? 'total' : 'swatched' }, make('th', { scope: 'row' }), make('td'), make('td'));

function describe(doc, view) {
  const result = doc.results[view.image];
  if (!result) return view.image ? 'This image has not been searched.' : 'No image yet.';
  const number = shownObjects(doc, view.image).length;
  const [lowest, seconds] = [doc.threshold.toFixed(2), result.seconds.toFixed(1)];
  if (number) return `${plural(number, 'object')} of at least ${lowest}, searched ${result.searched} in ${seconds} s.`;
  const best = Math.max(0, ...result.objects.filter(each => !each.deleted).map(each => each.score));
  const hint = best ? ` The best score is ${best.toFixed(2)}: lower the threshold.` : '';
  return `Nothing scores ${lowest} or more.${hint}`;
}

function drawObjects(doc, view) {
  const objects = shownObjects(doc, view.image);
  keyed(byId('object-list'), objects, each => each.id, createItem, (item, object) => {
    item.style.setProperty('--colour', colourOf(doc, object.category));
    const box = item.querySelector('input');
    box.checked = view.objects.includes(object.id);
    setText(item.querySelector('.name'), object.category);
    setText(item.querySelector('.score'), `${object.accepted ? '✓ ' : ''}${object.score.toFixed(2)}`);
  });
}

function createItem({ id }) {
  const box = make('input', { type: 'checkbox', onchange: () => select(id, true) });
  const label = make('label', {}, box, make('span', { class: 'name' }), make('span', { class: 'score' }));
  return make('li', { class: 'swatched' }, label);
}

/** Show the next image, or the one before. */
export function showNext(step) {
  const images = searchedImages(getDoc());
  const next = images[images.findIndex(each => each.id === getView().image) + step];
  if (next) look({ image: next.id, reference: null, objects: [] });
}

slider.oninput = () => change('threshold', doc => ({ ...doc, threshold: Number(slider.value) }), 'threshold');
byId('keep-all').onchange = event => {
  const keepAll = event.target.checked;
  change('choice of what is kept', doc => ({ ...doc, keepAll, revision: newId() }));
};
byId('show-next').onclick = () => showNext(1);
byId('show-previous').onclick = () => showNext(-1);
subscribe(draw);
