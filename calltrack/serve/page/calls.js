// @ts-check
/** The calls: who waits, longest first; all that live; those that ended. A line each. */

import { day, moment, span } from "./clock.js";
import { arrange, byId, el, flag, icon, listed, mark, redraw, say, theirs } from "./dom.js";
import { Figure } from "./figure.js";
import { above } from "./limits.js";
import { KINDS, callDoing, callerName } from "./status.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Call} Call */
/** @typedef {import("./store.js").Wait} Wait */
/** @typedef {import("./status.js").Doing} Doing */

const ORDER = ["queued", "ringing", "dialing", "hold", "talking", "spying", "unknown", "ended"];
const ARROWS = ["Incoming", "Outgoing", "Internal", "Click2Call", "Spy"];
const LIVE = ["talking", "hold", "ringing", "dialing", "spying", "unknown"];

/** Where a call is or was: its queues, then its agents. @param {Call} call @param {Board} board */
export function places(call, board) {
  const answered = call.past_legs.findLast((leg) => leg.outcome === "answered");
  const legs = call.legs.length ? call.legs : answered ? [answered] : call.past_legs.slice(-1);
  const queue = call.waiting[0]?.queue_id || legs.find((leg) => leg.queue_id)?.queue_id || call.past_waits.at(-1)?.queue_id || "";
  const agents = [...new Set(legs.map((leg) => board.store.agentName(leg.exten_user)))];
  return { queue, agents };
}

export class Line {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {Call | null} */
    this.record = null;
    this.epoch = -1;
    /** @type {Doing} */
    this.doing = { kind: "unknown", label: "", since: null, limit: "" };
    this.words = "";
    this.queue = "";
    this.doubtful = false;
    this.icon = icon("unknown");
    this.label = el("span", { class: "label" });
    this.arrow = icon("incoming");
    this.direction = el("span", { class: "hidden" });
    this.caller = theirs("", "name");
    this.figure = new Figure("acute timer");
    this.detail = el("span", { class: "detail" });
    this.button = el(
      "button",
      { type: "button", class: "line" },
      this.figure.box,
      el("span", { class: "what" }, this.icon, this.label),
      el("span", { class: "who" }, this.arrow, this.direction, this.caller),
      this.detail,
    );
    this.item = el("li", { "data-call": id }, this.button);
  }

  /** @param {Call} record @param {Board} board @param {Wait | null} [wait] the wait that the line is about, if it is one */
  update(record, board, wait = null) {
    if (this.record === record && this.epoch === board.store.epoch) return;
    this.record = record;
    this.epoch = board.store.epoch;
    this.doing =
      wait && !board.store.lost
        ? { kind: "queued", label: "state.Queued", since: wait.joined_at, limit: "" }
        : callDoing(record, board.store);
    const { kind, label } = this.doing;
    mark(this.item, "kind", kind);
    redraw(this.icon, KINDS[kind]);
    say(this.label, t(label));
    redraw(this.arrow, ARROWS.includes(record.direction) ? record.direction.toLowerCase() : "incoming");
    say(this.direction, `${t(`direction.${record.direction}`)} `);
    say(this.caller, record.caller || t("anonymous"));
    const { queue, agents } = places(record, board);
    this.queue = wait?.queue_id ?? queue;
    this.doubtful =
      kind !== "ended" && Boolean(wait ? wait.doubtful : record.legs.length && record.legs.every((one) => one.doubtful));
    const queueName = this.queue && board.store.queueName(this.queue);
    const took = kind === "ended" ? t("call.took", { span: span(total(record)) }) : "";
    const parts = listed([took, callerName(record, queueName), queueName, agents.join(", "), this.doubtful ? t("doubtful") : ""]);
    if (kind === "unknown") parts.push(parts.length ? " · " : "", t("since", { time: board.moment(this.doing.since) }));
    this.detail.replaceChildren(...parts);
    const said = [record.caller, record.caller_name, record.did, record.call_id, record.account_id, t(label), queueName];
    this.words = [...said, ...agents, t(`direction.${record.direction}`)].join(" ").toLowerCase();
    this.figure.box.title = kind === "ended" ? `${t("story.ended")} ${day(record.ended_at)} ${moment(record.ended_at)}` : "";
    this.tick(board);
  }

  /** @param {Board} board */
  tick(board) {
    const { doing } = this;
    if (doing.kind === "ended") {
      this.figure.show({ low: moment(doing.since) });
      return;
    }
    const seconds = doing.since === null || board.now === null ? null : Math.max(0, board.now - doing.since);
    const pair = doing.kind === "queued" ? board.limits.queue(this.queue, "longest_s") : board.limits.state(doing.limit);
    const level = this.doubtful ? "" : above(pair, seconds);
    mark(this.item, "level", level);
    if (seconds === null) this.figure.show({ low: "" });
    else this.figure.time(seconds, level, this.doubtful || doing.kind === "unknown" ? "unknown" : "");
  }
}

