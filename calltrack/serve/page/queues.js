// @ts-check
/** The queues: a row each, by trouble; with more than six on a wall, five and one for the rest. */

import { arrange, byId, el, mark, say, theirs } from "./dom.js";
import { Figure } from "./figure.js";
import { ranged } from "./figures.js";
import { RANK, above, below, certain, worst } from "./limits.js";
import { Steady } from "./order.js";
import { Spark } from "./spark.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Queue} Queue */
/** @typedef {import("./limits.js").Level} Level */

const ROOM = 6; // rows on a wall

/** Since when a queue's state is unknown: null while it is known. @param {Queue} queue @param {Board} board */
export function unknownSince(queue, board) {
  if (board.store.lost) return board.store.lostSince;
  return queue.unknown ? queue.unknown_since : null;
}

/** When the one who certainly waits longest joined. @param {Queue} queue */
export function longestSince(queue) {
  return queue.waiting.reduce((/** @type {number | null} */ first, wait) => {
    if (wait.doubtful || wait.joined_at === null) return first;
    return first === null || wait.joined_at < first ? wait.joined_at : first;
  }, null);
}

/** What a queue is now and was today, held against its limits. */
class Standing {
  /** @param {Queue} queue @param {Board} board */
  constructor(queue, board) {
    const { limits } = board;
    const id = queue.queue_id;
    const lost = board.lost;
    this.unknown = lost || queue.unknown;
    this.high = queue.waiting.length;
    this.low = this.high - queue.waiting.filter((wait) => wait.doubtful).length;
    const since = longestSince(queue);
    this.longest = since === null || board.now === null ? null : Math.max(0, board.now - since);
    const figures = board.figures.of(id);
    this.lines = figures?.lines ?? null;
    this.level = figures?.day.level ? ranged(figures.day.level) : null;
    this.gone = figures?.day.gone ? ranged(figures.day.gone) : null;
    const [waiting, longest] = [limits.queue(id, "waiting"), limits.queue(id, "longest_s")];
    const known = !this.unknown;
    this.levels = {
      waiting: known ? certain(above(waiting, this.low), above(waiting, this.high)) : "",
      longest: known ? above(longest, this.longest) : "",
      level: lost ? "" : shareLevel(limits.queue(id, "level"), this.level, true),
      gone: lost ? "" : shareLevel(limits.queue(id, "gone"), this.gone, false),
    };
    this.now = worst([this.levels.waiting, this.levels.longest]);
    this.day = worst([this.levels.level, this.levels.gone]);
    this.far = (this.longest ?? 0) / (longest?.[1] || longest?.[0] || Infinity);
  }
}

/**
 * How a day's share stands, from what of it is certain. @param {import("./limits.js").Pair | null} pair @param {number[] | null} range %
 * @param {boolean} falls whether it is a share that must not fall @returns {Level}
 */
export function shareLevel(pair, range, falls) {
  if (!pair || !range) return "";
  const percent = /** @type {[number, number]} */ (pair.map((one) => Math.round(one * 1000) / 10));
  const [low, high] = [range[0], range.at(-1) ?? range[0]];
  return falls ? certain(below(percent, high), below(percent, low)) : certain(above(percent, low), above(percent, high));
}

/**
 * Show a day's share: its low end large.
 * @param {Figure} figure @param {number[] | null} range @param {Level} level @param {boolean} lost
 */
export function showShare(figure, range, level, lost) {
  if (!range) figure.show({ low: lost ? "?" : "–", doubt: lost ? "unknown" : "" });
  else figure.show({ low: String(range[0]), high: range.length > 1 ? String(range[1]) : "", level, doubt: lost ? "stale" : "" });
}

class Row {
  /** @param {string} id "" for all that have no row */
  constructor(id) {
    this.id = id;
    this.name = theirs("", "name");
    this.waiting = new Figure("acute big c-waiting", true);
    this.longest = new Figure("acute big c-longest", true);
    this.talking = new Figure("big c-talking", true);
    this.level = new Figure("day big c-level", true);
    this.gone = new Figure("day big c-gone", true);
    this.spark = new Spark();
    const figures = [this.waiting, this.longest, this.talking, this.level, this.gone].map((one) => one.box);
    const trend = el("span", { class: "c-trend" }, this.spark.svg);
    const cells = [this.name, ...figures, trend];
    this.item = id
      ? el("li", { "data-queue": id }, el("button", { type: "button", class: "row" }, ...cells))
      : el("li", { class: "row more" }, ...cells);
  }

