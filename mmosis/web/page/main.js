/** Starts the page. */

import { greet } from './api.js';
import { byId, setText } from './dom.js';
import { listExamples } from './examples.js';
import { listFormats } from './export.js';
import './gestures.js';
import './keys.js';
import { say } from './messages.js';
import { getView, look, subscribe } from './state.js';
import { restore } from './store.js';

const TOOLS = ['select', 'example', 'negative'];

TOOLS.forEach(tool => { byId(`tool-${tool}`).onclick = () => look({ tool }); });
subscribe((doc, view) => TOOLS.forEach(tool => byId(`tool-${tool}`).setAttribute('aria-pressed', view.tool === tool)));

/** Restore what was kept, and ask the server what it is. */
async function start() {
  await restore();
  look({ image: getView().image });
  try {
    const { version, model, runtime } = await greet();
    setText(byId('server'), `mmosis ${version}, ${model}, ${runtime}`);
    listFormats();
    await listExamples();
  } catch (error) {
    say(error.message);
  }
  document.body.dataset.ready = 'true';
}

start();
