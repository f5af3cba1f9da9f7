// @ts-check
/** An order in which rows seldom change places, so that what one reads does not run away. */

const TURN = 10000; // ms between two times at which rows change places
const CALM = 30000; // ms for which one that calmed down keeps its place

/** @typedef {{id: string, rank: number[], name: string}} Item the highest rank first; rank[0] is how bad it is */

export class Steady {
  /** @param {() => number} clock milliseconds that never go back */
  constructor(clock = () => performance.now()) {
    this.clock = clock;
    this.turned = -Infinity;
    /** @type {string[]} */
    this.order = [];
    /** @type {Map<string, {rank: number[], since: number}>} what each was when it was worst */
    this.held = new Map();
  }

  /** Take the next order at once, as if there had been none. */
  forget() {
    this.turned = -Infinity;
    this.held.clear();
  }

  /** Whether rows may change places now. */
  get due() {
    return this.clock() - this.turned >= TURN;
  }

  /** The ids in their order; new ones come last until the next turn. @param {Item[]} items @returns {string[]} */
  arrange(items) {
    const now = this.clock();
    const ids = new Set(items.map((one) => one.id));
    for (const id of this.held.keys()) if (!ids.has(id)) this.held.delete(id);
    for (const { id, rank } of items) {
      const held = this.held.get(id);
      if (!held || rank[0] >= held.rank[0] || now - held.since >= CALM) this.held.set(id, { rank, since: now });
    }
    if (this.due) {
      this.turned = now;
      this.order = [...items].sort((one, other) => this.compare(one, other)).map((one) => one.id);
    } else {
      const known = new Set(this.order);
      this.order = [...this.order.filter((id) => ids.has(id)), ...items.map((one) => one.id).filter((id) => !known.has(id))];
    }
    return this.order;
  }

  /** @param {Item} one @param {Item} other */
  compare(one, other) {
    const [mine, its] = [this.held.get(one.id)?.rank ?? one.rank, this.held.get(other.id)?.rank ?? other.rank];
    for (const [index, value] of mine.entries()) if (value !== its[index]) return its[index] - value;
    return one.name.localeCompare(other.name, undefined, { numeric: true }) || (one.id < other.id ? -1 : 1);
  }
}
