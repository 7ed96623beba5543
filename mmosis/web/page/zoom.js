/** Which part of the image the stage shows: zoom and pan. */

import { byId, setText } from './dom.js';

const MOST = 40; // screen pixels an image pixel
const STEP = 1.4; // factor of a button or a key
const MARGIN = 12; // screen pixels around an image that fits
const stage = byId('stage');
const img = byId('shown');
const overlay = byId('overlay');
let size = { width: 1, height: 1 }; // of the image
let at = { scale: 1, x: 0, y: 0 }; // screen pixels an image pixel, and where the image's corner is on the stage
let fits = true; // whether all of the image is shown, so that it stays so when the stage changes its size

/** Show an image of another size, all of it. */
export function fitImage(image) {
  size = { width: image.width, height: image.height };
  fit();
}

/** Show all of the image. */
export function fit() {
  fits = true;
  const room = [stage.clientWidth - 2 * MARGIN, stage.clientHeight - 2 * MARGIN];
  const scale = Math.max(0.01, Math.min(room[0] / size.width, room[1] / size.height, MOST));
  place({ scale, x: (stage.clientWidth - size.width * scale) / 2, y: (stage.clientHeight - size.height * scale) / 2 });
}

/** Zoom by a factor; the point of the screen, by default the middle of the stage, stays where it is. */
export function zoomBy(factor, point = middle()) {
  const area = stage.getBoundingClientRect();
  const [x, y] = [point.x - area.left, point.y - area.top];
  const scale = Math.min(MOST, Math.max(0.02, at.scale * factor));
  const ratio = scale / at.scale;
  fits = false;
  place({ scale, x: x - (x - at.x) * ratio, y: y - (y - at.y) * ratio });
}

/** Zoom in by a step, around the middle of the stage. */
export const zoomIn = () => zoomBy(STEP);

/** Zoom out by a step. */
export const zoomOut = () => zoomBy(1 / STEP);

/** Move the image by screen pixels. */
export function panBy(dx, dy) {
  fits = false;
  place({ ...at, x: at.x + dx, y: at.y + dy });
}

/** The point of the image, within it, that is at a point of the screen. */
export function toImage({ x, y }) {
  const area = stage.getBoundingClientRect();
  const clamp = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  return [clamp((x - area.left - at.x) / at.scale, size.width), clamp((y - area.top - at.y) / at.scale, size.height)];
}

/** The box of the image that is in the middle of what is shown: half of it a side. */
export function middleBox() {
  const { left, top, width, height } = stage.getBoundingClientRect();
  const [x1, y1] = toImage({ x: left, y: top });
  const [x2, y2] = toImage({ x: left + width, y: top + height });
  const [w, h] = [Math.max(8, x2 - x1), Math.max(8, y2 - y1)];
  return [x1 + w / 4, y1 + h / 4, x1 + (3 * w) / 4, y1 + (3 * h) / 4].map(Math.round);
}

function middle() {
  const { left, top, width, height } = stage.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

function place(next) {
  const [wide, high] = [stage.clientWidth, stage.clientHeight];
  const keep = (position, length, room) => Math.min(Math.max(position, 40 - length), room - 40); // some of it is seen
  at = { ...next, x: keep(next.x, size.width * next.scale, wide), y: keep(next.y, size.height * next.scale, high) };
  img.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.scale})`;
  img.style.imageRendering = at.scale > 3 ? 'pixelated' : 'auto';
  overlay.setAttribute('viewBox', [-at.x, -at.y, wide, high].map(value => value / at.scale).join(' '));
  overlay.style.setProperty('--scale', at.scale);
  setText(byId('zoom-level'), `${Math.round(100 * at.scale)} %`);
}

stage.addEventListener('wheel', event => {
  if (stage.classList.contains('empty')) return;
  event.preventDefault();
  if (event.shiftKey) panBy(-event.deltaX || -event.deltaY, event.deltaX ? -event.deltaY : 0);
  else zoomBy(2 ** (-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event);
}, { passive: false });

new ResizeObserver(() => {
  if (fits) fit();
  else place(at);
}).observe(stage);

byId('zoom-in').onclick = zoomIn;
byId('zoom-out').onclick = zoomOut;
byId('zoom-fit').onclick = fit;
