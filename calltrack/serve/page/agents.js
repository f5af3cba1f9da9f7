// @ts-check
/** The agents: a card each, kept for as long as its extension is there, grouped, ordered and filtered. */

import { byLevelThenTime, byTrouble, groupOf } from "./crew.js";
import { arrange, byId, el, icon, listed, mark, redraw, say, theirs } from "./dom.js";
import { Figure } from "./figure.js";
import { KINDS, callerName, statusLabel } from "./status.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./crew.js").Agent} Agent */

const COLLATOR = new Intl.Collator(undefined, { numeric: true });
const MANY = 80; // agents from which on a card is one line

/** The group of who is past a limit, before all others. */
const OVER = "over";

class Card {
  /** @param {Agent} agent */
  constructor(agent) {
    this.agent = agent;
    /** @type {import("./store.js").Extension | null} */
    this.record = null;
    this.epoch = -1;
    this.words = "";
    this.nameText = theirs("", "name");
    this.number = theirs("", "number");
    this.icon = icon("unknown");
    this.label = el("span", { class: "label" });
    this.figure = new Figure("acute timer");
    this.detail = el("span", { class: "detail" });
    this.button = el(
      "button",
      { type: "button", class: "card" },
      el("span", { class: "who" }, this.nameText, this.number),
      el("span", { class: "what" }, this.icon, this.label, this.detail),
      this.figure.box,
    );
    this.item = el("li", { "data-agent": agent.id }, this.button);
  }

  /** @param {Board} board */
  update(board) {
    const { agent } = this;
    const { record } = agent;
    if (this.record === record && this.epoch === board.store.epoch) return;
    this.record = record;
    this.epoch = board.store.epoch;
    const { kind, label, since } = agent.doing;
    say(this.nameText, agent.name);
    say(this.number, String(record.number ?? record.exten_user));
    mark(this.item, "kind", kind);
    mark(this.item, "doubtful", agent.doubtful ? "yes" : "");
    redraw(this.icon, KINDS[kind]);
    say(this.label, t(label));
    const leg = kind === "unknown" ? undefined : record.legs[0];
    const queue = agent.queue && board.store.queueName(agent.queue);
    // The number always: a name may be that of a queue which this role does not know.
    const callerIs = leg ? callerName(leg, queue) : "";
    const caller = leg ? [leg.caller || (callerIs ? "" : t("anonymous")), callerIs] : [];
    const status = t(statusLabel(record));
    const more = record.legs.length > 1 ? [theirs(`+${record.legs.length - 1}`)] : [];
    const parts = [...(queue ? [theirs(queue)] : []), ...listed(caller).filter((one) => one !== " · "), ...more];
    if (kind === "unknown") parts.push(el("span", {}, t("since", { time: board.moment(since) })));
    else if (kind === "out" && record.agent_id === null) parts.push(el("span", {}, t("agent.none")));
    // Somebody on the phone can be in any status, and that is worth seeing when it is not the usual one.
    if (leg && record.agent_status !== null && record.agent_status !== 1) parts.push(el("span", {}, status));
    if (agent.doubtful) parts.push(el("span", {}, t("doubtful")));
    this.detail.replaceChildren(...parts.flatMap((one, index) => (index ? [" · ", one] : [one])));
    const said = [agent.name, record.user_name, record.exten_user, record.number, record.account_id, t(label), status, queue];
    this.words = [...said, ...record.legs.flatMap((one) => [one.caller, one.caller_name, one.call_id])].join(" ").toLowerCase();
    this.tick(board);
  }

  /** @param {Board} board */
  tick(board) {
    const { agent } = this;
    const seconds = agent.seconds(board.now);
    mark(this.item, "level", agent.level);
    if (seconds === null) this.figure.show({ low: "" });
    else this.figure.time(seconds, agent.level, agent.doubtful || agent.doing.kind === "unknown" ? "unknown" : "");
  }
}

