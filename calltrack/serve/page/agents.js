// @ts-check
/** The agents: a card each, kept for as long as its extension is there, grouped, ordered and filtered. */

import { span } from "./clock.js";
import { alarm, arrange, byId, count, el, flag, icon, listed, mark, redraw, say, sign, theirs } from "./dom.js";
import { KINDS, callerName, doing, level, statusLabel } from "./status.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Extension} Extension */
/** @typedef {import("./status.js").Doing} Doing */

const COLLATOR = new Intl.Collator(undefined, { numeric: true });
const CHIPS = ["talking", "hold", "ringing", "dialing", "spying", "available", "paused", "out", "unknown"];

class Card {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {Extension | null} */
    this.record = null;
    this.epoch = -1;
    /** @type {Doing} */
    this.doing = { kind: "unknown", label: "", since: null, limit: "" };
    this.name = "";
    this.words = "";
    this.queue = "";
    this.nameText = theirs("", "name");
    this.number = theirs("", "number");
    this.icon = icon("unknown");
    this.label = el("span", { class: "label" });
    this.sign = sign();
    this.timer = el("span", { class: "timer" });
    this.detail = el("span", { class: "detail" });
    this.button = el(
      "button",
      { type: "button", class: "card" },
      el("span", { class: "who" }, this.nameText, this.number),
      el("span", { class: "what" }, this.icon, this.label, el("span", { class: "time" }, this.sign, this.timer)),
      this.detail,
    );
    this.item = el("li", { "data-agent": id }, this.button);
  }

  /** @param {Extension} record @param {Board} board */
  update(record, board) {
    if (this.record === record && this.epoch === board.store.epoch) return;
    this.record = record;
    this.epoch = board.store.epoch;
    this.doing = doing(record, board.store);
    const { kind, label } = this.doing;
    this.name = record.agent_name || record.user_name || record.exten_user;
    say(this.nameText, this.name);
    say(this.number, String(record.number ?? record.exten_user));
    mark(this.item, "kind", kind);
    redraw(this.icon, KINDS[kind]);
    say(this.label, t(label));
    const leg = kind === "unknown" ? undefined : record.legs[0];
    this.queue = leg?.queue_id ?? "";
    const queue = this.queue && board.store.queueName(this.queue);
    // The number always: a name may be that of a queue which this role does not know.
    const callerIs = leg ? callerName(leg, queue) : "";
    const caller = leg ? [leg.caller || (callerIs ? "" : t("anonymous")), callerIs] : [];
    const status = t(statusLabel(record));
    const more = record.legs.length > 1 ? [" ", theirs(`+${record.legs.length - 1}`)] : [];
    if (kind === "unknown") this.detail.replaceChildren(t("since", { time: board.moment(this.doing.since) }));
    else if (leg) this.detail.replaceChildren(...listed(caller), ...more, ...(queue ? [" · ", theirs(queue)] : []));
    else this.detail.replaceChildren(kind === "out" && record.agent_id === null ? t("agent.nobody") : "");
    // Somebody on the phone can be in any status, and that is worth seeing when it is not the usual one.
    if (leg && record.agent_status !== null && record.agent_status !== 1) this.detail.append(" · ", status);
    const said = [this.name, record.user_name, record.exten_user, record.number, record.account_id, t(label), status, queue];
    this.words = [...said, ...record.legs.flatMap((one) => [one.caller, one.caller_name, one.call_id])].join(" ").toLowerCase();
    this.tick(board);
  }

  /** @param {Board} board */
  tick(board) {
    const { since } = this.doing;
    count(this.timer, since === null || board.now === null ? "" : span(board.now - since));
    const beyond = level(board.settings.limits, this.doing, board.now);
    alarm(this.item, this.sign, beyond, beyond && t(`level.${beyond}`));
  }
}

