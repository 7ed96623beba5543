/** Small helpers to make elements, and to keep lists of them in step with data. */

/** Element by its id. */
export const byId = id => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

/** Make an element: attributes, `on...` listeners, `class`, `text`; a property where the element has one. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function makeSvg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** Set attributes and listeners; null or false removes an attribute. */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'text') setText(element, value);
    else if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : value);
  }
}

/** Set the text of an element, unless it has it: screen readers would read it again. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/** Set the value of a field, unless it is being typed in. */
export function setValue(field, value) {
  if (field !== document.activeElement && field.value !== String(value)) field.value = value;
}

/** An icon of index.html's sprite. */
function icon(name) {
  return makeSvg('svg', { class: 'icon', 'aria-hidden': 'true' }, makeSvg('use', { href: `#icon-${name}` }));
}

/** A button with an icon and a name for screen readers. */
export function iconButton(name, label, onclick) {
  return make('button', { type: 'button', class: 'quiet', 'aria-label': label, title: label, onclick }, icon(name));
}

/**
 * Keep the children of an element in step with items: those that stay keep their element, and with it the focus; where
 * the one with the focus goes, the next one gets it.
 *
 * @param {Element} parent
 * @param {Array} items
 * @param {(item) => string} keyOf - Tells items apart.
 * @param {(item) => Element} create
 * @param {(element: Element, item, index: number) => void} update
 */
export function keyed(parent, items, keyOf, create, update) {
  const keys = new Set(items.map(keyOf));
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  const focused = [...parent.children].findIndex(child => child.contains(document.activeElement));
  const isLost = focused >= 0 && !keys.has(parent.children[focused].dataset.key);
  old.forEach((element, key) => { if (!keys.has(key)) element.remove(); });
  items.forEach((item, index) => {
    const key = keyOf(item);
    const element = old.get(key) ?? create(item);
    element.dataset.key = key;
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] || null);
    update(element, item, index);
  });
  if (isLost) parent.children[Math.min(focused, items.length - 1)]?.querySelector('button, input')?.focus();
}

/** Offer a file for download. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** `1 image`, `2 images`. */
export const plural = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
