/** Searches: of the image that is shown or of all, one after the other, with progress and a way to stop. */

import { search } from './api.js';
import { isStale, searchedImages, setResult, shownObjects } from './document.js';
import { byId, plural, setText } from './dom.js';
import { say, tell } from './messages.js';
import { currentBank } from './references.js';
import { change, getDoc, getView, look, newId, subscribe } from './state.js';
import { getFile } from './store.js';

const LOWEST = 0.05; // score of what the server gives; the threshold filters here
let stopper = null; // of the search that runs

/** Search the image that is shown, unless it is there for its references alone. */
export const searchThis = () => run(searchedImages(getDoc()).map(each => each.id).filter(id => id === getView().image));

/** Search all images that were not searched for these references. */
export function searchAll() {
  const images = searchedImages(getDoc()).map(each => each.id);
  const open = images.filter(id => !getDoc().results[id] || isStale(getDoc(), id));
  return run(open.length ? open : images);
}

/** Stop the search that runs; whether one did. */
export function cancel() {
  stopper?.abort();
  return Boolean(stopper);
}

/** Whether a search can begin; says what is missing. */
function isReady(ids) {
  const { references, banks } = getDoc();
  const isEmpty = !references.length && !banks.length;
  if (ids.length && isEmpty) say('Nothing to look for yet: draw a box around one object, or add an image of it.');
  return !stopper && ids.length > 0 && !isEmpty;
}

async function run(ids) {
  if (!isReady(ids)) return;
  stopper = new AbortController();
  const { signal } = stopper;
  const key = newId();
  let done = 0;
  try {
    tell('');
    report('Encoding the references', 0);
    const { revision, keepAll } = getDoc();
    const bank = await currentBank(signal);
    for (const id of ids) {
      await searchOne(id, bank, { revision, keepAll, key, signal, part: [done, ids.length] });
      done += 1;
    }
    announce(ids);
  } catch (error) {
    if (error.name === 'AbortError') tell(`Search cancelled after ${done} of ${plural(ids.length, 'image')}.`);
    else say(error.message);
  }
  stopper = null;
  look({ progress: null });
}

/** Search one image; what is wrong with it stops no other search. */
async function searchOne(id, bank, { revision, keepAll, key, signal, part: [number, total] }) {
  const image = getDoc().images.find(each => each.id === id);
  if (!image) return;
  const which = `Image ${number + 1} of ${total}`;
  const onStep = (done, of) =>
    report(of > 1 ? `${which}, view ${done} of ${of}` : which, (number + done / of) / total);
  report(which, number / total);
  const options = { score_thr: LOWEST, keep_all: keepAll };
  try {
    const file = { blob: getFile(id).blob, name: image.name };
    const { objects, seconds, searched } = await search(file, bank, options, onStep, signal);
    if (!getDoc().images.some(each => each.id === id)) return;
    change('search', doc => setResult(doc, id, { objects, seconds, searched, revision }), key);
  } catch (error) {
    if (error.name === 'AbortError' || error instanceof TypeError) throw error;
    say(`${image.name}: ${error.message}`);
  }
}

function announce(ids) {
  const number = ids.reduce((sum, id) => sum + shownObjects(getDoc(), id).length, 0);
  const where = ids.length > 1 ? plural(ids.length, 'image') : getDoc().images.find(each => each.id === ids[0])?.name;
  tell(`${plural(number, 'object')} found in ${where}.`);
}

const report = (text, part) => look({ progress: { text, part } });

function draw(doc, view) {
  const images = searchedImages(doc);
  const able = images.length > 0 && !view.progress && doc.references.length + doc.banks.length > 0;
  byId('search-this').disabled = !able || !images.some(each => each.id === view.image);
  byId('search-all').disabled = !able;
  setText(byId('search-all').querySelector('span'), images.length > 1 ? `Search all ${images.length}` : 'Search all');
  byId('progress').hidden = !view.progress;
  if (!view.progress) return;
  setText(byId('progress-text'), view.progress.text);
  byId('progress-bar').value = view.progress.part;
}

byId('search-this').onclick = searchThis;
byId('search-all').onclick = searchAll;
byId('cancel').onclick = cancel;
subscribe(draw);
