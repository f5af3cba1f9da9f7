// @ts-check
/** How things stand with the connection, said everywhere where that is said: lamp, band, title, screen reader. */

import { moment, span } from "./clock.js";
import { byId, mark, say } from "./dom.js";
import { points } from "./figures.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */

const HOURS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
/** The account whose board this is, "" where there is but one. */
const ACCOUNT = decodeURIComponent(/\/accounts\/([^/]+)\/[^/]*$/.exec(location.pathname)?.[1] ?? "");
const SELDOM = 30000; // ms between two alarms that are read out

export class LinkLine {
  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.said = "";
    this.alarmedAt = -Infinity;
    byId("all-accounts").hidden = !ACCOUNT;
    this.band = {
      place: byId("banner"),
      what: byId("banner-what"),
      since: byId("banner-since"),
      why: byId("banner-why"),
      clock: byId("banner-clock"),
    };
  }

  render() {
    const { board } = this;
    const { store, now } = board;
    board.link = this.state();
    const bad = board.link === "link.lost" || board.link === "link.unknown";
    mark(document.documentElement, "link", board.link.slice(5));
    say(byId("link-text"), t(board.link));
    say(byId("source"), store.lost ? "" : store.source);
    const clock = now === null ? "" : HOURS.format(now * 1000);
    say(byId("clock"), clock);
    say(byId("gap-count"), store.gaps.length ? t("gaps.count", { count: store.gaps.length }) : "");
    say(byId("board-name"), this.name());
    const seen = board.figures.hour?.seen ?? null;
    say(byId("seen"), seen === null || points(seen) === 100 ? "" : t("seen", { share: points(seen) }));
    this.tellBand(bad, clock);
    this.tellTitle();
    this.announce(bad);
  }

  name() {
    return this.board.limits.all?.name || ACCOUNT || t("title");
  }

  state() {
    const { store } = this.board;
    if (store.lost) return store.begun ? "link.lost" : "link.connecting";
    if (store.known) return store.speed === 0 ? "link.ended" : "link.live";
    const gap = store.gaps.at(-1);
    return gap && gap.until === null ? "link.unknown" : "link.waiting";
  }

  /** @param {boolean} bad @param {string} clock */
  tellBand(bad, clock) {
    const { board, band } = this;
    const { store, now } = board;
    band.place.hidden = !bad;
    if (!bad) return;
    const since = store.lost ? store.lostSince : (store.gaps.at(-1)?.since ?? null);
    const reason = board.link === "link.unknown" ? store.gaps.at(-1)?.reason : "";
    const length = since === null || now === null ? "?" : span(now - since);
    const wall = board.view === "wall";
    say(band.what, wall ? t("banner.wall", { time: moment(since) }) : t(board.link));
    say(band.since, wall ? t("banner.end") : `${t("banner.since", { time: moment(since), span: length })} ${t("banner.end")}`);
    say(band.why, reason && !wall ? t("banner.reason", { reason }) : "");
    say(band.clock, wall ? clock : "");
  }

  /** A tab's title begins with how many are far past a limit of now. */
  tellTitle() {
    const { board } = this;
    const over = [...board.queues.standings.values(), ...board.crew.over().map((one) => ({ now: one.level }))].filter(
      (one) => one.now === "over",
    ).length;
    const name = this.name();
    const title = board.lost ? `? ${name}` : over ? `(${over} ▲▲) ${name}` : name;
    if (document.title !== title) document.title = title;
  }

  /** Lost and regained at once; a queue's alarm once, and seldom. @param {boolean} bad */
  announce(bad) {
    const { board } = this;
    const words =
      board.link === "link.live" ? t("announce.live") : bad ? `${t(board.link)}. ${t("since", { time: board.lostAt() })}` : "";
    if (words !== this.said) {
      say(byId("announce"), (this.said = words));
      return;
    }
    const at = performance.now();
    const fresh = board.queues.alarms();
    if (bad || !fresh.length || at - this.alarmedAt < SELDOM) return;
    this.alarmedAt = at;
    for (const id of fresh) board.queues.announced.add(id);
    say(byId("announce"), t("announce.over", { queues: fresh.map((id) => board.queueLabel(id)).join(", ") }));
  }
}
