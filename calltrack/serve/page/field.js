// @ts-check
/** Everybody as a field: one mark each, in columns by state, who is past a limit first. A group is a filter of the lists, too. */

import { GROUPS } from "./crew.js";
import { arrange, byId, el, flag, mark, say, theirs } from "./dom.js";
import { call } from "./fit.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./crew.js").Agent} Agent */

/** Up to how many agents there are so many rows of marks. */
const ROWS = [
  [80, 4],
  [200, 6],
  [600, 10],
  [Infinity, 14],
];
const FEW = 15; // agents whose names have room in place of the marks
const MANY = 600; // agents from which on only these groups have a mark for each
const MARKED = ["available", "ringing", "hold"];

class Group {
  /** @param {string} kind */
  constructor(kind) {
    this.kind = kind;
    this.number = el("span", { class: "count" });
    this.label = el("span", { class: "label" });
    this.marks = el("span", { class: "marks", "aria-hidden": "true" });
    this.button = el(
      "button",
      { type: "button", class: "group", "data-chip": kind },
      el("span", { class: "size" }, this.number, " ", this.label),
      this.marks,
    );
  }

  /** @param {Agent[]} members @param {boolean} all whether each has a mark, or only who is past a limit */
  show(members, all) {
    say(this.number, String(members.length));
    say(this.label, t(`group.${this.kind}`));
    mark(this.button, "none", members.length ? "" : "yes");
    const marked = this.kind === "out" ? [] : all ? members : members.filter((one) => one.level);
    while (this.marks.childElementCount > marked.length) this.marks.lastElementChild?.remove();
    while (this.marks.childElementCount < marked.length) this.marks.append(el("i"));
    marked.forEach((one, index) => dress(/** @type {HTMLElement} */ (this.marks.children[index]), one, this.kind));
  }
}

/** @param {HTMLElement} place @param {Agent} one @param {string} kind */
function dress(place, one, kind) {
  mark(place, "state", one.doubtful ? "unknown" : kind);
  mark(place, "level", one.level);
  if (place.title !== one.name) place.title = one.name;
}

export class Field {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = byId("field");
    this.groups = GROUPS.map((kind) => new Group(kind));
    /** @type {Map<string, {item: HTMLElement, mark: HTMLElement, name: HTMLElement, state: HTMLElement}>} */
    this.named = new Map();
    this.place.addEventListener("click", (event) => {
      const group = /** @type {Element} */ (event.target).closest("[data-chip]");
      if (!(group instanceof HTMLElement)) return;
      board.filter(group.dataset.chip ?? "");
      if (board.view === "phone") board.showPart("agents");
    });
  }

  render() {
    const { board, place } = this;
    const total = board.crew.agents.size;
    const members = board.crew.groups();
    const few = board.view === "wall" && total > 0 && total <= FEW && board.limits.all?.agents_named !== false;
    mark(place, "named", few ? "yes" : "");
    mark(place, "wall", board.view === "wall" ? "yes" : "");
    if (few) {
      arrange(
        place,
        [...members.values()].flat().map((one) => this.name(one)),
      );
      return;
    }
    place.style.setProperty("--rows", String(ROWS.find(([most]) => total <= most)?.[1]));
    const chosen = board.settings.get("kind");
    for (const group of this.groups) {
      group.show(members.get(group.kind) ?? [], total <= MANY || MARKED.includes(group.kind));
      flag(group.button, "aria-pressed", group.kind === chosen);
      group.button.disabled = board.view === "wall";
    }
    const wanted = this.groups.filter(({ kind }) => {
      const count = members.get(kind)?.length ?? 0;
      return kind === "unknown" ? count > 0 : !board.lost || count > 0;
    });
    arrange(
      place,
      wanted.map((group) => group.button),
    );
  }

  /** @param {Agent} agent */
  name(agent) {
    let one = this.named.get(agent.id);
    if (!one) {
      const [dot, name, state] = [el("i"), theirs("", "name"), el("span", { class: "hidden" })];
      this.named.set(agent.id, (one = { item: el("span", { class: "one" }, dot, name, state), mark: dot, name, state }));
    }
    dress(one.mark, agent, agent.doing.kind === "out" ? "out" : agent.doing.kind);
    call(one.name, agent.name);
    say(one.state, ` ${t(agent.doing.label)}${agent.level ? `, ${t(`level.${agent.level}`)}` : ""}`);
    return one.item;
  }
}
