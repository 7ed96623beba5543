// Runs once for each canvas, with what gr.HTML gives: element, props, trigger and watch. A box is [x1, y1, x2, y2] in
// pixels of the image as it was uploaded; props.value.box is the last one that is done, null without one.
const stage = element.querySelector('.stage');
const picture = stage.querySelector('img');
const mark = stage.querySelector('.box');
const fields = [...element.querySelectorAll('input')];
const status = element.querySelector('[role=status]');
const NEAR = 12; // pixels of the page around a corner in which it is taken hold of
const PAUSE = 400; // milliseconds after the last key until a box that is moved by keys is done
let shown = null; // key of the image that is shown
let anchor = null; // the corner that stays while a box is drawn
let moved = null; // the box that keys move
let timer = null;

const value = () => props.value || {};
const clamp = (number, high) => Math.min(Math.max(Math.round(number), 0), high);
const isLarge = box => box[2] - box[0] >= props.min_side && box[3] - box[1] >= props.min_side;

function place(box) {
  const { width, height } = value();
  mark.hidden = !box;
  if (box) {
    mark.style.left = `${100 * box[0] / width}%`;
    mark.style.top = `${100 * box[1] / height}%`;
    mark.style.width = `${100 * (box[2] - box[0]) / width}%`;
    mark.style.height = `${100 * (box[3] - box[1]) / height}%`;
  }
  fields.forEach((field, i) => { field.value = box ? Math.round(box[i]) : ''; });
  say('', box);
}

function say(problem, box) {
  fields.forEach(field => field.setAttribute('aria-invalid', Boolean(problem)));
  const size = box && box.slice(2).map((end, i) => Math.round(end - box[i]));
  status.textContent = problem || (box ? `A box of ${size[0]} × ${size[1]} pixels.` : value().without_box || '');
}

function finish(box) {
  clearTimeout(timer);
  moved = null;
  place(box);
  props.value = { ...value(), box };
  trigger('input');
}

function show() {
  if (value().key === shown && (anchor || moved)) return;
  shown = value().key;
  anchor = moved = null; // begun on another image
  picture.src = value().picture?.url || '';
  picture.alt = value().name || '';
  place(value().box);
}

// ---------------------------------------------------------------- by mouse or finger

function isLoaded() {
  return picture.complete && picture.naturalWidth > 0;
}

function at(event) {
  const area = picture.getBoundingClientRect();
  const { width, height } = value();
  return [
    clamp((event.clientX - area.left) / area.width * width, width),
    clamp((event.clientY - area.top) / area.height * height, height),
  ];
}

function between(one, other) {
  return [0, 1].map(i => Math.min(one[i], other[i])).concat([0, 1].map(i => Math.max(one[i], other[i])));
}

function oppositeOfNear(point) {
  const box = value().box;
  const near = NEAR * value().width / picture.getBoundingClientRect().width;
  const corners = box ? [[0, 1], [2, 1], [0, 3], [2, 3]] : [];
  const held = corners.find(([i, j]) => Math.hypot(box[i] - point[0], box[j] - point[1]) <= near);
  return held && [box[2 - held[0]], box[4 - held[1]]];
}

stage.addEventListener('pointerdown', event => {
  if (event.button || !event.isPrimary || !isLoaded()) return;
  event.preventDefault();
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  anchor = oppositeOfNear(at(event)) || at(event);
});

stage.addEventListener('pointermove', event => {
  if (anchor) place(between(anchor, at(event)));
});

stage.addEventListener('pointerup', event => {
  if (!anchor) return;
  const box = between(anchor, at(event));
  anchor = null;
  if (isLarge(box)) finish(box);
  else show(); // a click
});

stage.addEventListener('pointercancel', () => { anchor = null; show(); });

// ---------------------------------------------------------------- by keys

function inTheMiddle() {
  const { width, height } = value();
  return [width / 4, height / 4, 3 * width / 4, 3 * height / 4].map(Math.round);
}

function move(box, dx, dy) {
  const { width, height } = value();
  dx = Math.min(Math.max(dx, -box[0]), width - box[2]);
  dy = Math.min(Math.max(dy, -box[1]), height - box[3]);
  return [box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy];
}

function stretch(box, dx, dy) {
  const { width, height } = value();
  return [box[0], box[1], clamp(box[2] + dx, width), clamp(box[3] + dy, height)];
}

stage.addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey || !value().width) return;
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const box = moved || value().box;
  if (event.key === 'Enter' && !box) finish(inTheMiddle());
  else if ((event.key === 'Delete' || event.key === 'Backspace') && box) finish(null);
  else if (direction) {
    const step = Math.max(1, Math.round(Math.max(value().width, value().height) / 100));
    const next = (event.shiftKey ? stretch : move)(box || inTheMiddle(), ...direction.map(sign => sign * step));
    if (isLarge(next)) place(moved = next);
    clearTimeout(timer);
    timer = setTimeout(settle, PAUSE);
  } else return;
  event.preventDefault();
});

function settle() {
  if (moved) finish(moved);
}

stage.addEventListener('blur', settle);

// ---------------------------------------------------------------- by typing

function read() {
  const { width, height } = value();
  if (fields.every(field => field.value === '')) return finish(null);
  const typed = fields.map(field => field.value === '' ? null : Number(field.value));
  const box = typed.map((number, i) => number === null ? null : clamp(number, i % 2 ? height : width));
  if (typed.includes(null)) say('A box has four corners: x1, y1, x2 and y2.');
  else if (!isLarge(box)) {
    say(`x2 must be more than x1, y2 more than y1, by at least ${props.min_side} pixels; the image has ${width} × ${height}.`);
  } else return finish(box);
  props.value = { ...value(), box: typed }; // a search says so too
}

fields.forEach(field => field.addEventListener('change', read));
element.querySelector('.corners button').addEventListener('click', () => finish(null));
watch('value', show);
show();
