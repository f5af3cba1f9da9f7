// @ts-check
/** One call: what it is, how long it was in what, its timeline and its story. */

import { day, localized, moment, span } from "./clock.js";
import { el, icon, mark, say, theirs } from "./dom.js";
import { facts, part } from "./panel.js";
import { KINDS, callDoing, kindOf } from "./status.js";
import { callStory } from "./stream.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Call} Call */
/**
 * @typedef {object} Stretch
 * @property {string} row @property {string} exten_user @property {string} queue_id @property {number} attempt
 * @property {string} state @property {number} since @property {number | null} until @property {boolean} known
 */
/** @typedef {{position: number, at: number | null, change: string, where: string, what: string, inferred: string}} StoryEvent */

const PAUSE = 1000; // ms between two questions for the same story
const MARKS = 4;

/** @param {Board} board @param {string} id @returns {import("./panel.js").Page} */
export function callPage(board, id) {
  const body = el("div", { class: "story" }, el("p", { class: "none" }, t("story.loading")));
  /** @type {Call | null} */
  let shown = null;
  /** @type {Call | null} */
  let asked = null;
  /** @type {any} */
  let life = null;
  let askedAt = -Infinity;
  let asking = false;
  /** @type {(() => void)[]} */
  let ticks = [];

  async function ask() {
    asking = true;
    askedAt = performance.now();
    asked = board.store.call(id);
    try {
      life = await callStory(id);
      draw();
    } catch {
      if (!life) body.replaceChildren(el("p", { class: "none" }, t("story.failed")));
      askedAt = performance.now() + 2 * PAUSE;
      asked = null;
    } finally {
      asking = false;
    }
  }

  function draw() {
    ticks = [];
    if (!life) {
      body.replaceChildren(el("p", { class: "none" }, t("story.gone")));
      return;
    }
    shown = life.call;
    body.replaceChildren(
      head(board, life.call, ticks),
      el("p", { class: "verdict", lang: "en", dir: "auto" }, localized(life.verdict, life.call.started)),
      part(t("story.timeline"), chart(board, life, ticks)),
      part(t("story"), life.complete ? "" : el("p", { class: "note" }, t("story.begins")), events(board, life.story)),
    );
    for (const tick of ticks) tick();
  }

  ask();
  return {
    body,
    title: () => {
      const call = board.store.call(id) ?? shown;
      return [theirs(call ? call.caller || t("anonymous") : id)];
    },
    tick: () => {
      if (!asking && board.store.call(id) !== asked && performance.now() - askedAt > PAUSE && !board.store.lost) ask();
      for (const tick of ticks) tick();
    },
  };
}

/** @param {Board} board @param {Call} call @param {(() => void)[]} ticks */
function head(board, call, ticks) {
  const badge = el("span", { class: "badge" });
  const timer = el("span", { class: "timer" });
  const figures = el("ul", { class: "figures" });
  /** @type {[string, "wait_s" | "ring_s" | "talk_s" | "hold_s" | "unknown_s", string][]} */
  const kinds = [
    ["story.wait", "wait_s", "Queued"],
    ["story.ring", "ring_s", "Ringing Dialing"],
    ["story.talk", "talk_s", "Talking"],
    ["story.hold", "hold_s", "Hold"],
    ["story.unknown", "unknown_s", "Unknown"],
  ];
  for (const [word, field, states] of kinds) {
    const value = el("span", { class: "timer" });
    const item = el("li", { "data-kind": kindOf(states.split(" ")[0]) }, value, el("span", { class: "unit" }, t(word)));
    figures.append(item);
    ticks.push(() => {
      let seconds = call[field];
      const live = !board.store.lost && board.now !== null;
      const waiting = field === "wait_s" && call.waiting[0]?.joined_at;
      const since = waiting || (field !== "wait_s" && states.split(" ").includes(call.state) ? call.since : null);
      if (seconds !== null && since && live && board.now !== null) seconds += Math.max(0, board.now - since);
      item.hidden = field === "unknown_s" && seconds === 0;
      say(value, span(seconds));
    });
  }
  ticks.push(() => {
    const doing = callDoing(call, board.store);
    if (badge.dataset.kind !== doing.kind || !badge.firstChild) {
      badge.replaceChildren(icon(KINDS[doing.kind]), t(doing.label));
      mark(badge, "kind", doing.kind);
    }
    say(timer, doing.kind === "ended" || doing.since === null || board.now === null ? "" : span(board.now - doing.since));
  });
  return el(
    "div",
    { class: "head" },
    el("p", { class: "now" }, badge, timer, el("span", { class: "unit" }, t(`direction.${call.direction}`))),
    call.caller_name && call.caller_name !== call.caller ? el("p", { class: "also" }, theirs(call.caller_name)) : null,
    figures,
    facts([
      [t("story.began"), call.started === null ? null : `${day(call.started)} ${moment(call.started)}`],
      [t("story.ended"), call.ended_at === null ? null : moment(call.ended_at)],
      [t("story.cause"), call.cause ? theirs(call.cause) : null],
      [t("story.number"), call.did ? theirs(call.did) : null],
      [t("story.account"), call.account_id === null ? null : theirs(call.account_id)],
      [t("story.id"), theirs(call.call_id, "id")],
    ]),
  );
}

