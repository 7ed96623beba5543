/** The export: annotations of what is shown in all images, in a format of the server's, as a zip. */

import { serverInfo, writeExport } from './api.js';
import { searchedImages, shownObjects } from './document.js';
import { byId, download, keyed, make, plural, setText } from './dom.js';
import { say, tell } from './messages.js';
import { getDoc, subscribe } from './state.js';
import { getFile } from './store.js';

const NAMES = { coco: 'COCO', yolo: 'YOLO', labelme: 'LabelMe', voc: 'Pascal VOC', csv: 'CSV' };
const button = byId('export');

/** What is shown in all searched images as a COCO data set. */
export function toCoco(doc) {
  const searched = searchedImages(doc).filter(each => doc.results[each.id]);
  const objects = searched.flatMap((image, index) => shownObjects(doc, image.id).map(object => ({ object, image_id: index + 1 })));
  const names = doc.categories.filter(name => objects.some(each => each.object.category === name)
    || doc.references.some(each => each.name === name && !each.negative));
  return {
    images: searched.map(({ name, width, height }, index) => ({ id: index + 1, file_name: name, width, height })),
    categories: names.map((name, index) => ({ id: index + 1, name })),
    annotations: objects.map(({ object: { bbox, area, segmentation, score, category }, image_id }, index) => ({
      id: index + 1, image_id, category_id: names.indexOf(category) + 1, bbox, area, segmentation, score, iscrowd: 0,
    })),
  };
}

async function write() {
  const doc = getDoc();
  const format = byId('format').value;
  const extras = ['overlays', 'crops'].filter(id => byId(id).checked);
  const images = searchedImages(doc).filter(each => doc.results[each.id] && extras.length);
  const files = images.map(({ id, name }) => ({ blob: getFile(id).blob, name }));
  const options = { format, ...Object.fromEntries(extras.map(id => [id, true])) };
  const coco = toCoco(doc);
  tell(`Writing ${plural(coco.annotations.length, 'object')} of ${plural(coco.images.length, 'image')}`);
  download(await writeExport(coco, options, files), `mmosis-${format}.zip`);
  tell(`${plural(coco.annotations.length, 'object')} of ${plural(coco.images.length, 'image')} exported.`);
}

/** Export, and say so if it fails. */
export async function exportAll() {
  if (button.disabled) return;
  button.disabled = true;
  await write().catch(error => say(error.message));
  button.disabled = false;
}

/** Offer the formats that the server has. */
export function listFormats() {
  const create = format => make('option', { value: format, text: NAMES[format] ?? format });
  keyed(byId('format'), serverInfo().formats, format => format, create, () => {});
}

subscribe(doc => {
  const searched = searchedImages(doc).filter(each => doc.results[each.id]).length;
  byId('export-panel').hidden = !searched;
  setText(byId('export-what'), `What is shown in ${plural(searched, 'image')}, as a zip.`);
});
button.onclick = exportAll;
