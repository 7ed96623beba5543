/** The panel of what is searched for: categories with their references, and banks. */

import { encodeBank, describeBank } from './api.js';
import { addBank, addReference, colourOf, removeBank, removeCategory, renameCategory } from './document.js';
import { byId, download, iconButton, keyed, make, plural, setAttributes, setValue } from './dom.js';
import { cropUrl, readField, takeIn } from './files.js';
import { say, tell } from './messages.js';
import { change, getDoc, getView, look, newId, subscribe } from './state.js';
import { getFile, putFile } from './store.js';

const panel = byId('references-panel');
const nameField = byId('box-name');

function draw(doc, view) {
  const update = (item, name) => drawCategory(item, name, doc, view);
  keyed(byId('categories'), doc.categories, name => name, createCategory, update);
  keyed(byId('banks'), doc.banks, each => each.id, createBank, () => {});
  keyed(byId('category-names'), doc.categories, name => name, name => make('option', { value: name }), () => {});
  byId('no-references').hidden = doc.references.length + doc.banks.length > 0;
  byId('save-bank').disabled = !doc.references.length && !doc.banks.length;
  setValue(nameField, view.name);
}

// ---------------------------------------------------------------- categories

function createCategory(name) {
  const onclick = () => look({ name });
  const use = make('button', { type: 'button', class: 'swatch', title: `Draw boxes of ${name}`, onclick });
  const field = make('input', { type: 'text', value: name, 'aria-label': `Name of the category ${name}` });
  const gone = iconButton('close', `Remove the category ${name}`, () => remove(name));
  field.onchange = () => rename(name, field);
  return make('li', {}, make('div', { class: 'line' }, use, field, gone), make('ul', { class: 'thumbnails' }));
}

const remove = name => change(`removal of ${name}`, doc => removeCategory(doc, name));

function rename(old, field) {
  const name = field.value.trim();
  if (!name || name === old) {
    field.value = old;
    return;
  }
  change(`new name of ${old}`, doc => renameCategory(doc, old, name));
  if (getView().name === old) look({ name });
}

function drawCategory(item, name, doc, view) {
  item.style.setProperty('--colour', colourOf(doc, name));
  setAttributes(item.querySelector('.swatch'), { 'aria-pressed': String(view.name === name) });
  const own = doc.references.filter(each => each.name === name);
  keyed(item.querySelector('ul'), own, each => `${each.id} ${each.box}`, createThumbnail, (element, each) => {
    element.classList.toggle('negative', each.negative);
    element.firstChild.setAttribute('aria-current', each.id === view.reference);
    element.firstChild.setAttribute('aria-label', describe(each, doc));
  });
}

function describe(reference, doc) {
  const image = doc.images.find(each => each.id === reference.image);
  const where = reference.box ? `box ${reference.box.join(', ')} of ${image.name}` : `all of ${image.name}`;
  return `${reference.negative ? 'Not ' : ''}${reference.name}: ${where}`;
}

function createThumbnail(reference) {
  const img = make('img', { alt: '' });
  cropUrl(reference.image, reference.box).then(url => { img.src = url; });
  const onclick = () => look({ image: reference.image, reference: reference.id, objects: [] });
  return make('li', {}, make('button', { type: 'button', onclick }, img));
}

/** Add references that are images of their own, of the category in the toolbar. */
async function addFiles(entries) {
  const images = await takeIn(entries, false);
  const { name } = getView();
  const references = images.map(({ id }) => ({ id: newId(), image: id, box: null, name, negative: false }));
  if (!references.length) return;
  change(plural(references.length, 'reference'), doc => references.reduce(addReference, doc));
  look({ image: references[0].image, reference: references[0].id, objects: [] });
  tell('All of the image is the reference, of a cut-out what is opaque. Draw a box if it shows more than the object.');
}

// ---------------------------------------------------------------- banks

function createBank({ id, name, classes, references }) {
  const line = make('div', { class: 'line' }, make('span', { class: 'name', text: name }),
    iconButton('close', `Remove the bank ${name}`, () => change(`removal of ${name}`, doc => removeBank(doc, id))));
  const shown = references.map(each => make('li', { class: each.negative ? 'negative' : null },
    make('img', { src: each.thumbnail, alt: `${each.negative ? 'not ' : ''}${each.name}` })));
  return make('li', { title: classes.join(', ') }, line, make('ul', { class: 'thumbnails' }, ...shown));
}

async function loadBank(file) {
  const { classes, references } = await describeBank(file);
  const id = newId();
  putFile(id, { blob: file, small: null });
  change(`bank ${file.name}`, doc => addBank(doc, { id, name: file.name, classes, references }));
  tell(`${file.name} has ${plural(references.length, 'reference')}: ${classes.join(', ')}.`);
}

let encoded = { revision: null, blob: null };

/** The bank of all references and banks of the document: a Blob. */
export async function currentBank(signal) {
  const { references, banks, revision, images } = getDoc();
  if (encoded.revision === revision) return encoded.blob;
  const used = images.filter(image => references.some(each => each.image === image.id));
  const files = used.map(({ id, name }) => ({ field: id, blob: getFile(id).blob, name }));
  const blobs = banks.map(({ id }) => getFile(id).blob);
  const wanted = references.map(({ image, box, name, negative }) => ({ image, box, name, negative }));
  const blob = await encodeBank(wanted, files, blobs, signal);
  encoded = { revision, blob };
  return blob;
}

/** Run what may fail, and say why it did. */
const attempt = action => action().catch(error => say(error.message));

byId('add-references').onclick = () => byId('reference-files').click();
byId('reference-files').onchange = event => addFiles(readField(event.target));
panel.addEventListener('files', event => addFiles(event.detail));
byId('load-bank').onclick = () => byId('bank-file').click();
byId('bank-file').onchange = event => {
  const [file] = event.target.files;
  if (file) attempt(() => loadBank(file)).then(() => { byId('bank-file').value = ''; });
};
byId('save-bank').onclick = () => attempt(async () => download(await currentBank(), 'references.safetensors'));
nameField.onchange = () => look({ name: nameField.value.trim() || getView().name });
subscribe(draw);