/** A stretch for those who hear it. @param {Stretch} one @param {number} end */
function inWords(one, end) {
  const state = one.known ? t(`state.${one.state}`) : `${t(`state.${one.state}`)} (${t("story.unknown")})`;
  return `${state} ${span((one.until ?? end) - one.since)}`;
}

/** Rows of bars over one axis of time. @param {Board} board @param {any} life @param {(() => void)[]} ticks */
function chart(board, life, ticks) {
  /** @type {Stretch[]} */
  const stretches = life.timeline;
  const begin = Math.min(...stretches.map((one) => one.since));
  const list = el("ul", { class: "rows" });
  if (!stretches.length) return el("p", { class: "none" }, "–");
  const until = () => {
    const last = Math.max(...stretches.map((one) => one.until ?? one.since));
    const open = stretches.some((one) => one.until === null);
    return Math.max(begin + 1, open && board.now !== null ? Math.max(last, board.now) : last);
  };
  /** @type {Map<string, Stretch[]>} */
  const rows = new Map();
  for (const one of stretches) rows.set(one.row, [...(rows.get(one.row) ?? []), one]);
  for (const [row, members] of rows) {
    const first = members[0];
    const name = first.queue_id ? board.store.queueName(first.queue_id) : board.store.agentName(first.exten_user);
    const track = el("span", { class: "track", "aria-hidden": "true" });
    const words = el("span", { class: "hidden" });
    for (const one of members) {
      const bar = el("span", { class: "stretch", "data-kind": kindOf(one.state), title: t(`state.${one.state}`) });
      if (!one.known) bar.title += ` (${t("story.unknown")})`;
      track.append(bar);
      ticks.push(() => {
        const end = until();
        const width = end - begin;
        bar.style.setProperty("--from", String(((one.since - begin) / width) * 100));
        bar.style.setProperty("--size", String((((one.until ?? end) - one.since) / width) * 100));
        mark(bar, "unknown", !one.known || (one.until === null && board.store.lost) ? "yes" : "");
      });
    }
    const label = el("span", { class: "row" }, theirs(name), first.attempt > 1 ? ` #${first.attempt}` : "");
    label.title = row;
    list.append(el("li", {}, label, track, words));
    ticks.push(() => {
      const end = until();
      say(words, members.map((one) => `: ${inWords(one, end)}`).join(""));
    });
  }
  const axis = el("div", { class: "axis", "aria-hidden": "true" });
  const marks = Array.from({ length: MARKS }, () => axis.appendChild(el("span")));
  ticks.push(() => {
    const end = until();
    marks.forEach((one, index) => say(one, moment(begin + ((end - begin) * index) / (MARKS - 1))));
  });
  const legend = el("p", { class: "legend" });
  for (const state of new Set(stretches.map((one) => one.state))) {
    legend.append(el("span", {}, el("span", { class: "swatch", "data-kind": kindOf(state), "aria-hidden": "true" }), t(`state.${state}`)));
  }
  return el("div", { class: "chart" }, list, axis, legend);
}

/** @param {Board} board @param {StoryEvent[]} story */
function events(board, story) {
  const list = el("ol", { class: "events" });
  /** @type {HTMLElement | null} */
  let before = null;
  let position = -1;
  for (const one of story) {
    const became = one.change === "CallStateChanged" ? one.what.split(" → ")[1] : undefined;
    // The call's own state follows from what stands just above.
    if (became && one.position === position && before) {
      const kind = kindOf(became);
      before.append(el("span", { class: "became", "data-kind": kind }, icon(KINDS[kind]), t(`state.${became}`)));
      continue;
    }
    position = one.position;
    before = el("span", {}, el("strong", {}, t(`change.${one.change}`)));
    const agent = board.store.extensions.has(one.where) ? board.store.agentName(one.where) : "";
    const queue = one.where.startsWith("queue ") ? board.store.queueName(one.where.slice(6)) : "";
    if (one.where) before.append(" ", theirs(agent || queue || one.where, "where"));
    list.append(
      el(
        "li",
        { "data-change": one.change },
        el("span", { class: "at" }, moment(one.at)),
        el(
          "span",
          { class: "said" },
          before,
          one.inferred ? el("span", { class: "inferred" }, icon("inferred"), t("story.inferred")) : null,
          el("span", { class: "words", dir: "auto" }, localized(one.what, one.at)),
        ),
        el("span", { class: "frame" }, t("story.frame", { position: one.position })),
      ),
    );
  }
  return list;
}
