// @ts-check
/**
 * A figure in its box, which is always there, so that nothing moves when a limit is passed. Of now: outlined past the
 * first limit, filled past the second. Of the day, and in the totals, which no one is to mend, one step quieter.
 */

import { span } from "./clock.js";
import { el, mark, say } from "./dom.js";
import { t } from "./words.js";

/** @typedef {import("./limits.js").Level} Level */

const SIGNS = { "": "", maybe: "△", warn: "▲", over: "▲▲" };

/**
 * @typedef {object} Shown
 * @property {string} low @property {string} [high] @property {string} [unit] @property {Level} [level]
 * @property {"" | "unknown" | "stale"} [doubt] nothing is known, or it is what was known last
 */

/** Those whose text has another shape than when they were fitted. @type {Set<Figure>} */
const unfit = new Set();
/** @type {Set<Figure>} */
const fitted = new Set();

export class Figure {
  /** @param {string} kind classes @param {boolean} [fits] whether a text that is too long for the box is made smaller */
  constructor(kind, fits = false) {
    this.sign = el("span", { class: "sign", "aria-hidden": "true" });
    this.low = el("span", { class: "low" });
    this.high = el("span", { class: "high" });
    this.unit = el("span", { class: "unit" });
    this.value = el("span", { class: "value" }, this.low, this.high, this.unit);
    this.words = el("span", { class: "hidden" });
    this.box = el("span", { class: `figure ${kind}` }, this.sign, this.value);
    this.fits = fits;
    this.shape = "";
    this.word = "";
    this.level = /** @type {Level} */ ("");
  }

  /** Say what it is a figure of, for who does not see where it stands. @param {string} word */
  of(word) {
    this.word = word;
    return this;
  }

  /** @param {Shown} shown */
  show({ low, high = "", unit = "", level = "", doubt = "" }) {
    this.level = level;
    say(this.low, low);
    say(this.high, high && `–${high}`);
    say(this.unit, unit);
    say(this.sign, SIGNS[level]);
    mark(this.box, "level", level);
    mark(this.box, "doubt", doubt);
    const words = [this.word, level && t(`level.${level}`), doubt === "stale" ? t("level.stale") : ""].filter(Boolean).join(", ");
    if (words && !this.words.isConnected) this.box.append(this.words);
    say(this.words, words && ` ${words} `);
    if (!this.fits) return;
    const shape = `${low.length} ${high.length} ${unit.length} ${SIGNS[level].length}`;
    if (shape === this.shape) return;
    this.shape = shape;
    unfit.add(this);
  }

  /** A time; null is "nothing lasts". @param {number | null} seconds @param {Level} [level] @param {Shown["doubt"]} [doubt] */
  time(seconds, level = "", doubt = "") {
    const [low, unit] = seconds === null ? ["–", ""] : spell(seconds);
    this.show({ low, unit, level, doubt });
  }

  /** A count that is certain, and one that may be. @param {number} low @param {number} high @param {Level} [level] */
  range(low, high, level = "") {
    this.show({ low: String(low), high: low === high ? "" : String(high), level });
  }

  unknown() {
    this.show({ low: "?", doubt: "unknown" });
  }
}

/**
 * 0:34, 12:47; from an hour on 1:05 and its unit, without the seconds.
 * @param {number} seconds @returns {[string, string]}
 */
export function spell(seconds) {
  const minutes = Math.floor(Math.max(0, seconds) / 60);
  if (minutes < 60) return [span(seconds), ""];
  return [`${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`, t("unit.hour")];
}

/** Every figure is to be fitted again: its box may be another. */
export function boxesChanged() {
  for (const one of fitted) if (one.box.isConnected) unfit.add(one);
  fitted.clear();
}

/** How a figure gives way that is too long for its box: first its sign, which outline and fill repeat, then its size. */
const STEPS = ["", "bare", "small", "smaller", "smallest"];

/** Fit what has another shape; all are measured together before any is altered, which spares the browser work. */
export function fitFigures() {
  let left = [...unfit].filter((one) => one.box.isConnected);
  for (const one of left) fitted.add(one);
  unfit.clear();
  for (const step of STEPS) {
    if (!left.length) return;
    for (const one of left) mark(one.box, "fit", step);
    left = left.filter(
      (one) => one.value.scrollWidth > one.value.clientWidth + 1 || one.box.scrollWidth > one.box.clientWidth + 1,
    );
  }
}
