// @ts-check
/**
 * The board: events of the service go into the store, and a few times a second what they altered is drawn.
 * Timers are ticked all together, when the server's second changes.
 */

import { Agents } from "./agents.js";
import { Calls } from "./calls.js";
import { ServerClock, moment, span } from "./clock.js";
import { byId, keepingFocus, mark, say } from "./dom.js";
import { Figures } from "./figures.js";
import { fit } from "./fit.js";
import { listen, oneStop } from "./keys.js";
import { Panel } from "./panel.js";
import { agentPage, linkPage, queuePage } from "./people.js";
import { helpPage, settingsPage } from "./preferences.js";
import { Queues } from "./queues.js";
import { Settings } from "./settings.js";
import { Store } from "./store.js";
import { callPage } from "./story.js";
import { Stream, enter } from "./stream.js";
import { speak, t } from "./words.js";

/** Between two drawings of what the stream tells, ms. */
const PAUSE = 200;

const GROUPS = ["none", "status", "queue", "team"];

export class Board {
  constructor() {
    this.store = new Store();
    this.clock = new ServerClock();
    this.figures = new Figures(() => !this.store.lost, () => this.draw());
    /** @type {number | null} the server's time of what is drawn now */
    this.now = null;
    /** @type {string[]} what is searched for */
    this.words = [];
    this.moment = moment;
    this.link = "link.connecting";
    this.stale = true;
    this.due = true;
    this.frame = 0;
    this.soon = 0;
    this.painted = -PAUSE;
    this.said = "";
    this.settings = new Settings(() => this.changed());
    this.panel = new Panel();
    this.queues = new Queues(this);
    this.agents = new Agents(this);
    this.calls = new Calls(this);
    this.stream = new Stream({
      event: (event, data) => {
        this.clock.told(data.now, data.speed);
        this.store.take(event, data);
        this.figures.begin();
        this.drawSoon();
      },
      lost: () => {
        this.store.lose(this.clock.now());
        this.draw();
      },
      tokenWanted: () => this.askToken(),
    });
  }

  start() {
    this.wire();
    listen(this);
    this.changed();
    this.stream.open();
    this.beat();
  }

