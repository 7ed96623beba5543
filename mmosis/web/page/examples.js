/** The examples that come with the page: an image, boxes on it, and a search, by one click. */

import { getPart } from './api.js';
import { addReference } from './document.js';
import { byId, make } from './dom.js';
import { takeIn } from './files.js';
import { say } from './messages.js';
import { searchThis } from './search.js';
import { change, look } from './state.js';

const FOLDER = 'page/photographs/';

/** Show the examples. */
export async function listExamples() {
  const examples = JSON.parse(await (await getPart(`${FOLDER}examples.json`)).text());
  byId('examples').append(...examples.map(example => {
    const img = make('img', { src: FOLDER + example.file, alt: '' });
    const onclick = () => load(example).catch(error => say(error.message));
    const title = make('span', { text: example.title });
    return make('li', {}, make('button', { type: 'button', title: example.credit, onclick }, img, title));
  }));
}

async function load({ file, references }) {
  const blob = await getPart(FOLDER + file);
  const [image] = await takeIn([{ name: file, file: blob }], true);
  if (!image) return;
  const boxed = references.map(({ bbox, name, negative = false }) => ({ image: image.id, box: bbox, name, negative }));
  change('example', doc => boxed.reduce(addReference, doc));
  look({ name: references[0].name });
  await searchThis();
}
