/** Undo, redo and New. */

import { byId, setAttributes } from './dom.js';
import { clearMessages, tell } from './messages.js';
import { cancel } from './search.js';
import { nextSteps, redo, subscribe, undo } from './state.js';
import { clear } from './store.js';

/** Undo the last step. */
export const undoStep = () => report('Undone', undo());

/** Do the step again that was undone last. */
export const redoStep = () => report('Done again', redo());

function report(what, label) {
  if (label) tell(`${what}: ${label}.`);
}

byId('undo').onclick = undoStep;
byId('redo').onclick = redoStep;
byId('new').onclick = () => byId('new-dialog').showModal();
byId('new-dialog').onclose = ({ target }) => {
  if (target.returnValue === 'clear') {
    cancel();
    clear();
    clearMessages();
    tell('All is removed.');
  }
  target.returnValue = '';
};

subscribe(() => {
  for (const [id, label] of Object.entries(nextSteps())) {
    const text = `${id === 'undo' ? 'Undo' : 'Redo'}${label ? `: ${label}` : ''}`;
    byId(id).disabled = !label;
    setAttributes(byId(id), { 'aria-label': text, title: text });
  }
});
