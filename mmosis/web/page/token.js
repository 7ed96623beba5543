/** The dialog that asks for the server's token. */

import { byId, setText } from './dom.js';

let asked = null;

/** Ask for the token, once for all requests that need it; kept until the tab is closed. */
export function askToken(wasWrong) {
  asked ??= new Promise((resolve, reject) => {
    const dialog = byId('token-dialog');
    setText(byId('token-hint'), wasWrong ? 'That was not the token of this server.' : 'This server asks for a token.');
    dialog.showModal();
    dialog.onclose = () => {
      asked = null;
      if (dialog.returnValue === 'send') resolve(byId('token').value);
      else reject(new Error('This server needs a token; reload the page to give it.'));
      byId('token').value = '';
      dialog.returnValue = '';
    };
  });
  return asked;
}