  /** @param {Queue} queue @param {Standing} standing @param {Board} board */
  show(queue, standing, board) {
    const { unknown, levels } = standing;
    say(this.name, board.queueLabel(queue.queue_id));
    this.name.title = queue.name || queue.queue_id;
    mark(this.item, "unknown", unknown ? "yes" : "");
    mark(this.item, "now", standing.now);
    this.words(board);
    if (unknown) for (const one of [this.waiting, this.longest, this.talking]) one.unknown();
    else {
      this.waiting.range(standing.low, standing.high, levels.waiting);
      this.longest.time(standing.longest, levels.longest);
      this.talking.show({ low: String(board.crew.talking(queue.queue_id)) });
    }
    showShare(this.level, standing.level, levels.level, board.lost);
    showShare(this.gone, standing.gone, levels.gone, board.lost);
    const pair = board.limits.queue(queue.queue_id, "waiting");
    this.spark.draw(board.line(standing.lines?.waiting ?? null, pair?.[1] || pair?.[0] || null, unknown ? null : standing.low));
  }

  /** What has no row of its own: the sum, the longest, as bad as the worst. @param {Standing[]} rest @param {Board} board */
  sum(rest, board) {
    say(this.name, t("queues.more", { count: rest.length }));
    this.words(board);
    const known = rest.filter((one) => !one.unknown);
    mark(this.item, "unknown", known.length ? "" : "yes");
    const now = worst(known.map((one) => one.now));
    mark(this.item, "now", now);
    if (!known.length) {
      this.waiting.unknown();
      this.longest.unknown();
      return;
    }
    const add = (/** @type {"low" | "high"} */ end) => known.reduce((sum, one) => sum + one[end], 0);
    this.waiting.range(add("low"), add("high"), worst(known.map((one) => one.levels.waiting)));
    const longest = known.reduce(
      (/** @type {number | null} */ most, one) => (one.longest === null ? most : Math.max(most ?? 0, one.longest)),
      null,
    );
    this.longest.time(longest, worst(known.map((one) => one.levels.longest)));
  }

  /** @param {Board} board */
  words(board) {
    this.waiting.of(t("waiting"));
    this.longest.of(t("longest"));
    this.talking.of(t("oncalls"));
    this.level.of(t("level.short", { seconds: board.within }));
    this.gone.of(t("gone.short"));
  }
}

export class Queues {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = byId("queue-list");
    this.steady = new Steady();
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    this.rest = new Row("");
    /** @type {Map<string, Standing>} */
    this.standings = new Map();
    /** Queues that are far past a limit of now, as was announced. @type {Set<string>} */
    this.announced = new Set();
    this.place.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("[data-queue]");
      if (item instanceof HTMLElement) board.openQueue(item.dataset.queue ?? "");
    });
  }

  /** The queues that this board is about: all, or those of the address. */
  mine() {
    const only = this.board.settings.get("only").split(",").filter(Boolean);
    const all = [...this.board.store.queues.values()];
    return only.length ? all.filter((one) => only.includes(one.queue_id)) : all;
  }

  render() {
    const { board, rows, standings } = this;
    const queues = this.mine();
    standings.clear();
    for (const queue of queues) standings.set(queue.queue_id, new Standing(queue, board));
    for (const id of rows.keys()) if (!standings.has(id)) rows.delete(id);
    const order = this.steady.arrange(
      queues.map((queue) => {
        const { now, day, far } = /** @type {Standing} */ (standings.get(queue.queue_id));
        return {
          id: queue.queue_id,
          rank: [RANK[now], Math.floor(far * 100), RANK[day]],
          name: board.queueLabel(queue.queue_id),
        };
      }),
    );
    const room = board.view === "wall" && order.length > ROOM ? ROOM - 1 : order.length;
    const shown = order.slice(0, room).map((id) => {
      let row = rows.get(id);
      if (!row) rows.set(id, (row = new Row(id)));
      row.show(/** @type {Queue} */ (board.store.queues.get(id)), /** @type {Standing} */ (standings.get(id)), board);
      return row.item;
    });
    const rest = order.slice(room).flatMap((id) => standings.get(id) ?? []);
    if (rest.length) {
      this.rest.sum(rest, board);
      shown.push(this.rest.item);
    }
    arrange(this.place, shown);
    say(byId("level-head"), t("level.short", { seconds: board.within }));
    byId("queues").hidden = order.length === 0;
  }

  /** Queues that have just come past the second limit of what is now. @returns {string[]} */
  alarms() {
    const over = new Set([...this.standings].filter(([, one]) => one.now === "over").map(([id]) => id));
    const fresh = [...over].filter((id) => !this.announced.has(id));
    for (const id of this.announced) if (!over.has(id)) this.announced.delete(id);
    return fresh;
  }
}
