// @ts-check
/** The keyboard: single keys for what is done often, arrows within a list, one stop of Tab for each list. */

import { byId } from "./dom.js";

/** @typedef {import("./main.js").Board} Board */

/** @param {Board} board */
export function listen(board) {
  /** @type {Record<string, () => void>} */
  const keys = {
    "/": () => byId("search").focus(),
    1: () => enter(board, "queues", byId("queue-list")),
    2: () => enter(board, "agents", byId(board.view === "wall" ? "over-list" : "agent-groups")),
    3: () => enter(board, "calls", byId("call-list")),
    g: () => board.nextGroup(),
    o: () => board.settings.set("out", board.settings.get("out") === "hide" ? "show" : "hide"),
    d: () => board.switchTheme(),
    b: () => board.switchWall(),
    s: () => board.openSettings(),
    "?": () => board.openHelp(),
  };
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const writes = target.matches("select, input:not([type='checkbox'])");
    if (event.key === "Escape") {
      if (target.id === "search") leave(/** @type {HTMLInputElement} */ (target), board);
      else if (!board.panel.dialog.open && board.view === "wall") board.switchWall();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") {
      const list = target.closest("[data-roving]");
      if (list && !writes && move(target, list, event.key)) event.preventDefault();
      return;
    }
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (!action || writes || board.settings.get("keys") === "off" || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("focusin", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const list = target.closest("[data-roving]");
    if (!list) return;
    for (const other of list.querySelectorAll("button[tabindex='0']")) other.removeAttribute("tabindex");
    target.tabIndex = 0;
    list.setAttribute("data-entered", "");
  });
}

/** Clear the search, or leave it if it is clear. @param {HTMLInputElement} field @param {Board} board */
function leave(field, board) {
  if (field.value) board.search("");
  else field.blur();
}

/** Put the focus where it last was in a list, or on its first. @param {Board} board @param {string} part @param {Element} place */
function enter(board, part, place) {
  if (board.view === "phone") board.showPart(part);
  const stop = place.querySelector("button[tabindex='0']") ?? place.querySelector("button");
  if (stop instanceof HTMLElement) stop.focus();
}

/**
 * Give each list one stop of Tab: the button that had the focus last, or the first.
 * @param {ParentNode} place
 */
export function oneStop(place) {
  for (const list of place.querySelectorAll("[data-roving]")) {
    const buttons = list.querySelectorAll("button");
    const stop = list.querySelector("button[tabindex='0']") ?? buttons[0];
    for (const button of buttons) {
      const wanted = button === stop ? 0 : -1;
      if (button.getAttribute("tabindex") !== String(wanted)) button.tabIndex = wanted;
    }
  }
}

/**
 * Move the focus as an arrow points, by what is seen: in a grid down is the one below.
 * @param {HTMLElement} from
 * @param {Element} list
 * @param {string} key
 */
function move(from, list, key) {
  const place = list.closest("[data-region]") ?? list;
  const buttons = /** @type {HTMLElement[]} */ ([...place.querySelectorAll("[data-roving] button")]);
  const at = buttons.indexOf(from);
  if (at < 0) return false;
  const mirrored = document.documentElement.dir === "rtl";
  let to = at;
  if (key === "Home") to = 0;
  else if (key === "End") to = buttons.length - 1;
  else if (key === "ArrowLeft") to = at + (mirrored ? 1 : -1);
  else if (key === "ArrowRight") to = at + (mirrored ? -1 : 1);
  else to = below(buttons, at, key === "ArrowDown" ? 1 : -1);
  const target = buttons[to];
  if (!target) return true;
  target.focus();
  return true;
}

/** The nearest one in the next row down (1) or up (-1). @param {HTMLElement[]} buttons @param {number} at @param {number} step */
function below(buttons, at, step) {
  const here = buttons[at].getBoundingClientRect();
  let best = at;
  let row = NaN;
  let distance = Infinity;
  for (let index = at + step; index >= 0 && index < buttons.length; index += step) {
    const there = buttons[index].getBoundingClientRect();
    if ((there.top - here.top) * step < 2) continue;
    if (Number.isNaN(row)) row = there.top;
    if (Math.abs(there.top - row) > 2) break;
    if (Math.abs(there.left - here.left) < distance) {
      distance = Math.abs(there.left - here.left);
      best = index;
    }
  }
  return best;
}