/** How long a call took, s. @param {Call} call */
function total(call) {
  return call.ended_at === null || call.started === null ? null : call.ended_at - call.started;
}

export class Calls {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = byId("call-list");
    this.none = byId("calls-none");
    this.tabs = { waiting: byId("tab-waiting"), live: byId("tab-live"), ended: byId("tab-ended") };
    this.counts = { waiting: byId("count-waiting"), live: byId("count-live"), ended: byId("count-ended") };
    /** @type {Map<string, Line>} */
    this.lines = new Map();
    this.tab = "";
    this.shown = 0;
    this.place.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("[data-call]");
      if (item instanceof HTMLElement) board.openCall(item.dataset.call ?? "");
    });
    for (const [name, button] of Object.entries(this.tabs)) {
      button.addEventListener("click", () => board.settings.set("tab", name));
    }
  }

  render() {
    const { board } = this;
    const { store, settings } = board;
    const tab = settings.get("tab");
    if (tab !== this.tab) this.lines.clear();
    this.tab = tab;
    for (const [name, button] of Object.entries(this.tabs)) flag(button, "aria-pressed", name === tab);
    const waits = waitsByCall(board);
    say(this.counts.waiting, board.lost ? "?" : String(waits.size));
    say(this.counts.live, store.lost ? "?" : String(store.calls.size));
    say(this.counts.ended, String(store.ended.size));
    mark(this.place, "tab", tab);
    const records =
      tab === "ended" ? store.ended : tab === "live" ? store.calls : new Map([...waits].map(([id, one]) => [id, one.call]));
    for (const id of this.lines.keys()) if (!records.has(id)) this.lines.delete(id);
    for (const [id, record] of records) {
      let line = this.lines.get(id);
      if (!line) this.lines.set(id, (line = new Line(id)));
      line.update(record, board, tab === "waiting" ? waits.get(id)?.wait : null);
    }
    const [kind, queue] = [settings.get("kind"), settings.get("queue")];
    const live = tab === "live" && LIVE.includes(kind) ? kind : "";
    const wanted = [...this.lines.values()].filter(
      (line) => (!live || line.doing.kind === live) && (!queue || line.queue === queue) && board.finds(line.words),
    );
    wanted.sort(tab === "ended" ? newest : urgent);
    this.shown = wanted.length;
    arrange(
      this.place,
      wanted.map((line) => line.item),
    );
    this.none.hidden = wanted.length > 0;
    say(
      this.none,
      t(this.lines.size ? "calls.nomatch" : board.lost && tab === "waiting" ? "state.Unknown" : `calls.none.${tab}`),
    );
  }

  tick() {
    for (const line of this.lines.values()) line.tick(this.board);
  }
}

/**
 * Who waits, by call; a queue that is not known has no one that is.
 * @param {Board} board @returns {Map<string, {wait: Wait, call: Call}>}
 */
function waitsByCall(board) {
  /** @type {Map<string, {wait: Wait, call: Call}>} */
  const found = new Map();
  if (board.lost) return found;
  for (const queue of board.store.queues.values()) {
    for (const wait of queue.unknown ? [] : queue.waiting) {
      const call = board.store.calls.get(wait.call_id);
      if (call) found.set(wait.call_id, { wait, call });
    }
  }
  return found;
}

/** @param {Line} one @param {Line} other */
function urgent(one, other) {
  const ranks = ORDER.indexOf(one.doing.kind) - ORDER.indexOf(other.doing.kind);
  return ranks || (one.doing.since ?? Infinity) - (other.doing.since ?? Infinity) || (one.id < other.id ? -1 : 1);
}

/** @param {Line} one @param {Line} other */
function newest(one, other) {
  return (other.doing.since ?? 0) - (one.doing.since ?? 0) || (one.id < other.id ? -1 : 1);
}
