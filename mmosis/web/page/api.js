/** The server's HTTP API, described by its openapi.json; what it refuses becomes an error with its sentence. */

import { askToken } from './token.js';

const LIMIT = 5; // tries of a request while the server is busy
let info = { formats: ['coco'], max_upload_mb: 20, max_request_mb: 300, max_pixels: 50e6 };

/** What the server said of itself: version, model, formats, limits. */
export const serverInfo = () => info;

/** Ask the server of itself. */
export async function greet() {
  info = { ...info, ...(await (await send('health')).json()) };
  return info;
}

/** Encode references into a bank: a Blob. */
export async function encodeBank(references, images, banks, signal) {
  const form = new FormData();
  if (references.length) form.append('references', JSON.stringify(references));
  images.forEach(({ field, blob, name }) => form.append(field, blob, name));
  banks.forEach(bank => form.append('merge', bank, 'bank.safetensors'));
  return (await send('bank', { method: 'POST', body: form, signal })).blob();
}

/** What is in a bank: {classes, references}. */
export async function describeBank(blob) {
  return (await send('bank/describe', { method: 'POST', body: blob })).json();
}

/**
 * Search an image.
 *
 * @param {{blob: Blob, name: string}} image
 * @param {Blob} bank
 * @param {Object} options - Fields of the form.
 * @param {(done: number, of: number) => void} onStep - Called after each view of the image.
 * @param {AbortSignal} signal - Stops it.
 */
export async function search(image, bank, options, onStep, signal) {
  const form = new FormData();
  form.append('image', image.blob, image.name);
  form.append('bank', bank, 'bank.safetensors');
  Object.entries(options).forEach(([name, value]) => form.append(name, value));
  const headers = { Accept: 'application/x-ndjson' };
  const answer = await send('search', { method: 'POST', body: form, headers, signal });
  for await (const line of readLines(answer.body)) {
    if (line.error) throw new Error(line.error);
    if (line.objects) return line;
    onStep(line.done, line.of);
  }
  throw new Error('The server ended the search without an answer.');
}

/** Write annotations in a format, maybe with overlays and crops: a zip as a Blob. */
export async function writeExport(coco, options, images) {
  const form = new FormData();
  form.append('annotations', JSON.stringify(coco));
  Object.entries(options).forEach(([name, value]) => form.append(name, value));
  images.forEach(({ blob, name }) => form.append('images', blob, name));
  return (await send('export', { method: 'POST', body: form })).blob();
}

/** Fetch something that comes with the page. */
export const getPart = async path => (await send(path)).blob();

async function* readLines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? '')).split('\n');
    rest = done ? '' : lines.pop();
    yield* lines.filter(line => line.trim()).map(line => JSON.parse(line));
    if (done) return;
  }
}

/** Send a request; ask for the token where one is needed, and wait while the server is busy. */
async function send(path, options = {}, tries = 1) {
  const token = sessionStorage.getItem('token');
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(path, { ...options, headers }).catch(explain);
  if (answer.ok) return answer;
  if (answer.status === 401) {
    sessionStorage.setItem('token', await askToken(Boolean(token)));
    return send(path, options, tries);
  }
  if (answer.status === 503 && tries < LIMIT) {
    await pause(1000 * (Number(answer.headers.get('Retry-After')) || 1), options.signal);
    return send(path, options, tries + 1);
  }
  const { error } = await answer.json().catch(() => ({}));
  throw new Error(error ?? `The server answered with ${answer.status} ${answer.statusText}.`);
}

function explain(error) {
  if (error.name === 'AbortError') throw error;
  throw new TypeError('The server does not answer. Is it still running? Nothing is lost; try again when it is.');
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
