/** The strip of images that are searched, and the ways by which images come in. */

import { countObjects, isStale, removeImage, searchedImages } from './document.js';
import { byId, iconButton, keyed, make, plural, setAttributes, setText } from './dom.js';
import { readDrop, readField, takeIn, urlOf } from './files.js';
import { tell } from './messages.js';
import { change, getView, look, subscribe } from './state.js';
import { getFile } from './store.js';

let drawn = null; // the image that the strip was scrolled to

function draw(doc, view) {
  const images = searchedImages(doc);
  keyed(byId('strip'), images, each => each.id, createItem, (item, image) => {
    const [button, badge] = [item.querySelector('.show'), item.querySelector('.badge')];
    const number = Object.values(countObjects(doc, image.id)).reduce((sum, each) => sum + each, 0);
    const done = Boolean(doc.results[image.id]);
    const found = done ? plural(number, 'object') : 'not searched';
    const stale = isStale(doc, image.id);
    setText(badge, done ? number : '');
    badge.classList.toggle('stale', stale);
    badge.hidden = !done;
    setAttributes(button, {
      'aria-current': image.id === view.image && 'true',
      'aria-label': `${image.name}: ${found}${stale ? ', to search again' : ''}`,
    });
  });
  setText(byId('image-count'), images.length ? plural(images.length, 'image') : '');
  byId('images-bar').hidden = !doc.images.length;
  const at = images.findIndex(each => each.id === view.image);
  const other = doc.images.find(each => each.id === view.image)?.name;
  setText(byId('image-name'), at < 0 ? `${other} (a reference)` : `${images[at].name} (${at + 1} of ${images.length})`);
  byId('show-previous').disabled = at <= 0;
  byId('show-next').disabled = at < 0 || at === images.length - 1;
  if (at >= 0 && drawn !== view.image) scrollTo(view.image);
  drawn = view.image;
}

function scrollTo(id) {
  const strip = byId('strip');
  const item = strip.querySelector(`[data-key="${id}"]`);
  strip.scrollLeft = item.offsetLeft - (strip.clientWidth - item.clientWidth) / 2;
}

function createItem({ id, name }) {
  const img = make('img', { src: urlOf(getFile(id).small), alt: '', loading: 'lazy', draggable: 'false' });
  const badge = make('span', { class: 'badge' });
  const onclick = () => look({ image: id, reference: null, objects: [] });
  const button = make('button', { type: 'button', class: 'show', title: name, onclick }, img, badge);
  return make('li', {}, button, iconButton('close', `Remove ${name}`, () => remove(id, name)));
}

function remove(id, name) {
  change(`removal of ${name}`, doc => removeImage(doc, id));
  tell(`${name} removed.`);
}

/** Take in what is dropped anywhere: on the panel of references what to look for, elsewhere what to search. */
function listenForDrops() {
  const panel = byId('references-panel');
  addEventListener('dragover', event => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  addEventListener('dragleave', event => {
    if (!event.relatedTarget) document.body.classList.remove('dropping');
  });
  addEventListener('drop', async event => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    const searched = !panel.contains(event.target);
    const entries = await readDrop(event.dataTransfer);
    if (searched) takeIn(entries, true);
    else panel.dispatchEvent(new CustomEvent('files', { detail: entries }));
  });
}

/** Ask for files. */
export const chooseFiles = () => byId('files').click();

byId('choose-files').onclick = byId('add-files').onclick = chooseFiles;
byId('choose-folder').onclick = byId('add-folder').onclick = () => byId('folder').click();
for (const id of ['files', 'folder']) byId(id).onchange = event => takeIn(readField(event.target), true);
addEventListener('paste', event => {
  const files = [...event.clipboardData.files].filter(file => file.type.startsWith('image/'));
  if (files.length) takeIn(files.map(file => ({ name: `pasted ${file.name}`, file })), true);
});
listenForDrops();
subscribe(draw);

/** The image that is shown, for those who cannot see it. */
function describeImage(doc) {
  const image = doc.images.find(each => each.id === getView().image);
  if (!image) return 'No image';
  const counts = Object.entries(countObjects(doc, image.id)).map(([name, number]) => `${number} ${name}`);
  const found = doc.results[image.id] ? `found: ${counts.join(', ') || 'nothing'}` : 'not searched';
  return `${image.name}, ${image.width} × ${image.height} pixels, ${found}`;
}

subscribe(doc => byId('stage').setAttribute('aria-label', describeImage(doc)));
