/** The keyboard: what each key does, and the list of them. */

import { addMiddleBox, nudge } from './boxes.js';
import { byId, keyed, make } from './dom.js';
import { exportAll } from './export.js';
import { cancelGesture } from './gestures.js';
import { redoStep, undoStep } from './history.js';
import { showNext } from './results.js';
import { cancel, searchAll, searchThis } from './search.js';
import {
  acceptSelected, deleteSelected, editName, isNone, markExample, markWrong, renameSelected, selectAll, selectNext,
} from './selection.js';
import { getDoc, look } from './state.js';
import { chooseFiles } from './strip.js';
import { fit, panBy, zoomIn, zoomOut } from './zoom.js';

const PAN = 60; // screen pixels
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const stage = byId('stage');

// Each: the keys as they are written, what they do, and the action by the name of the key.
const SHORTCUTS = [
  ['E', 'Draw boxes of what to look for', { e: () => look({ tool: 'example' }) }],
  ['N', 'Draw boxes of what is not meant; a click on a result makes it one', { n: () => look({ tool: 'negative' }) }],
  ['V', 'Select and pan', { v: () => look({ tool: 'select' }) }],
  ['1 to 9', 'Category of the next box, or of what is selected', forDigits()],
  ['S', 'Search this image', { s: searchThis }],
  ['Shift S', 'Search all images', { S: searchAll }],
  ['Page Up, Page Down', 'Image before, next image', { PageUp: () => showNext(-1), PageDown: () => showNext(1) }],
  ['J, K', 'Next result, result before', { j: () => selectNext(1), k: () => selectNext(-1) }],
  ['A', 'Accept the selected results', { a: acceptSelected }],
  ['X', 'Wrong: make negatives of the selected results', { x: () => markWrong() }],
  ['M', 'More like this: make references of the selected results', { m: markExample }],
  ['R', 'Change the category of what is selected', { r: editName }],
  ['Delete', 'Delete what is selected', { Delete: deleteSelected, Backspace: deleteSelected }],
  ['Ctrl A', 'Select all results of this image', { 'Ctrl+a': selectAll }],
  ['Enter', 'On the image: make a box in the middle', {}],
  ['Arrows', 'On the image: move the selected box, or the image', {}],
  ['Shift arrows', 'On the image: move the lower right corner of the box', {}],
  ['+, −, 0', 'Zoom in, zoom out, show all of the image', { '+': zoomIn, '=': zoomIn, '-': zoomOut, 0: fit }],
  ['Space and drag', 'Pan with the mouse; the wheel zooms', {}],
  ['Ctrl Z, Ctrl Shift Z', 'Undo, redo', { 'Ctrl+z': undoStep, 'Ctrl+Z': redoStep, 'Ctrl+y': redoStep }],
  ['O', 'Add images', { o: chooseFiles }],
  ['Shift E', 'Export', { E: exportAll }],
  ['Escape', 'Stop what is drawn, or the search; select nothing', { Escape: escape }],
  ['?', 'This list', { '?': showHelp }],
];
const ACTIONS = Object.assign({}, ...SHORTCUTS.map(each => each[2]));

function forDigits() {
  return Object.fromEntries([...'123456789'].map(digit => [digit, () => useCategory(digit)]));
}

function useCategory(digit) {
  const name = getDoc().categories[digit - 1];
  if (!name) return;
  if (isNone()) look({ name });
  else renameSelected(name);
}

function escape() {
  if (!cancelGesture() && !cancel()) look({ objects: [], reference: null });
}

/** Show the list of shortcuts. */
function showHelp() {
  const create = ([keys, what]) => {
    const names = keys.split(', ').map(each => make('kbd', { text: each }));
    return make('div', {}, make('dt', {}, ...names), make('dd', { text: what }));
  };
  keyed(byId('shortcuts'), SHORTCUTS, each => each[0], create, () => {});
  byId('help-dialog').showModal();
}

const isTyped = element => element.closest('textarea, select, dialog, input:not([type=checkbox], [type=range])');

function onStage({ key, shiftKey }) {
  const arrow = ARROWS[key];
  if (key === 'Enter') addMiddleBox();
  else if (!arrow) return false;
  else if (!nudge(arrow, shiftKey)) panBy(-PAN * arrow[0], -PAN * arrow[1]);
  return true;
}

document.addEventListener('keydown', event => {
  if (event.key === 'Enter' && event.target.matches('#work input[type=text]')) stage.focus();
  if (event.altKey || isTyped(event.target)) return;
  const modified = event.ctrlKey || event.metaKey;
  const action = ACTIONS[`${modified ? 'Ctrl+' : ''}${event.key}`];
  if (!modified && event.target === stage && onStage(event)) event.preventDefault();
  else if (action) {
    event.preventDefault();
    action();
  }
});
byId('help').onclick = showHelp;
