// @ts-check
/** What the service counts: the day's shares, the last hour, the limits; asked for now and then, while somebody looks. */

import { Limits } from "./limits.js";
import { callStatuses, t } from "./words.js";

const PAUSE = 10000; // ms

/** @typedef {{low: number, high: number}} Range shares between 0 and 1 */
/**
 * @typedef {object} Day
 * @property {number} ended @property {number} answered_within @property {number} abandoned
 * @property {number} lost @property {number} unmeasured @property {Range | null} level @property {Range | null} gone
 *
 * @typedef {object} Lines
 * @property {(number | null)[]} waiting @property {(number | null)[]} longest_s
 * @property {(number | null)[]} level @property {(number | null)[]} gone
 *
 * @typedef {{day: Day, lines: Lines}} QueueHour
 *
 * @typedef {object} Hour
 * @property {number | null} since @property {number | null} until @property {number} step_s @property {number} within_s
 * @property {number | null} seen @property {[number, number][]} gaps @property {QueueHour} total
 * @property {Record<string, QueueHour>} queues @property {(number | null)[]} free @property {(number | null)[]} on_calls
 */

export class Figures {
  /** @param {() => boolean} reachable @param {() => string} only the queues to be counted, "" for all @param {() => void} altered */
  constructor(reachable, only, altered) {
    this.reachable = reachable;
    this.only = only;
    this.altered = altered;
    this.limits = new Limits();
    /** @type {Hour | null} null while it is not counted */
    this.hour = null;
    this.asked = false;
    setInterval(() => this.ask(), PAUSE);
  }

  /** A queue's day and hour; null while they are not counted. @param {string} id @returns {QueueHour | null} */
  of(id) {
    return this.hour?.queues[id] ?? null;
  }

  /** The first time at once, for who has just been let in. */
  begin() {
    if (this.asked) return;
    this.ask();
    this.askLimits();
  }

  /** The limits alone: they are there at once, while the day takes a moment to be counted. */
  async askLimits() {
    try {
      const answer = await fetch("api/limits", { cache: "no-store" });
      if (!answer.ok) return;
      const found = await answer.json();
      if (!this.limits.all) this.limits.take(found.limits, found.may_set);
      this.altered();
    } catch {
      // They come with the day as well.
    }
  }

  async ask() {
    if (document.hidden || !this.reachable()) return;
    this.asked = true;
    const only = this.only();
    try {
      // The browser keeps the last answer and asks whether it still holds: nothing new is sent as 304.
      const version = this.limits.version;
      const answer = await fetch(`api/wall${only ? `?queues=${encodeURIComponent(only)}` : ""}`, { cache: "no-cache" });
      if (!answer.ok) return;
      const found = await answer.json();
      // What was asked before limits were set would take them back, and the next one set would begin without them.
      if (this.limits.version === version) this.limits.take(found.limits, found.may_set_limits);
      callStatuses(found.status_names);
      this.hour = found.hour;
      // While today is still being counted it is not long until it is.
      if (this.hour === null) setTimeout(() => this.ask(), PAUSE / 10);
    } catch {
      return; // What was counted before stands, until the connection is said to be lost.
    }
    this.altered();
  }
}

/** A queue's day in words: which of the four service levels it is, and how much of the day it is of. @param {Hour} hour @param {Day} day */
export function inWords(hour, day) {
  const level = day.level === null ? "\u2013" : ranged(day.level).join("\u2013");
  const seen = hour.seen === null ? "" : ` ${t("coverage", { share: `${points(hour.seen)}%` })}`;
  const lost = day.lost ? ` ${t("level.lost", { count: day.lost })}` : "";
  return `${t("level.said", { level: `${level}%`, seconds: hour.within_s, abandoned: day.abandoned })}${lost}${seen}`;
}

/** The ends of a range in whole percent; one figure if they are the same. @param {Range} range @returns {number[]} */
export function ranged(range) {
  const [low, high] = [points(range.low), points(range.high)];
  return low === high ? [low] : [low, high];
}

/** A share in whole percent, rounded as reports round it: a bit less than all is not all. @param {number} share */
export function points(share) {
  return share < 1 ? Math.min(99, Math.floor(share * 100 + 0.5)) : 100;
}
