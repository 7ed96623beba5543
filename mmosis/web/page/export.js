/** The export: annotations of what is shown in all images, in a format of the server's, as a zip. */

import { serverInfo, writeExport } from './api.js';
import { searchedImages, shownObjects } from './document.js';
import { byId, download, keyed, make, plural, setText } from './dom.js';
import { say, tell } from './messages.js';
import { getDoc, subscribe } from './state.js';
import { getFile } from './store.js';

const NAMES = { coco: 'COCO', yolo: 'YOLO', labelme: 'LabelMe', voc: 'Pascal VOC', csv: 'CSV' };
const TOLERANCE = 1.5; // pixels that a polygon may lie beside its mask
const MOST_FILES = 150; // of a request
const button = byId('export');

/** What is shown in all searched images as a COCO data set. */
function toCoco(doc) {
  const searched = searchedImages(doc).filter(each => doc.results[each.id]);
  const objects = searched.flatMap((image, index) =>
    shownObjects(doc, image.id).map(object => ({ object, image_id: index + 1 })));
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
  const coco = toCoco(doc);
  const extras = ['overlays', 'crops'].filter(id => byId(id).checked);
  const format = byId('format').value;
  const options = { format, ...Object.fromEntries(extras.map(id => [id, true])) };
  if (byId('polygons').checked) options.polygons = TOLERANCE;
  const sends = byId('with-images').checked || extras.length > 0;
  const parts = sends ? split(coco.images, doc) : [coco.images];
  for (const [index, images] of parts.entries()) {
    const part = parts.length > 1 ? `-${index + 1}` : '';
    tell(`Writing ${plural(images.length, 'image')}${part && `, file ${index + 1} of ${parts.length}`}`);
    const files = sends ? images.map(image => ({ blob: blobOf(image, doc), name: image.file_name })) : [];
    download(await writeExport(only(coco, images), options, files), `mmosis-${format}${part}.zip`);
  }
  tell(`${plural(coco.annotations.length, 'object')} of ${plural(coco.images.length, 'image')} exported.`);
}

const blobOf = (image, doc) => getFile(doc.images.find(each => each.searched && each.name === image.file_name).id).blob;

/** The part of a data set that is of some images. */
function only(coco, images) {
  const ids = new Set(images.map(each => each.id));
  return { ...coco, images, annotations: coco.annotations.filter(each => ids.has(each.image_id)) };
}

/** Split images so that each part can be sent in one request. */
function split(images, doc) {
  const most = serverInfo().max_request_mb * 0.9e6;
  const parts = [];
  let bytes = Infinity;
  for (const image of images) {
    const { size } = blobOf(image, doc);
    if (bytes + size > most || parts.at(-1).length === MOST_FILES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1).push(image);
    bytes += size;
  }
  return parts;
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
