// @ts-check
/** What the service has sent: records by id, each made anew when some of its fields alter. */

/**
 * @typedef {object} Leg
 * @property {string} call_id @property {string} exten_user @property {number} attempt @property {string} state
 * @property {string} direction @property {number | null} since @property {string} caller @property {string} caller_name
 * @property {string} queue_id @property {string | null} outcome
 * @property {string} [doubtful] why it may be over, "" if not
 *
 * @typedef {object} Wait
 * @property {string} queue_id @property {string} call_id @property {string} caller @property {string} caller_name
 * @property {number | null} joined_at @property {string} state @property {string | null} outcome
 * @property {string} [doubtful] why it may be over, "" if not
 *
 * @typedef {object} Call
 * @property {string} call_id @property {string} state @property {string} direction @property {string | number | null} account_id
 * @property {string} caller @property {string} caller_name @property {string} did @property {number | null} started
 * @property {number | null} since @property {number | null} ended_at @property {string | null} outcome @property {string} cause
 * @property {number | null} wait_s @property {number | null} ring_s @property {number | null} talk_s @property {number | null} hold_s
 * @property {number | null} unknown_s
 * @property {string} inferred @property {Leg[]} legs @property {Leg[]} past_legs @property {Wait[]} waiting @property {Wait[]} past_waits
 *
 * @typedef {object} Extension
 * @property {string} exten_user @property {string} state @property {number | null} since @property {number | null} agent_status
 * @property {string} agent_status_name @property {number | null} agent_status_since @property {string | number | null} agent_id
 * @property {string} agent_name @property {string} user_name @property {string | number | null} number
 * @property {string | number | null} account_id @property {number | null} unknown_since @property {boolean} unknown @property {Leg[]} legs
 * @property {number | null} [confirmed_at] server time at which what it does was last said
 *
 * @typedef {object} Queue
 * @property {string} queue_id @property {string} name @property {number} queued @property {number} answered
 * @property {number} picked_up @property {number} abandoned @property {number | null} unknown_since @property {boolean} unknown
 * @property {Wait[]} waiting
 *
 * @typedef {{since: number | null, until: number | null, reason: string}} Gap
 */

const ENDED = 50;

/**
 * A record from what is held of it, if anything, and the fields that altered. In a list a number stands for what is at
 * that place of the list held.
 * @param {any} held @param {any} part
 */
function whole(held, part) {
  if (!held) return part;
  const record = { ...held, ...part };
  for (const name of ["legs", "past_legs", "waiting", "past_waits"]) {
    if (part[name]) record[name] = part[name].map((/** @type {any} */ one) => (typeof one === "number" ? held[name][one] : one));
  }
  return record;
}

export class Store {
  constructor() {
    /** @type {Map<string, Call>} */
    this.calls = new Map();
    /** @type {Map<string, Call>} newest last */
    this.ended = new Map();
    /** @type {Map<string, Extension>} */
    this.extensions = new Map();
    /** @type {Map<string, Queue>} */
    this.queues = new Map();
    /** @type {Gap[]} */
    this.gaps = [];
    this.source = "";
    /** Times faster than life; 0 when the source has ended. */
    this.speed = 1;
    /** The service knows what is so; false between a lost connection of its own and the first word after it. */
    this.known = false;
    /** Since when the service itself is not heard: server time, null if that is unknown. */
    this.lostSince = /** @type {number | null} */ (null);
    /** @type {number | null} seconds since the telephony server was last heard */
    this.staleFor = null;
    this.lost = true;
    this.begun = false;
    /** Goes up when every record is to be looked at again. */
    this.epoch = 0;
  }

  /** Take one event of /api/updates. @param {string} event @param {any} data */
  take(event, data) {
    if (event === "state") {
      for (const held of [this.calls, this.ended, this.extensions, this.queues]) held.clear();
      this.begun = true;
    }
    if (this.lost) this.epoch += 1;
    this.lost = false;
    this.known = data.known;
    this.source = data.source;
    this.speed = data.speed;
    this.staleFor = data.stale_for;
    if (event === "time") return;
    for (const part of data.calls) {
      const call = whole(this.calls.get(part.call_id), part);
      this.calls.set(call.call_id, call);
      this.ended.delete(call.call_id);
    }
    const ended = event === "state" ? [...data.ended].reverse() : data.ended;
    for (const part of ended) {
      const call = whole(this.calls.get(part.call_id), part);
      this.calls.delete(call.call_id);
      this.ended.set(call.call_id, call);
    }
    for (const id of data.gone ?? []) {
      this.calls.delete(id);
      this.ended.delete(id);
    }
    for (const id of this.ended.keys()) {
      if (this.ended.size <= ENDED) break;
      this.ended.delete(id);
    }
    for (const one of data.extensions) this.extensions.set(one.exten_user, whole(this.extensions.get(one.exten_user), one));
    for (const name of data.removed ?? []) this.extensions.delete(name);
    for (const one of data.queues) this.queues.set(one.queue_id, whole(this.queues.get(one.queue_id), one));
    if (data.gaps) this.gaps = data.gaps;
  }

  /** Nothing is heard any more: what was so may be so no longer. @param {number | null} since server time */
  lose(since) {
    if (this.lost) return;
    this.lost = true;
    this.lostSince = since;
    this.epoch += 1;
  }

  /** @param {string} id */
  call(id) {
    return this.calls.get(id) ?? this.ended.get(id) ?? null;
  }

  /** A queue's name, or its id where it has none. @param {string} id */
  queueName(id) {
    return this.queues.get(id)?.name || id;
  }

  /** Who works at an extension, or whose it is. @param {string} id */
  agentName(id) {
    const one = this.extensions.get(id);
    return one?.agent_name || one?.user_name || id;
  }
}
