// @ts-check
/** The six totals: now, then today; each with its last hour, and with its limit's line and value if it has one. */

import { arrange, byId, el, mark, say } from "./dom.js";
import { Figure, spell } from "./figure.js";
import { ranged } from "./figures.js";
import { worst } from "./limits.js";
import { shareLevel, showShare } from "./queues.js";
import { Spark } from "./spark.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./limits.js").Level} Level */

class Total {
  /** @param {string} name */
  constructor(name) {
    this.figure = new Figure(`total-figure huge ${name}`, true);
    this.label = el("span", { class: "label" });
    this.spark = new Spark();
    this.limit = el("span", { class: "limit" });
    this.item = el(
      "li",
      { class: "total", "data-total": name },
      this.figure.box,
      this.label,
      el("span", { class: "hour" }, this.spark.svg, this.limit),
    );
  }

  /**
   * Draw its last hour. @param {Board} board @param {(number | null)[] | null} values
   * @param {number | null} limit @param {string} said the limit in words @param {number | null} now
   */
  line(board, values, limit, said, now) {
    this.spark.draw(board.line(values, limit, now));
    say(this.limit, limit === null ? "" : said);
  }
}

export class Totals {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.all = ["waiting", "longest", "free", "oncalls", "level", "gone"].map((name) => new Total(name));
    arrange(
      byId("total-list"),
      this.all.map((one) => one.item),
    );
  }

  render() {
    const { board } = this;
    const [waiting, longest, free, oncalls, level, gone] = this.all;
    const labels = ["waiting", "longest", "", "oncalls", "level.today", "gone.today"];
    labels.forEach((word, index) => word && say(this.all[index].label, t(word, { seconds: board.within })));
    for (const one of this.all) mark(one.item, "unknown", board.lost ? "yes" : "");
    this.queues(waiting, longest);
    this.agents(free, oncalls);
    const hour = board.figures.hour;
    const day = hour?.total.day ?? null;
    for (const [total, name, falls] of /** @type {[Total, "level" | "gone", boolean][]} */ ([
      [level, "level", true],
      [gone, "gone", false],
    ])) {
      const range = day?.[name] ? ranged(day[name]) : null;
      const pair = board.limits.queue("", name);
      showShare(total.figure, range, board.lost ? "" : shareLevel(pair, range, falls), board.lost);
      const first = pair?.[0] || pair?.[1] || null;
      const values = hour?.total.lines[name] ?? null;
      total.line(
        board,
        values,
        first,
        first === null ? "" : `${Math.round(first * 1000) / 10}`,
        board.lost ? null : (values?.at(-1) ?? null),
      );
    }
  }

  /** @param {Total} waiting @param {Total} longest */
  queues(waiting, longest) {
    const { board } = this;
    const all = [...board.queues.standings.values()];
    const known = all.filter((one) => !one.unknown);
    const lines = board.figures.hour?.total.lines ?? null;
    const pair = board.limits.queue("", "longest_s");
    const limit = pair?.[1] || pair?.[0] || null;
    const said = limit === null ? "" : spell(limit)[0];
    if (board.lost || (all.length && !known.length)) {
      waiting.figure.unknown();
      longest.figure.unknown();
      waiting.line(board, lines?.waiting ?? null, null, "", null);
      longest.line(board, lines?.longest_s ?? null, limit, said, null);
      return;
    }
    const [low, high] = [known.reduce((sum, one) => sum + one.low, 0), known.reduce((sum, one) => sum + one.high, 0)];
    const level = worst(known.map((one) => one.levels.waiting));
    // Of a queue that is not known it is not known who waits there.
    if (known.length < all.length) waiting.figure.show({ low: `≥${low}`, level });
    else waiting.figure.range(low, high, level);
    const waits = known.flatMap((one) => (one.longest === null ? [] : [one.longest]));
    const most = waits.length ? Math.max(...waits) : null;
    longest.figure.time(most, worst(known.map((one) => one.levels.longest)));
    waiting.line(board, lines?.waiting ?? null, null, "", low);
    longest.line(board, lines?.longest_s ?? null, limit, said, most ?? 0);
  }

  /** @param {Total} free @param {Total} oncalls */
  agents(free, oncalls) {
    const { board } = this;
    const hour = board.figures.hour;
    const ready = board.crew.count("available");
    const busy = board.crew.count("talking", "hold");
    const staffed = board.crew.agents.size - board.crew.count("out").high - board.crew.count("unknown").high;
    say(free.label, t("freeof", { count: board.lost ? "?" : staffed }));
    if (board.lost) {
      free.figure.unknown();
      oncalls.figure.unknown();
    } else {
      free.figure.show({ low: String(ready.high), level: ready.high === 0 ? this.noneFree() : "" });
      oncalls.figure.range(busy.low, busy.high);
    }
    free.line(board, hour?.free ?? null, null, "", board.lost ? null : ready.high);
    oncalls.line(board, hour?.on_calls ?? null, null, "", board.lost ? null : busy.low);
  }

  /** How bad it is that no one is free: not at all while no one waits. @returns {Level} */
  noneFree() {
    const waited = [...this.board.queues.standings.values()].filter((one) => !one.unknown && one.low > 0);
    if (!waited.length) return "";
    return waited.some((one) => one.levels.longest === "over") ? "over" : "warn";
  }
}
