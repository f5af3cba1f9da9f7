// @ts-check
/** Everybody: what each agent does, how long, and how far past a limit. The field, the lists and the totals read it here. */

import { RANK, above } from "./limits.js";
import { doing } from "./status.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Extension} Extension */
/** @typedef {import("./status.js").Doing} Doing */
/** @typedef {import("./limits.js").Level} Level */

/** The groups of the field, in their order. */
export const GROUPS = ["available", "ringing", "talking", "hold", "paused", "out", "unknown"];

/** In which of them each kind of doing is: the far end of a dialed call rings, and who listens in is on a call. */
const GROUP_OF = /** @type {Record<string, string>} */ ({ dialing: "ringing", spying: "talking" });

/** @param {string} kind */
export const groupOf = (kind) => GROUP_OF[kind] ?? kind;

export class Agent {
  /** @param {string} id @param {Extension} record */
  constructor(id, record) {
    this.id = id;
    this.record = record;
    this.epoch = -1;
    /** @type {Doing} */
    this.doing = { kind: "unknown", label: "", since: null, limit: "" };
    this.name = "";
    this.queue = "";
    /** Its call may have ended unseen. */
    this.doubtful = false;
    this.level = /** @type {Level} */ ("");
    /** Its time in parts of the second limit. */
    this.far = 0;
  }

  /** @param {Extension} record @param {Board} board */
  update(record, board) {
    if (this.record === record && this.epoch === board.store.epoch) return;
    this.record = record;
    this.epoch = board.store.epoch;
    this.doing = doing(record, board.store);
    this.name = record.agent_name || record.user_name || record.exten_user;
    const leg = this.doing.kind === "unknown" ? undefined : record.legs[0];
    this.queue = leg?.queue_id ?? "";
    this.doubtful = Boolean(leg && record.legs.every((one) => one.doubtful));
    this.tick(board);
  }

  /** Whether its level is another. @param {Board} board */
  tick(board) {
    const pair = this.doubtful ? null : board.limits.state(this.doing.limit);
    const seconds = this.seconds(board.now);
    const level = above(pair, seconds);
    this.far = pair && seconds !== null ? seconds / (pair[1] || pair[0] || Infinity) : 0;
    if (level === this.level) return false;
    this.level = level;
    return true;
  }

  /** How long it does so, s. @param {number | null} now */
  seconds(now) {
    return now === null || this.doing.since === null ? null : Math.max(0, now - this.doing.since);
  }
}

export class Crew {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    /** @type {Map<string, Agent>} */
    this.agents = new Map();
  }

  update() {
    const { board, agents } = this;
    for (const id of agents.keys()) if (!board.store.extensions.has(id)) agents.delete(id);
    for (const [id, record] of board.store.extensions) {
      let agent = agents.get(id);
      if (!agent) agents.set(id, (agent = new Agent(id, record)));
      agent.update(record, board);
    }
  }

  /** Whether anybody's level is another. */
  tick() {
    let altered = false;
    for (const agent of this.agents.values()) altered = agent.tick(this.board) || altered;
    return altered;
  }

  /** Who is past a limit, the farthest first. */
  over() {
    return [...this.agents.values()].filter((one) => one.level).sort(byTrouble);
  }

  /** The members of each group of the field: who is past a limit, then the longest first. @returns {Map<string, Agent[]>} */
  groups() {
    /** @type {Map<string, Agent[]>} */
    const found = new Map(GROUPS.map((name) => [name, []]));
    for (const agent of this.agents.values()) found.get(groupOf(agent.doing.kind))?.push(agent);
    for (const members of found.values()) members.sort(byLevelThenTime);
    return found;
  }

  /** How many do one of these: those that certainly do, and with those whose call may be over. @param {...string} kinds */
  count(...kinds) {
    let [low, high] = [0, 0];
    for (const { doing: what, doubtful } of this.agents.values()) {
      if (!kinds.includes(what.kind)) continue;
      high += 1;
      if (!doubtful) low += 1;
    }
    return { low, high };
  }

  /** How many are on a call of a queue. @param {string} queue */
  talking(queue) {
    let count = 0;
    for (const one of this.agents.values()) {
      if (one.queue === queue && (one.doing.kind === "talking" || one.doing.kind === "hold")) count += 1;
    }
    return count;
  }
}

/** @param {Agent} one @param {Agent} other */
export function byTrouble(one, other) {
  return RANK[other.level] - RANK[one.level] || other.far - one.far || (one.id < other.id ? -1 : 1);
}

/** @param {Agent} one @param {Agent} other */
export function byLevelThenTime(one, other) {
  return RANK[other.level] - RANK[one.level] || byTime(one, other);
}

/** @param {Agent} one @param {Agent} other */
export function byTime(one, other) {
  return (one.doing.since ?? Infinity) - (other.doing.since ?? Infinity) || (one.id < other.id ? -1 : 1);
}
