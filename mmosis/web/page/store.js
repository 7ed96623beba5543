/** What this browser keeps over a reload, in IndexedDB: files, results, and the rest of the document. */

import { say } from './messages.js';
import { begin, getDoc, getView, isUsed, subscribe } from './state.js';

const STORES = ['files', 'results', 'state'];
const files = new Map(); // id: {blob, small}
let database = null; // null where nothing is kept
let kept = { doc: null, image: null, results: {} };
let saving = false;

/** Open the database and begin with what it has. */
export async function restore() {
  if (!(await isOnlyPage())) {
    say('This page is open in another tab, which keeps its state. What you do in this tab is not kept.', 'hint');
    return;
  }
  try {
    database = await open();
    await read();
  } catch (error) {
    database = null;
    say(`This browser keeps nothing over a reload: ${error.message}`, 'hint');
  }
  subscribe(save);
}

/** The file with an id: {blob, small}; `small` is a thumbnail, null for a bank. */
export const getFile = id => files.get(id);

/** Keep a file. */
export function putFile(id, file) {
  files.set(id, file);
  write(['files'], transaction => transaction.objectStore('files').put(file, id));
}

/** Forget everything, here and in the database. */
export function clear() {
  files.clear();
  kept = { doc: null, image: null, results: {} };
  write(STORES, transaction => STORES.forEach(name => transaction.objectStore(name).clear()));
  begin();
}

/** Whether no other tab has the page; true where the browser cannot say. */
async function isOnlyPage() {
  if (!navigator.locks) return true;
  return new Promise(resolve => {
    navigator.locks.request('mmosis', { ifAvailable: true }, lock => {
      resolve(Boolean(lock));
      return lock && new Promise(() => {}); // held as long as the page is there
    });
  });
}

function open() {
  const request = indexedDB.open('mmosis', 1);
  request.onupgradeneeded = () => STORES.forEach(name => request.result.createObjectStore(name));
  return settled(request);
}

async function read() {
  const transaction = database.transaction(STORES);
  const [state, results, found] = await Promise.all([
    settled(transaction.objectStore('state').get('doc')),
    readAll(transaction.objectStore('results')),
    readAll(transaction.objectStore('files')),
  ]);
  if (!state) return;
  found.forEach((file, id) => files.set(id, file));
  begin({ ...state.doc, results: Object.fromEntries(results) }, state.image);
  kept = { doc: null, image: null, results: getDoc().results };
  dropUnused();
}

async function readAll(store) {
  const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
  return new Map(keys.map((key, index) => [key, values[index]]));
}

/** Files that no image needs any more, as their removal cannot be undone after a reload. */
function dropUnused() {
  const unused = [...files.keys()].filter(id => !isUsed(id));
  unused.forEach(id => files.delete(id));
  write(['files'], transaction => unused.forEach(id => transaction.objectStore('files').delete(id)));
}

/** Keep what has changed, at once; changes that come meanwhile are kept after it. */
function save() {
  const [doc, { image }] = [getDoc(), getView()];
  if (saving || !database || (doc === kept.doc && image === kept.image)) return;
  saving = true;
  const { results, ...rest } = doc;
  const changed = Object.keys(results).filter(id => results[id] !== kept.results[id]);
  const gone = Object.keys(kept.results).filter(id => !(id in results));
  kept = { doc, image, results };
  const transaction = write(['results', 'state'], change => {
    const store = change.objectStore('results');
    changed.forEach(id => store.put(results[id], id));
    gone.forEach(id => store.delete(id));
    change.objectStore('state').put({ doc: rest, image }, 'doc');
  });
  transaction.addEventListener('complete', saved);
  transaction.addEventListener('abort', saved);
}

function saved() {
  saving = false;
  save();
}

function write(stores, change) {
  if (!database) return null;
  const transaction = database.transaction(stores, 'readwrite');
  transaction.onabort = () => say(`This browser could not keep the last change: ${transaction.error?.message}`);
  change(transaction);
  transaction.commit(); // also if the page is left now
  return transaction;
}

const settled = request => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
