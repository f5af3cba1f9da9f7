// @ts-check
/** The queues: a tile each, with who waits now and the day's figures. */

import { span } from "./clock.js";
import { alarm, arrange, byId, el, mark, say, sign, theirs } from "./dom.js";
import { percent } from "./figures.js";
import { level } from "./status.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./store.js").Queue} Queue */

const COLLATOR = new Intl.Collator(undefined, { numeric: true });

/** Since when a queue's state is unknown: null while it is known. @param {Queue} queue @param {Board} board */
export function unknownSince(queue, board) {
  if (board.store.lost) return board.store.lostSince;
  return queue.unknown ? queue.unknown_since : null;
}

class Tile {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {Queue | null} */
    this.record = null;
    this.name = theirs("", "name");
    this.count = el("span", { class: "big" });
    this.countWord = el("span", { class: "unit" });
    this.longest = el("span", { class: "timer" });
    this.longestWord = el("span", { class: "unit" });
    this.level = el("span", { class: "figure" });
    this.levelWord = el("span", { class: "unit" });
    this.abandoned = el("span", { class: "figure" });
    this.abandonedWord = el("span", { class: "unit" });
    this.sign = sign();
    this.button = el(
      "button",
      { type: "button", class: "tile" },
      el("span", { class: "title" }, this.name, this.sign),
      el("span", { class: "pair" }, this.count, this.countWord),
      el("span", { class: "pair" }, this.longest, this.longestWord),
      el("span", { class: "pair small" }, this.level, this.levelWord),
      el("span", { class: "pair small" }, this.abandoned, this.abandonedWord),
    );
    this.item = el("li", { "data-queue": id }, this.button);
  }

  /** @param {Queue} record @param {Board} board */
  update(record, board) {
    this.record = record;
    const unknown = board.store.lost || record.unknown;
    say(this.name, record.name || record.queue_id);
    mark(this.item, "unknown", unknown ? "yes" : "");
    mark(this.item, "busy", !unknown && record.waiting.length ? "yes" : "");
    say(this.count, unknown ? "?" : String(record.waiting.length));
    say(this.countWord, t("waiting"));
    say(this.longestWord, unknown ? t("state.Unknown") : t("longest"));
    const figures = board.figures.of(record.queue_id);
    say(this.level, unknown ? "?" : figures === null || figures.level === null ? "–" : percent(figures.level));
    say(this.levelWord, figures === null ? t("level.none") : t("level", { seconds: figures.within }));
    say(this.abandoned, unknown ? "?" : String(figures === null ? record.abandoned : figures.abandoned));
    say(this.abandonedWord, t(figures === null ? "abandoned.since" : "abandoned.today"));
    this.tick(board);
  }

  /** @param {Board} board */
  tick(board) {
    const { record } = this;
    if (!record) return;
    if (board.store.lost || record.unknown) {
      const since = unknownSince(record, board);
      say(this.longest, since === null || board.now === null ? "?" : span(board.now - since));
      alarm(this.item, this.sign, "", "");
      return;
    }
    const since = longestSince(record);
    say(this.longest, since === null || board.now === null ? "–" : span(board.now - since));
    const beyond = level(board.settings.limits, { kind: "queued", label: "", since, limit: "Queued" }, board.now);
    alarm(this.item, this.sign, beyond, beyond && t(`level.${beyond}`));
  }
}

/** When the one who waits longest joined. @param {Queue} queue */
export function longestSince(queue) {
  return queue.waiting.reduce((/** @type {number | null} */ first, wait) => {
    return wait.joined_at !== null && (first === null || wait.joined_at < first) ? wait.joined_at : first;
  }, null);
}

export class Queues {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.place = byId("queue-list");
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    this.place.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("[data-queue]");
      if (item instanceof HTMLElement) board.openQueue(item.dataset.queue ?? "");
    });
  }

  render() {
    const { board } = this;
    for (const id of this.tiles.keys()) if (!board.store.queues.has(id)) this.tiles.delete(id);
    for (const [id, record] of board.store.queues) {
      let tile = this.tiles.get(id);
      if (!tile) this.tiles.set(id, (tile = new Tile(id)));
      tile.update(record, board);
    }
    const tiles = [...this.tiles.values()].sort((one, other) =>
      COLLATOR.compare(one.record?.name || one.id, other.record?.name || other.id),
    );
    arrange(this.place, tiles.map((tile) => tile.item));
    this.place.style.setProperty("--tiles", String(tiles.length));
    byId("queues").hidden = tiles.length === 0;
  }

  tick() {
    for (const tile of this.tiles.values()) tile.tick(this.board);
  }
}
