// @ts-check
/** What the drawer shows of an agent, of a queue, and of the connection. */

import { day, moment, span } from "./clock.js";
import { Line } from "./calls.js";
import { arrange, el, icon, mark, say, theirs } from "./dom.js";
import { inWords } from "./figures.js";
import { queueLimits } from "./limitsform.js";
import { facts, part } from "./panel.js";
import { KINDS, doing, statusLabel } from "./status.js";
import { longestSince, unknownSince } from "./queues.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Call} Call */
/** @typedef {import("./panel.js").Page} Page */

const RECENT = 8;

/** A list of calls that open. @param {Board} board @param {string} none said when there are none */
function callList(board, none) {
  const list = el("ul", { class: "lines" });
  const empty = el("p", { class: "none" }, none);
  /** @type {Map<string, Line>} */
  const lines = new Map();
  list.addEventListener("click", (event) => {
    const item = /** @type {Element} */ (event.target).closest("[data-call]");
    if (item instanceof HTMLElement) board.openCall(item.dataset.call ?? "");
  });
  return {
    parts: [list, empty],
    /** @param {Call[]} calls */
    show(calls) {
      const wanted = calls.map((call) => {
        const line = lines.get(call.call_id) ?? new Line(call.call_id);
        lines.set(call.call_id, line);
        line.update(call, board);
        line.tick(board);
        return line.item;
      });
      arrange(list, wanted);
      empty.hidden = wanted.length > 0;
    },
  };
}

/** Why a call of an extension may be over, "" if none may. @param {import("./store.js").Extension} record */
function doubt(record) {
  return [...new Set(record.legs.map((leg) => leg.doubtful ?? ""))].filter(Boolean).join("; ");
}

/** @param {Board} board @param {string} id @returns {Page} */
export function agentPage(board, id) {
  const badge = el("span", { class: "badge" });
  const timer = el("span", { class: "timer" });
  const about = el("div");
  const live = callList(board, t("agent.nocalls"));
  const recent = callList(board, t("agent.norecent"));
  const body = el(
    "div",
    {},
    el("p", { class: "now" }, badge, timer),
    about,
    part(t("agent.now"), ...live.parts),
    part(t("agent.recent"), ...recent.parts),
  );
  let shown = "";
  /** @param {import("./store.js").Extension} record @param {import("./status.js").Doing} what */
  const tell = (record, what) => {
    badge.replaceChildren(icon(KINDS[what.kind]), t(what.label));
    mark(badge, "kind", what.kind);
    const since = record.agent_status_since;
    const known = what.kind !== "unknown";
    const began = since ? ` · ${t("since", { time: moment(since) })}` : "";
    about.replaceChildren(
      facts([
        [t("agent.status"), known ? el("span", {}, theirs(t(statusLabel(record))), began) : null],
        [t("since", { time: "" }).trim(), known || what.since === null ? null : moment(what.since)],
        [t("agent.confirmed"), known && record.confirmed_at ? moment(record.confirmed_at) : null],
        [t("agent.doubtful"), doubt(record) ? theirs(doubt(record)) : null],
        [t("agent.phone"), el("span", {}, theirs(record.number ?? ""), " · ", theirs(id))],
        [t("story.account"), record.account_id === null ? null : theirs(record.account_id)],
      ]),
    );
  };
  const render = () => {
    const record = board.store.extensions.get(id);
    if (!record) return;
    const what = doing(record, board.store);
    // What is the same stays, so that it can be read and copied.
    const key = JSON.stringify([
      what,
      record.agent_status,
      record.agent_status_since,
      record.confirmed_at,
      doubt(record),
      record.number,
      document.documentElement.lang,
    ]);
    if (key !== shown) tell(record, what);
    shown = key;
    live.show(record.legs.flatMap((leg) => board.store.calls.get(leg.call_id) ?? []));
    const had = [...board.store.ended.values()].filter((call) => call.past_legs.some((leg) => leg.exten_user === id));
    recent.show(had.reverse().slice(0, RECENT));
    say(timer, what.since === null || board.now === null ? "" : span(board.now - what.since));
  };
  return { body, title: () => [theirs(board.store.agentName(id))], render, tick: render };
}

