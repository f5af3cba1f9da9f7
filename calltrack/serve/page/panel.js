// @ts-check
/** The drawer at the side: one thing at a time, with a way back, closed by Escape. */

import { byId, el } from "./dom.js";

/**
 * Something that the drawer shows.
 * @typedef {object} Page
 * @property {() => (Node | string)[]} title
 * @property {HTMLElement} body
 * @property {() => void} [begin] it comes into sight
 * @property {() => void} [render] something has altered
 * @property {() => void} [tick] a second has passed
 */

export class Panel {
  constructor() {
    this.dialog = /** @type {HTMLDialogElement} */ (byId("panel"));
    this.heading = byId("panel-title");
    this.body = byId("panel-body");
    this.backButton = byId("panel-back");
    /** @type {Page[]} */
    this.pages = [];
    byId("panel-close").addEventListener("click", () => this.dialog.close());
    this.backButton.addEventListener("click", () => this.back());
    this.dialog.addEventListener("close", () => {
      this.pages = [];
      this.body.replaceChildren();
    });
    // The backdrop is the dialog itself; what is in it covers the rest.
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  get page() {
    return this.pages.at(-1) ?? null;
  }

  /** @param {Page} page */
  open(page) {
    this.pages.push(page);
    this.show();
  }

  back() {
    this.pages.pop();
    this.show();
  }

  show() {
    const { page } = this;
    if (!page) return;
    page.begin?.();
    this.body.replaceChildren(page.body);
    this.body.scrollTop = 0;
    this.backButton.hidden = this.pages.length < 2;
    this.render();
    if (!this.dialog.open) this.dialog.showModal();
    this.heading.focus();
  }

  render() {
    const { page } = this;
    if (!page) return;
    const title = el("span", {}, ...page.title());
    if (title.textContent !== this.heading.textContent) this.heading.replaceChildren(title);
    page.render?.();
    page.tick?.();
  }

  tick() {
    this.page?.tick?.();
  }
}

/** Facts as names and values; those without a value are left out. @param {[string, Node | string | null][]} rows */
export function facts(rows) {
  const list = el("dl", { class: "facts" });
  for (const [name, value] of rows) if (value) list.append(el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  return list;
}

/** @param {string} title @param {...(Node | string)} content */
export function part(title, ...content) {
  return el("section", { class: "part" }, el("h3", {}, title), ...content);
}
