// @ts-check
/** The account's limits: the service has them, one set for all screens. Before they are known nothing is past one. */

/** @typedef {[number, number]} Pair where a first, and a second limit is passed; 0 is never */
/** @typedef {{waiting: Pair | null, longest_s: Pair | null, level: Pair | null, gone: Pair | null}} QueueLimits */
/**
 * @typedef {object} All
 * @property {string} name @property {boolean} agents_named @property {number} within_s
 * @property {QueueLimits} queue @property {Record<string, QueueLimits>} queues
 * @property {Record<string, string>} short_names @property {Record<string, Pair>} states
 */
/** @typedef {"" | "maybe" | "warn" | "over"} Level */

/** How bad a level is. @type {Record<Level, number>} */
export const RANK = { "": 0, maybe: 1, warn: 2, over: 3 };

export class Limits {
  constructor() {
    /** @type {All | null} */
    this.all = null;
    this.maySet = false;
    /** Goes up with every change. */
    this.version = 0;
    this.text = "";
  }

  /** @param {All} all @param {boolean} maySet */
  take(all, maySet) {
    const text = JSON.stringify([all, maySet]);
    if (text === this.text) return;
    this.text = text;
    this.all = all;
    this.maySet = maySet;
    this.version += 1;
  }

  /**
   * A limit of a queue: its own, or that of all. @param {string} id @param {"waiting" | "longest_s" | "level" | "gone"} what
   * @returns {Pair | null}
   */
  queue(id, what) {
    return this.all?.queues[id]?.[what] ?? this.all?.queue[what] ?? null;
  }

  /** The limit of a state, or of an agent status. @param {string} name @returns {Pair | null} */
  state(name) {
    return this.all?.states[name] ?? null;
  }
}

/** What a figure is that must not rise. @param {Pair | null} pair @param {number | null} value @returns {Level} */
export function above(pair, value) {
  if (!pair || value === null) return "";
  if (pair[1] && value >= pair[1]) return "over";
  return pair[0] && value >= pair[0] ? "warn" : "";
}

/** What a figure is that must not fall. @param {Pair | null} pair @param {number | null} value @returns {Level} */
export function below(pair, value) {
  if (!pair || value === null) return "";
  if (pair[1] && value < pair[1]) return "over";
  return pair[0] && value < pair[0] ? "warn" : "";
}

/** What is certain raises an alarm; what is only possible is "maybe". @param {Level} sure @param {Level} possible @returns {Level} */
export function certain(sure, possible) {
  return sure || (possible ? "maybe" : "");
}

/** @param {Level[]} levels @returns {Level} */
export function worst(levels) {
  return levels.reduce((one, other) => (RANK[other] > RANK[one] ? other : one), /** @type {Level} */ (""));
}

/**
 * Alter the limits for everybody, from those that hold now: what another screen sets meanwhile is kept.
 * @param {(next: All) => void} alter @returns {Promise<{answer: any, fault: string}>} the fault "" or why not
 */
export async function change(alter) {
  try {
    for (let tries = 1; ; tries += 1) {
      const held = await fetch("api/limits", { cache: "no-store" });
      const { limits } = await held.json();
      if (!limits) return { answer: null, fault: String(held.status) };
      alter(limits);
      const answer = await fetch("api/limits", {
        method: "PUT",
        headers: { "Content-Type": "application/json", "If-Match": held.headers.get("ETag") ?? "*" },
        body: JSON.stringify(limits),
      });
      if (answer.status === 412 && tries < 5) continue; // Others were set in between: alter those.
      const said = await answer.json();
      if (answer.ok) return { answer: said, fault: "" };
      return { answer: null, fault: Object.values(said.parameters ?? {})[0] ?? said.detail ?? String(answer.status) };
    }
  } catch {
    return { answer: null, fault: "?" };
  }
}
