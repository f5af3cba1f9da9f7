// @ts-check
/** The day's figures of the queues, which the service counts; asked for now and then, while somebody looks. */

import { t } from "./words.js";

const PAUSE = 10000; // ms

/**
 * @typedef {object} Day
 * @property {number | null} level share that was answered in time, null if nobody came
 * @property {number} within s
 * @property {number} abandoned
 * @property {number | null} coverage share of the day that was observed
 */

export class Figures {
  /** @param {() => boolean} reachable @param {() => void} altered */
  constructor(reachable, altered) {
    this.reachable = reachable;
    this.altered = altered;
    /** @type {Map<string, Day>} */
    this.days = new Map();
    this.asked = false;
    setInterval(() => this.ask(), PAUSE);
  }

  /** A queue's day; null while it is not counted. @param {string} id */
  of(id) {
    return this.days.get(id) ?? null;
  }

  /** The first time at once, for who has just been let in. */
  begin() {
    if (!this.asked) this.ask();
  }

  async ask() {
    if (document.hidden || !this.reachable()) return;
    this.asked = true;
    try {
      const answer = await fetch("api/kpis", { cache: "no-store" });
      // 503 is "still counting": what was counted before stands for another day, perhaps.
      const queues = answer.ok ? (await answer.json()).report.queues : [];
      this.days = new Map(queues.filter((/** @type {any} */ one) => one.waits).map(read));
    } catch {
      this.days = new Map();
    }
    this.altered();
  }
}

/** @param {any} one @returns {[string, Day]} */
function read(one) {
  const { service_level: level, abandoned } = one.waits;
  return [one.key, { level: level.negative, within: level.within_s, abandoned, coverage: one.coverage }];
}

/** A queue's day in words: which of the four service levels it is, and how much of the day it is of. @param {Day} day */
export function inWords(day) {
  const level = day.level === null ? "\u2013" : percent(day.level);
  const coverage = day.coverage === null ? "" : ` ${t("coverage", { share: percent(day.coverage) })}`;
  return `${t("level.said", { level, seconds: day.within, abandoned: day.abandoned })}${coverage}`;
}

/** A share, rounded as reports round it: a bit less than all is not all. @param {number} share */
export function percent(share) {
  return `${share < 1 ? Math.min(99, Math.floor(share * 100 + 0.5)) : 100}%`;
}
