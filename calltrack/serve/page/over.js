// @ts-check
/** Who is past a limit, by name, the farthest first; below the last of them who is free, for they can help. */

import { arrange, byId, el, icon, mark, redraw, say, theirs } from "./dom.js";
import { Figure } from "./figure.js";
import { call } from "./fit.js";
import { RANK } from "./limits.js";
import { byTime } from "./crew.js";
import { Steady } from "./order.js";
import { KINDS } from "./status.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./crew.js").Agent} Agent */

/** Rows on each screen. @type {Record<string, number>} */
const ROOM = { wall: 6, phone: 8 };

class Person {
  /** @param {string} id */
  constructor(id) {
    this.name = theirs("", "name");
    this.icon = icon("unknown");
    this.state = el("span", { class: "state" });
    this.queue = theirs("", "of");
    this.figure = new Figure("acute mid", true);
    const what = el("span", { class: "what" }, this.icon, this.state, this.queue);
    this.item = el(
      "li",
      { "data-person": id },
      el("button", { type: "button", class: "person" }, this.name, what, this.figure.box),
    );
  }

  /** @param {Agent} agent @param {Board} board */
  show(agent, board) {
    const { kind, label } = agent.doing;
    const named = board.limits.all?.agents_named !== false;
    call(this.name, named ? agent.name : t(`kind.${kind}`));
    redraw(this.icon, KINDS[kind]);
    say(this.state, t(label));
    const queue = agent.queue && board.queueLabel(agent.queue);
    say(this.queue, queue);
    mark(this.queue, "there", queue ? "yes" : "");
    mark(this.item, "level", agent.level);
    const seconds = agent.seconds(board.now);
    if (kind === "unknown" || seconds === null) this.figure.unknown();
    else this.figure.time(seconds, agent.level);
  }
}

export class Over {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = byId("over-list");
    this.count = byId("over-count");
    this.steady = new Steady();
    /** @type {Map<string, Person>} */
    this.people = new Map();
    this.note = el("li", { class: "note" });
    /** @type {string[]} */
    this.shown = [];
    this.place.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("[data-person]");
      if (item instanceof HTMLElement) board.openAgent(item.dataset.person ?? "");
    });
  }

  render() {
    const { board, steady } = this;
    const room = ROOM[board.view];
    if (!room) return;
    if (board.lost) {
      say(this.count, "");
      say(this.note, t("over.unknown", { time: board.lostAt() }));
      arrange(this.place, [this.note]);
      return;
    }
    const over = board.crew.over();
    say(this.count, over.length ? String(over.length) : "");
    const listed = new Map(over.map((one) => [one.id, one]));
    // Who is past none any more goes when rows change places, and not before.
    if (!steady.due) for (const id of this.shown) if (!listed.has(id)) this.keep(listed, id);
    const order = steady.arrange(
      [...listed.values()].map((one) => ({ id: one.id, rank: [RANK[one.level], Math.floor(one.far * 100)], name: one.name })),
    );
    this.shown = order.length > room ? order.slice(0, room - 1) : order;
    const free = this.free(room - this.shown.length, order.length > room);
    for (const id of this.people.keys()) if (!listed.has(id) && !free.some((one) => one.id === id)) this.people.delete(id);
    const rows = this.shown.map((id) => this.row(/** @type {Agent} */ (listed.get(id))));
    if (order.length > room) {
      say(this.note, t("over.more", { count: order.length - this.shown.length }));
      rows.push(this.note);
    } else if (room - rows.length > (rows.length && free.length ? 1 : 0)) {
      say(this.note, t(!order.length ? (free.length ? "over.none.free" : "over.none") : "over.free"));
      if (!order.length || free.length) rows.push(this.note);
      rows.push(...free.map((one) => this.row(one)));
    }
    arrange(this.place, rows);
  }

  /** @param {Map<string, Agent>} listed @param {string} id */
  keep(listed, id) {
    const agent = this.board.crew.agents.get(id);
    if (agent) listed.set(id, agent);
  }

  /** Who is free, longest first, as many as there is room for beside one line of words. @param {number} left @param {boolean} full */
  free(left, full) {
    if (full || left < 2) return [];
    return [...this.board.crew.agents.values()]
      .filter((one) => one.doing.kind === "available" && !one.level)
      .sort(byTime)
      .slice(0, left - 1);
  }

  /** @param {Agent} agent */
  row(agent) {
    let person = this.people.get(agent.id);
    if (!person) this.people.set(agent.id, (person = new Person(agent.id)));
    person.show(agent, this.board);
    return person.item;
  }
}
