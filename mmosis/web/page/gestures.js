/** Mouse, pen and fingers on the stage: draw, move and resize boxes, select, pan, pinch. */

import { addBox, between, isLarge, moved, opposite, selected, setBox, shownImage } from './boxes.js';
import { byId } from './dom.js';
import { markWrong, select } from './selection.js';
import { getView, look, subscribe } from './state.js';
import { drawDraft } from './overlay.js';
import { panBy, toImage, zoomBy } from './zoom.js';

const SLACK = 4; // screen pixels that a click may move
const stage = byId('stage');
const pointers = new Map(); // those that are down: {x, y}
let gesture = null; // {move, end}: what the first of them does
let start = null;
let spaceHeld = false;

stage.addEventListener('pointerdown', event => {
  if (event.button > 1 || !shownImage()) return;
  event.preventDefault();
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, event);
  if (pointers.size === 1) {
    start = event;
    gesture = { ...choose(event), image: getView().image };
  } else if (gesture) {
    drawDraft(null);
    gesture = { ...pinch(), image: getView().image };
  }
});

stage.addEventListener('pointermove', event => {
  if (!pointers.has(event.pointerId)) return;
  const before = pointers.get(event.pointerId);
  pointers.set(event.pointerId, event);
  if (distance(start, event) > SLACK || pointers.size > 1 || gesture?.begun) {
    gesture.begun = true;
    gesture.move(event, before);
  }
});

stage.addEventListener('pointerup', event => {
  if (!pointers.delete(event.pointerId) || pointers.size) return;
  if (!gesture.begun) click(start);
  else gesture.end?.(event);
  finish();
});

stage.addEventListener('pointercancel', event => {
  pointers.delete(event.pointerId);
  if (!pointers.size) finish();
});

function finish() {
  drawDraft(null);
  gesture = null;
}

/** Give up the gesture; whether there was one. */
export function cancelGesture() {
  const had = Boolean(gesture?.begun);
  pointers.clear();
  finish();
  return had;
}

function choose(event) {
  const { tool } = getView();
  const { corner, reference } = event.target.dataset;
  if (event.button === 1 || spaceHeld) return pan();
  if (corner) return resize(opposite(selected().box, corner));
  if (reference && reference === getView().reference) return drag(toImage(event));
  return tool === 'select' ? pan() : draw(toImage(event));
}

const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);

const pan = () => ({ move: (event, before) => panBy(event.x - before.x, event.y - before.y) });

function pinch() {
  return {
    begun: true,
    move(event, before) {
      const other = [...pointers.values()].find(each => each.pointerId !== event.pointerId);
      if (!other) return;
      zoomBy(distance(event, other) / Math.max(1, distance(before, other)), other);
    },
  };
}

function draw(anchor) {
  return {
    move: event => drawDraft(between(anchor, toImage(event)), true),
    end: event => finishBox(between(anchor, toImage(event)), addBox),
  };
}

function resize(anchor) {
  return {
    move: event => drawDraft(between(anchor, toImage(event))),
    end: event => finishBox(between(anchor, toImage(event)), setBox),
  };
}

function drag(from) {
  const { box } = selected();
  const at = event => {
    const [x, y] = toImage(event);
    return moved(box, x - from[0], y - from[1], shownImage());
  };
  return { move: event => drawDraft(at(event)), end: event => finishBox(at(event), setBox) };
}

function finishBox(box, use) {
  if (isLarge(box)) use(box);
}

/** A click selects what it hits; with the negative tool an object that it hits is wrong. */
function click(event) {
  const { object, reference } = event.target.dataset;
  if (object && getView().tool === 'negative') markWrong([object]);
  else if (object) select(object, event.shiftKey || event.ctrlKey || event.metaKey);
  else look({ reference: reference ?? null, objects: [] });
}

document.addEventListener('keydown', event => { spaceHeld ||= event.key === ' ' && event.target === stage; });
document.addEventListener('keyup', event => { if (event.key === ' ') spaceHeld = false; });

subscribe((doc, view) => {
  stage.dataset.tool = view.tool;
  if (gesture && view.image !== gesture.image) cancelGesture();
});
