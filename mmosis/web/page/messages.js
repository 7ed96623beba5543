/** Sentences for the user: problems stay until they are dismissed, news are read by screen readers. */

import { byId, iconButton, make, setText } from './dom.js';

/** Show a sentence; a `problem` is read out at once, a `hint` when it suits. */
export function say(text, role = 'problem') {
  const list = byId('messages');
  const same = [...list.children].find(each => each.dataset.text === text);
  same?.remove();
  const item = make('li', { class: role, 'data-text': text, role: role === 'problem' ? 'alert' : 'status' });
  const dismiss = iconButton('close', `Dismiss: ${text}`, () => item.remove());
  item.append(make('span', { text }), dismiss);
  list.prepend(item);
}

/** Remove all sentences. */
export const clearMessages = () => byId('messages').replaceChildren();

/** Tell what has happened in the line for it. */
export function tell(text) {
  setText(byId('news'), text);
}