export class Agents {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = /** @type {HTMLElement} */ (document.getElementById("agent-groups"));
    this.chips = /** @type {HTMLElement} */ (document.getElementById("chips"));
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    /** @type {Map<string, {section: HTMLElement, heading: HTMLElement, name: HTMLElement, number: HTMLElement, list: HTMLElement}>} */
    this.groups = new Map();
    this.shown = 0;
    this.none = el("p", { class: "none" });
    this.place.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("[data-agent]");
      if (item instanceof HTMLElement) board.openAgent(item.dataset.agent ?? "");
    });
    this.chips.addEventListener("click", (event) => {
      const chip = /** @type {Element} */ (event.target).closest("[data-chip]");
      if (chip instanceof HTMLElement) board.filter(chip.dataset.chip ?? "");
    });
    // Every kind has its chip, also when nobody is of it: one that came and went would move what is below.
    this.kinds = CHIPS.map((kind) => {
      const label = el("span");
      const number = el("span", { class: "count" });
      const button = el("button", { type: "button", class: "chip", "data-chip": kind, "data-kind": kind }, icon(kind), label, number);
      this.chips.append(button);
      return { kind, button, label, number };
    });
    this.filtered = byId("filtered");
    this.all = el("button", { type: "button", class: "chip plain" });
    this.all.addEventListener("click", () => board.filter(""));
  }

  render() {
    const { board } = this;
    for (const id of this.cards.keys()) if (!board.store.extensions.has(id)) this.cards.delete(id);
    for (const [id, record] of board.store.extensions) {
      let card = this.cards.get(id);
      if (!card) this.cards.set(id, (card = new Card(id)));
      card.update(record, board);
    }
    const wanted = this.wanted();
    this.renderChips();
    wanted.sort(board.settings.get("sort") === "time" ? byTime : byName);
    /** @type {Map<string, Card[]>} */
    const grouped = new Map();
    for (const card of wanted) {
      const key = this.groupOf(card);
      const members = grouped.get(key);
      if (members) members.push(card);
      else grouped.set(key, [card]);
    }
    const keys = [...grouped.keys()].sort((one, other) => this.rank(one) - this.rank(other) || COLLATOR.compare(one, other));
    for (const key of this.groups.keys()) if (!grouped.has(key)) this.groups.delete(key);
    const sections = keys.map((key) => this.group(key, grouped.get(key) ?? []));
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
      (card) =>
        !(hide && card.doing.kind === "out") &&
        (!kind || card.doing.kind === kind) &&
        (!queue || card.queue === queue) &&
        this.board.finds(card.words),
    );
  }

  renderChips() {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const card of this.cards.values()) counts.set(card.doing.kind, (counts.get(card.doing.kind) ?? 0) + 1);
    const chosen = this.board.settings.get("kind");
    for (const { kind, button, label, number } of this.kinds) {
      say(label, t(`kind.${kind}`));
      say(number, String(counts.get(kind) ?? 0));
      mark(button, "none", counts.get(kind) ? "" : "yes");
      flag(button, "aria-pressed", kind === chosen);
    }
    const queue = this.board.settings.get("queue");
    if (chosen || queue) {
      this.all.replaceChildren(icon("close"), t("filter.clear"), ...(queue ? [" · ", theirs(this.board.store.queueName(queue))] : []));
    }
    arrange(this.filtered, chosen || queue ? [this.all] : []);
  }

  /** @param {Card} card */
  groupOf(card) {
    switch (this.board.settings.get("group")) {
      case "status":
        return card.doing.kind === "paused" ? `paused ${card.doing.label}` : card.doing.kind;
      case "queue":
        return card.queue;
      case "team":
        return String(card.record?.account_id ?? "");
      default:
        return "";
    }
  }

  /** Where a group stands: statuses in their own order, what has no queue or account last. @param {string} key */
  rank(key) {
    if (this.board.settings.get("group") === "status") return Object.keys(KINDS).indexOf(key.split(" ")[0]);
    return key === "" ? 1 : 0;
  }

  /** @param {string} key @param {Card[]} cards */
  group(key, cards) {
    let group = this.groups.get(key);
    if (!group) {
      const name = theirs("");
      const number = el("span", { class: "count" });
      const heading = el("h3", {}, name, " ", number);
      const list = el("ul", { class: "cards", "data-roving": "" });
      group = { section: el("div", { class: "group" }, heading, list), heading, name, number, list };
      this.groups.set(key, group);
    }
    const by = this.board.settings.get("group");
    group.heading.hidden = by === "none";
    if (by === "status") say(group.name, t(key.startsWith("paused ") ? key.slice(7) : `kind.${key}`));
    else say(group.name, by === "queue" ? (key ? this.board.store.queueName(key) : t("group.noqueue")) : key || t("group.noteam"));
    say(group.number, String(cards.length));
    arrange(group.list, cards.map((card) => card.item));
    return group.section;
  }
}

/** @param {Card} one @param {Card} other */
function byName(one, other) {
  return COLLATOR.compare(one.name, other.name) || COLLATOR.compare(one.id, other.id);
}

/** @param {Card} one @param {Card} other */
function byTime(one, other) {
  return (one.doing.since ?? Infinity) - (other.doing.since ?? Infinity) || byName(one, other);
}