  /** Draw what is new in the next frame of the screen. */
  draw() {
    this.stale = true;
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  /** Draw what the stream told, at most once in PAUSE: the frames between are free for scrolling and typing. */
  drawSoon() {
    this.stale = true;
    this.soon ||= window.setTimeout(() => this.draw(), this.painted + PAUSE - performance.now());
  }

  beat() {
    this.due = true;
    this.frame ||= requestAnimationFrame(() => this.paint());
    window.setTimeout(() => this.beat(), this.clock.untilNextSecond());
  }

  paint() {
    window.clearTimeout(this.soon);
    this.frame = this.soon = 0;
    this.painted = performance.now();
    this.now = this.clock.now();
    if (this.stale) {
      keepingFocus(() => {
        this.queues.render();
        this.agents.render();
        this.calls.render();
        this.panel.render();
      });
      oneStop(document);
    }
    if (this.due) {
      this.queues.tick();
      this.agents.tick();
      this.calls.tick();
      this.panel.tick();
    }
    this.tellLink();
    fit(this.settings.get("big") === "on" ? `${this.agents.shown} ${this.queues.tiles.size} ${this.settings.get("group")}` : "");
    this.stale = this.due = false;
  }

  /** Say how things stand with the connection, everywhere where that is said. */
  tellLink() {
    const { store, now } = this;
    const gap = store.gaps.at(-1);
    if (store.lost) this.link = store.begun ? "link.lost" : "link.connecting";
    else if (store.known) this.link = "link.live";
    else this.link = gap && gap.until === null ? "link.unknown" : "link.waiting";
    const bad = this.link === "link.lost" || this.link === "link.unknown";
    mark(document.documentElement, "link", this.link.slice(5));
    say(byId("link-text"), t(this.link));
    say(byId("source"), store.lost ? "" : store.source);
    say(byId("clock"), now === null ? "" : moment(now));
    say(byId("gap-count"), store.gaps.length ? t("gaps.count", { count: store.gaps.length }) : "");
    const since = this.link === "link.lost" ? store.lostSince : gap?.since ?? null;
    const banner = byId("banner");
    banner.hidden = !bad;
    if (bad) {
      const reason = this.link === "link.unknown" && gap?.reason ? t("banner.reason", { reason: gap.reason }) : "";
      const length = since === null || now === null ? "?" : span(now - since);
      say(byId("banner-what"), t(this.link));
      say(byId("banner-since"), t("banner.since", { time: moment(since), span: length }));
      say(byId("banner-why"), reason);
    }
    const words = this.link === "link.live" ? t("announce.live") : bad ? `${t(this.link)}. ${t("since", { time: moment(since) })}` : "";
    if (words !== this.said) say(byId("announce"), (this.said = words));
    const waiting = [...store.queues.values()].reduce((sum, queue) => sum + queue.waiting.length, 0);
    const title = store.lost || !store.known ? `? ${t("title")}` : waiting ? `(${waiting}) ${t("title")}` : t("title");
    if (document.title !== title) document.title = title;
  }

  /** Settings are others than before. */
  changed() {
    const { settings } = this;
    const root = document.documentElement;
    speak(settings.get("lang"));
    mark(root, "theme", settings.get("theme") === "auto" ? "" : settings.get("theme"));
    mark(root, "size", settings.get("size"));
    mark(root, "big", settings.get("big") === "on" ? "on" : "");
    for (const name of ["group", "sort"]) {
      const select = /** @type {HTMLSelectElement} */ (byId(name));
      select.value = settings.get(name);
    }
    /** @type {HTMLInputElement} */ (byId("hide-out")).checked = settings.get("out") === "hide";
    const search = /** @type {HTMLInputElement} */ (byId("search"));
    if (search.value !== settings.get("q")) search.value = settings.get("q");
    this.words = settings.get("q").toLowerCase().split(/\s+/).filter(Boolean);
    this.store.epoch += 1;
    this.due = true;
    this.draw();
  }

  wire() {
    byId("connection").addEventListener("click", () => this.panel.open(linkPage(this)));
    byId("open-settings").addEventListener("click", () => this.openSettings());
    byId("open-help").addEventListener("click", () => this.openHelp());
    byId("switch-theme").addEventListener("click", () => this.switchTheme());
    byId("switch-big").addEventListener("click", () => this.switchBig());
    byId("leave-big").addEventListener("click", () => this.switchBig());
    for (const name of ["group", "sort"]) {
      const select = /** @type {HTMLSelectElement} */ (byId(name));
      select.addEventListener("change", () => this.settings.set(name, select.value));
    }
    const out = /** @type {HTMLInputElement} */ (byId("hide-out"));
    out.addEventListener("change", () => this.settings.set("out", out.checked ? "hide" : "show"));
    const search = /** @type {HTMLInputElement} */ (byId("search"));
    search.addEventListener("input", () => this.search(search.value));
    document.addEventListener("visibilitychange", () => this.draw());
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement && this.settings.get("big") === "on") this.settings.set("big", "off");
    });
  }

  /**
   * Whether each word searched for is in a text. A short number beside other words must stand alone: "queue 1" is not 5001.
   * @param {string} said
   */
  finds(said) {
    const { words } = this;
    return words.every((word) => (words.length > 1 && /^\d{1,2}$/.test(word) ? said.split(" ").includes(word) : said.includes(word)));
  }

  /** @param {string} text */
  search(text) {
    this.settings.set("q", text);
    if (!text) return;
    this.paint();
    say(byId("announce"), t("announce.found", { agents: this.agents.shown, calls: this.calls.shown }));
  }

  /** Show only agents and calls of one kind; the same again, or "", shows all. @param {string} kind */
  filter(kind) {
    if (!kind) this.settings.set("queue", "");
    this.settings.set("kind", kind === this.settings.get("kind") ? "" : kind);
  }

  nextGroup() {
    this.settings.set("group", GROUPS[(GROUPS.indexOf(this.settings.get("group")) + 1) % GROUPS.length]);
  }

  switchTheme() {
    const dark = this.settings.get("theme") === "dark";
    const system = matchMedia("(prefers-color-scheme: dark)").matches;
    const isDark = this.settings.get("theme") === "auto" ? system : dark;
    this.settings.set("theme", isDark ? "light" : "dark");
  }

  switchBig() {
    const on = this.settings.get("big") !== "on";
    this.settings.set("big", on ? "on" : "off");
    // Not every browser lets a page have the whole screen; the big letters do without.
    if (on) document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  }

  /** @param {string} id */
  openAgent(id) {
    this.panel.open(agentPage(this, id));
  }

  /** @param {string} id */
  openCall(id) {
    this.panel.open(callPage(this, id));
  }

  /** @param {string} id */
  openQueue(id) {
    this.panel.open(queuePage(this, id));
  }

  openSettings() {
    this.panel.open(settingsPage(this));
  }

  openHelp() {
    this.panel.open(helpPage());
  }

  askToken() {
    const dialog = /** @type {HTMLDialogElement} */ (byId("token"));
    const form = /** @type {HTMLFormElement} */ (byId("token-form"));
    const field = /** @type {HTMLInputElement} */ (byId("token-field"));
    const wrong = byId("token-wrong");
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.onsubmit = async (event) => {
      event.preventDefault();
      try {
        const status = await enter(field.value);
        if (status < 300) {
          dialog.close();
          field.value = "";
          this.stream.open();
          return;
        }
        say(wrong, t(status === 401 || status === 403 ? "token.wrong" : "token.failed"));
      } catch {
        say(wrong, t("token.failed"));
      }
      field.focus();
    };
    if (!dialog.open) dialog.showModal();
  }
}

new Board().start();