/** @param {Board} board @param {string} id @returns {Page} */
export function queuePage(board, id) {
  const summary = el("ul", { class: "figures wide" });
  const values = ["waiting", "longest", "queue.came", "queue.answered", "queue.picked", "abandoned"].map((word) => {
    const value = el("span", { class: "timer" });
    summary.append(el("li", {}, value, el("span", { class: "unit" }, t(word))));
    return value;
  });
  const day = el("p", { class: "note" });
  const only = el("button", { type: "button", class: "action" }, icon("filter"), t("queue.only"));
  only.addEventListener("click", () => {
    board.settings.set("queue", id);
    board.panel.dialog.close();
  });
  const list = callList(board, t("queue.empty"));
  const limits = el("div");
  const body = el("div", {}, summary, day, only, part(t("state.Queued"), ...list.parts), limits);
  const render = () => {
    const queue = board.store.queues.get(id);
    if (!queue) return;
    if (!limits.childElementCount && board.limits.maySet) limits.append(part(t("set.limits"), queueLimits(board, id)));
    const unknown = board.lost || queue.unknown;
    const since = longestSince(queue);
    const longest = since === null || board.now === null ? "–" : span(board.now - since);
    const { queued, answered, picked_up: picked, abandoned } = queue;
    const said = [unknown ? "?" : queue.waiting.length, unknown ? "?" : longest, queued, answered, picked, abandoned];
    said.forEach((value, index) => say(values[index], String(value)));
    const lost = unknownSince(queue, board);
    const { hour } = board.figures;
    const figures = board.figures.of(id);
    say(
      day,
      unknown
        ? `${t("state.Unknown")} · ${t("since", { time: moment(lost) })}`
        : hour && figures
          ? inWords(hour, figures.day)
          : "",
    );
    list.show(unknown ? [] : queue.waiting.flatMap((wait) => board.store.calls.get(wait.call_id) ?? []));
  };
  return { body, title: () => [theirs(board.store.queueName(id))], render, tick: render };
}

/** @param {Board} board @returns {Page} */
export function linkPage(board) {
  const about = el("div");
  const list = el("ol", { class: "events" });
  const body = el("div", {}, about, el("p", { class: "note" }, t("link.time.note")), part(t("gaps"), list));
  const clock = el("span", { class: "timer" });
  const stale = el("span", {});
  let shown = "";
  const render = () => {
    const { store } = board;
    const seconds = store.lost ? null : store.staleFor;
    say(stale, seconds === null ? "?" : t("link.stale.ago", { seconds: Math.round(seconds) }));
    const key = JSON.stringify([board.link, store.source, store.gaps, document.documentElement.lang]);
    if (key === shown) return;
    shown = key;
    about.replaceChildren(
      facts([
        [t("link.title"), t(board.link)],
        [t("link.source"), theirs(store.source)],
        [t("link.stale"), stale],
        [t("link.time"), clock],
      ]),
    );
    list.replaceChildren(
      ...[...store.gaps].reverse().map((gap) => {
        const length = gap.since !== null && gap.until !== null ? span(gap.until - gap.since) : t("gaps.lasts");
        const when = `${day(gap.since)} ${moment(gap.since)}–${gap.until === null ? "" : moment(gap.until)}`;
        const why = el("span", { class: "words", dir: "auto" }, gap.reason);
        return el("li", {}, el("span", { class: "said" }, el("strong", { class: "ltr" }, when), ` ${length}`, why));
      }),
    );
    if (!store.gaps.length) list.replaceChildren(el("li", {}, t("gaps.none")));
  };
  return { body, title: () => [t("link.title")], render, tick: () => say(clock, `${day(board.now)} ${moment(board.now)}`) };
}