export class Agents {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = byId("agent-groups");
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    /** @type {Map<string, Record<"section" | "heading" | "list" | "name" | "number" | "note", HTMLElement>>} */
    this.groups = new Map();
    this.shown = 0;
    this.none = el("p", { class: "none" });
    this.place.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("[data-agent]");
      if (item instanceof HTMLElement) board.openAgent(item.dataset.agent ?? "");
    });
    this.filtered = byId("filtered");
    this.all = el("button", { type: "button", class: "chip plain" });
    this.all.addEventListener("click", () => board.filter(""));
  }

  render() {
    const { board } = this;
    const { agents } = board.crew;
    for (const [id, card] of this.cards) if (agents.get(id) !== card.agent) this.cards.delete(id);
    for (const [id, agent] of agents) {
      let card = this.cards.get(id);
      if (!card) this.cards.set(id, (card = new Card(agent)));
      card.update(board);
    }
    const size = board.settings.get("size");
    mark(this.place, "many", size === "compact" || (size === "auto" && agents.size > MANY) ? "yes" : "");
    const wanted = this.wanted();
    this.renderFilter();
    wanted.sort(board.settings.get("sort") === "time" ? byTime : byName);
    /** @type {Map<string, Card[]>} */
    const grouped = new Map();
    for (const card of wanted) {
      const key = this.groupOf(card.agent);
      const members = grouped.get(key);
      if (members) members.push(card);
      else grouped.set(key, [card]);
    }
    grouped.get(OVER)?.sort((one, other) => byTrouble(one.agent, other.agent));
    const keys = [...grouped.keys()].sort((one, other) => this.rank(one) - this.rank(other) || COLLATOR.compare(one, other));
    for (const key of this.groups.keys()) if (!grouped.has(key)) this.groups.delete(key);
    const above = grouped.get(OVER) ?? [];
    const sections = keys.map((key) => this.group(key, grouped.get(key) ?? [], above));
    this.shown = wanted.length;
    if (!wanted.length) {
      say(this.none, t(this.cards.size ? "agents.nomatch" : "agents.none"));
      sections.push(this.none);
    }
    arrange(this.place, sections);
  }

  tick() {
    for (const card of this.cards.values()) card.tick(this.board);
  }

  wanted() {
    const { settings } = this.board;
    const [kind, queue] = [settings.get("kind"), settings.get("queue")];
    const hide = settings.get("out") === "hide" && kind !== "out";
    return [...this.cards.values()].filter(
      ({ agent, words }) =>
        !(hide && agent.doing.kind === "out") &&
        (!kind || groupOf(agent.doing.kind) === kind) &&
        (!queue || agent.queue === queue) &&
        this.board.finds(words),
    );
  }

  renderFilter() {
    const [kind, queue] = [this.board.settings.get("kind"), this.board.settings.get("queue")];
    if (kind || queue) {
      const what = [
        ...(kind ? [" · ", t(`group.${kind}`)] : []),
        ...(queue ? [" · ", theirs(this.board.store.queueName(queue))] : []),
      ];
      this.all.replaceChildren(icon("close"), t("filter.clear"), ...what);
    }
    arrange(this.filtered, kind || queue ? [this.all] : []);
  }

  /** @param {Agent} agent */
  groupOf(agent) {
    switch (this.board.settings.get("group")) {
      case "status":
        return agent.level ? OVER : agent.doing.kind;
      case "queue":
        return agent.queue;
      case "team":
        return String(agent.record.account_id ?? "");
      default:
        return "";
    }
  }

  /** Where a group stands: statuses in their own order, what has no queue or account last. @param {string} key */
  rank(key) {
    if (this.board.settings.get("group") === "status") return Object.keys(KINDS).indexOf(key);
    return key === "" ? 1 : 0;
  }

  /** @param {string} key @param {Card[]} cards @param {Card[]} above who is past a limit, in the group before all others */
  group(key, cards, above) {
    let group = this.groups.get(key);
    if (!group) {
      const [name, number, note] = [theirs(""), el("span", { class: "count" }), el("span", { class: "note" })];
      const heading = el("h3", {}, Object.hasOwn(KINDS, key) ? icon(KINDS[key]) : null, name, " ", number, " ", note);
      const list = el("ul", { class: "cards", "data-roving": "" });
      group = { section: el("div", { class: "group" }, heading, list), heading, name, number, note, list };
      this.groups.set(key, group);
    }
    const by = this.board.settings.get("group");
    const elsewhere = by === "status" && key !== OVER ? above.filter((one) => one.agent.doing.kind === key).length : 0;
    group.heading.hidden = by === "none";
    mark(group.section, "by", by === "status" ? key : "");
    if (by === "status") say(group.name, t(key === OVER ? "over" : `kind.${key}`));
    else
      say(group.name, by === "queue" ? (key ? this.board.store.queueName(key) : t("group.noqueue")) : key || t("group.noteam"));
    say(group.number, String(cards.length + elsewhere));
    say(group.note, elsewhere ? t("above", { count: elsewhere }) : "");
    arrange(
      group.list,
      cards.map((card) => card.item),
    );
    return group.section;
  }
}

/** @param {Card} one @param {Card} other */
function byName(one, other) {
  return COLLATOR.compare(one.agent.name, other.agent.name) || COLLATOR.compare(one.agent.id, other.agent.id);
}

/** @param {Card} one @param {Card} other */
function byTime(one, other) {
  return byLevelThenTime(one.agent, other.agent);
}
