/** Images come in: from a drop, a choice of files or of a folder; each with a thumbnail. */

import { serverInfo } from './api.js';
import { addImages } from './document.js';
import { plural } from './dom.js';
import { say, tell } from './messages.js';
import { change, getDoc, look, newId } from './state.js';
import { getFile, putFile } from './store.js';

const SMALL = 192; // pixels of a thumbnail's longer side
const IMAGES = /\.(jpe?g|jfif|png|webp|avif|gif|bmp)$/i;
const urls = new WeakMap(); // of blobs
const crops = new Map(); // promises of addresses of crops, by image and box

/** Address of a blob, the same each time. */
export function urlOf(blob) {
  if (!urls.has(blob)) urls.set(blob, URL.createObjectURL(blob));
  return urls.get(blob);
}

/**
 * Take image files in.
 *
 * @param {{name: string, file: File}[]} entries
 * @param {boolean} searched - Whether they are to be searched; else they show what to look for.
 * @returns {Promise<object[]>} The images that were added.
 */
export async function takeIn(entries, searched) {
  const images = [];
  for (const { name, file } of entries) {
    tell(`Reading ${name} (${images.length + 1} of ${entries.length})`);
    const image = await readImage(name, file, searched).catch(error => say(error.message));
    if (image) images.push(image);
  }
  const there = getDoc().images.filter(each => each.searched === searched);
  const fresh = images.filter(image => !there.some(each => each.file === image.file && each.bytes === image.bytes));
  nameApart(fresh, there);
  if (fresh.length) change(`add ${plural(fresh.length, 'image')}`, doc => addImages(doc, fresh));
  if (searched && fresh.length) look({ image: fresh[0].id, reference: null, objects: [] });
  const twice = images.length - fresh.length;
  const also = twice ? `; ${twice} ${twice === 1 ? 'was' : 'were'} here already` : '';
  tell(`${plural(fresh.length, 'image')} added${also}.`);
  return fresh;
}

/** Give images of one name others, which an export needs. */
function nameApart(images, there) {
  const names = new Set(there.map(each => each.name));
  for (const image of images) {
    for (let number = 2; names.has(image.name); number++) {
      image.name = image.file.replace(/(\.[^.]*)?$/, ` (${number})$1`);
    }
    names.add(image.name);
  }
}

async function readImage(name, file, searched) {
  const { max_upload_mb: most, max_pixels: mostPixels } = serverInfo();
  if (file.size > most * 2 ** 20) {
    const size = (file.size / 2 ** 20).toFixed(1);
    throw new Error(`${name} has ${size} MB, and this server takes files of ${most} MB at most.`);
  }
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${name} is not an image that this browser can read.`);
  });
  const { width, height } = bitmap;
  if (width * height > mostPixels) {
    throw new Error(`${name} has ${width} × ${height} pixels, more than the ${mostPixels} that this server takes.`);
  }
  const id = newId();
  putFile(id, { blob: file, small: await shrink(bitmap, [0, 0, width, height]) });
  bitmap.close();
  return { id, name, file: name, width, height, bytes: file.size, searched };
}

/** Draw the part of an image in a box at the size of a thumbnail. */
async function shrink(bitmap, [x1, y1, x2, y2]) {
  const scale = Math.min(1, SMALL / Math.max(x2 - x1, y2 - y1));
  const [width, height] = [x2 - x1, y2 - y1].map(side => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').drawImage(bitmap, x1, y1, x2 - x1, y2 - y1, 0, 0, width, height);
  return new Promise(resolve => canvas.toBlob(resolve, 'image/webp', 0.85));
}

/** Address of a thumbnail of the part of an image in a box, or of all of it without one. */
export function cropUrl(image, box) {
  const file = getFile(image);
  if (!box) return Promise.resolve(urlOf(file.small));
  const key = `${image}/${box}`;
  if (!crops.has(key)) {
    crops.set(key, createImageBitmap(file.blob).then(async bitmap => {
      const small = await shrink(bitmap, box);
      bitmap.close();
      return urlOf(small);
    }));
  }
  return crops.get(key);
}

/** Image files of a drop, with those in its folders. */
export async function readDrop(transfer) {
  const files = [...transfer.items].filter(item => item.kind === 'file');
  const entries = files.map(item => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(entries.map(entry => walk(entry, entries.length === 1)));
  return found.flat();
}

/** Files of an entry; names in the only folder that was dropped are without its own. */
async function walk(entry, isOnly) {
  if (entry instanceof File) return [{ name: entry.name, file: entry }];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ name: entry.name, file }];
  }
  const found = await Promise.all((await readFolder(entry)).map(each => walk(each, false)));
  const inside = found.flat().filter(each => isImage(each.name)).sort(byName);
  return isOnly ? inside : inside.map(each => ({ ...each, name: `${entry.name}/${each.name}` }));
}

async function readFolder(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return entries;
    entries.push(...some);
  }
}

/** Image files of a field for files, or for a folder. */
export function readField(field) {
  const nameOf = file => file.webkitRelativePath.split('/').slice(1).join('/') || file.name;
  const named = [...field.files].map(file => ({ name: nameOf(file), file }));
  const chosen = field.webkitdirectory ? named.filter(each => isImage(each.name)) : named;
  field.value = '';
  return chosen.sort(byName);
}

const byName = (one, other) => one.name.localeCompare(other.name);

const isImage = name => IMAGES.test(name) && !name.split('/').some(part => part.startsWith('.'));
