// @ts-check
/** Making and arranging elements. Text only ever becomes text: nothing here reads HTML. */

/** @typedef {Node | string | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes (a boolean one is there or not) and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean | null>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, String(value));
  }
  made.append(...children.filter(isThere));
  return made;
}

/** @param {Child} child @returns {child is Node | string} */
function isThere(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * What strangers wrote: text that keeps its own direction. @param {unknown} text
 * @param {string} [className]
 */
export function theirs(text, className = "") {
  return el("bdi", className ? { class: className } : {}, String(text ?? ""));
}

/** Several of them, those that say something, with dots between. @param {string[]} texts @returns {(Node | string)[]} */
export function listed(texts) {
  return texts.filter(Boolean).flatMap((text, index) => (index ? [" · ", theirs(text)] : [theirs(text)]));
}

/** A drawing of index.html's collection; the text beside it says the same. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Have an icon show another drawing. @param {SVGSVGElement} svg @param {string} name */
export function redraw(svg, name) {
  svg.firstElementChild?.setAttribute("href", `#i-${name}`);
}

/** Set a text if it is another; its node stays, which spares the browser work. @param {Element} element @param {string} text */
export function say(element, text) {
  const node = element.firstChild;
  if (node instanceof Text && node === element.lastChild) {
    if (node.data !== text) node.data = text;
  } else if (node || text) {
    element.textContent = text;
  }
}

/** Set an attribute if it is another. @param {Element} element @param {string} name @param {boolean} value */
export function flag(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Set or clear data-NAME if it is another. @param {HTMLElement | SVGElement} element @param {string} name @param {string} value */
export function mark(element, name, value) {
  if ((element.dataset[name] ?? "") === value) return;
  if (value) element.dataset[name] = value;
  else delete element.dataset[name];
}

/** Do something that moves elements about, and leave the focus where it is. @param {() => void} moving */
export function keepingFocus(moving) {
  const focused = document.activeElement;
  moving();
  if (focused instanceof HTMLElement && focused.isConnected && document.activeElement !== focused) {
    focused.focus({ preventScroll: true });
  }
}

/**
 * Have a parent show exactly these children in this order, touching only those that move.
 * @param {Element} parent
 * @param {Element[]} wanted
 */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of wanted) {
    // One that went far down is taken out here, and the many after it stay where they are.
    if (at !== null && at !== child && at.nextElementSibling === child) {
      at.remove();
      at = child;
    }
    if (at === child) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}

/** The element with an id, which index.html has. @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}
