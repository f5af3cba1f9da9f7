// @ts-check
/**
 * The board: events of the service go into the store, and a few times a second what they altered is drawn.
 * Timers are ticked all together, when the server's second changes.
 */

import { Agents } from "./agents.js";
import { Calls } from "./calls.js";
import { ServerClock, moment } from "./clock.js";
import { Crew } from "./crew.js";
import { byId, flag, keepingFocus, mark, say } from "./dom.js";
import { Field } from "./field.js";
import { boxesChanged, fitFigures } from "./figure.js";
import { Figures } from "./figures.js";
import { shorten } from "./fit.js";
import { listen, oneStop } from "./keys.js";
import { LinkLine } from "./link.js";
import { Over } from "./over.js";
import { Panel } from "./panel.js";
import { agentPage, linkPage, queuePage } from "./people.js";
import { helpPage, settingsPage } from "./preferences.js";
import { Queues } from "./queues.js";
import { Settings } from "./settings.js";
import { Store } from "./store.js";
import { callPage } from "./story.js";
import { Stream, enter, offersLogin } from "./stream.js";
import { Totals } from "./totals.js";
import { speak, t } from "./words.js";

/** Between two drawings of what the stream sends, ms. */
const PAUSE = 200;

/** What is pressed stays where it is until it is let go, or for so long, ms: else a row that moves away loses its click. */
const PRESS = 1000;

const GROUPS = ["status", "none", "queue", "team"];

/** How wide a hand's screen is, at most. */
const HAND = matchMedia("(max-width: 44rem)");

export class Board {
  constructor() {
    this.store = new Store();
    this.clock = new ServerClock();
    this.settings = new Settings(() => this.changed());
    this.figures = new Figures(
      () => !this.store.lost,
      () => this.settings.get("only"),
      () => this.counted(),
    );
    this.limits = this.figures.limits;
    this.version = 0;
    /** @type {number | null} the server's time of what is drawn now */
    this.now = null;
    /** @type {string[]} what is searched for */
    this.words = [];
    this.moment = moment;
    this.link = "link.connecting";
    this.view = "desk";
    this.stale = true;
    this.due = true;
    this.frame = 0;
    this.soon = 0;
    this.painted = -PAUSE;
    this.pressed = -PRESS;
    this.panel = new Panel();
    this.crew = new Crew(this);
    this.queues = new Queues(this);
    this.totals = new Totals(this);
    this.field = new Field(this);
    this.over = new Over(this);
    this.agents = new Agents(this);
    this.calls = new Calls(this);
    this.linkLine = new LinkLine(this);
    this.stream = new Stream({
      event: (event, data) => {
        this.clock.hear(data.now, data.speed);
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

  /** Whether nothing is known now: neither this page nor the service hears what happens. */
  get lost() {
    return this.store.lost || !this.store.known;
  }

  /** Since when, as a time of day. */
  lostAt() {
    return moment(this.store.lost ? this.store.lostSince : (this.store.gaps.at(-1)?.since ?? null));
  }

  /** The y of service level x/y, s. */
  get within() {
    return this.figures.hour?.within_s ?? this.limits.all?.within_s ?? 20;
  }

  /** A queue's short name, or else its name. @param {string} id */
  queueLabel(id) {
    return this.limits.all?.short_names[id] || this.store.queueName(id);
  }

  /**
   * A line of the last hour to be drawn. @param {(number | null)[] | null} values @param {number | null} limit
   * @param {number | null} now what is so now; null ends the line
   */
  line(values, limit, now) {
    const { hour } = this.figures;
    if (!values || !hour || hour.since === null || hour.until === null) return null;
    return { values, since: hour.since, until: hour.until, gaps: hour.gaps, limit, now };
  }

  /** Draw what is new in the next frame of the screen. */
  draw() {
    this.stale = true;
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  /** Draw what the stream sent, at most once in PAUSE: the frames between are free for scrolling and typing. */
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
    if (performance.now() - this.pressed < PRESS) return;
    this.painted = performance.now();
    this.now = this.clock.now();
    const lists = this.view !== "wall";
    if (this.stale) this.crew.update();
    // A level that begins puts an agent into another group.
    const moves = this.due && this.crew.tick();
    keepingFocus(() => {
      this.queues.render();
      this.totals.render();
      this.over.render();
      this.field.render();
      if (lists && (this.stale || moves)) {
        this.agents.render();
        this.calls.render();
      }
      if (this.stale) this.panel.render();
    });
    if (this.stale || moves) oneStop(document);
    if (this.due) {
      if (lists) {
        this.agents.tick();
        this.calls.tick();
      }
      this.panel.tick();
    }
    this.linkLine.render();
    fitFigures();
    shorten(document.querySelectorAll(":is(.person, .one) .name"));
    this.stale = this.due = false;
  }

  /** Something is pressed, or let go. @param {boolean} down */
  press(down) {
    this.pressed = down ? performance.now() : -PRESS;
    if (!down) this.draw();
  }

  /** The service has counted, and said which limits hold. */
  counted() {
    if (this.version !== this.limits.version) {
      this.version = this.limits.version;
      this.store.epoch += 1;
      this.queues.steady.forget();
      this.over.steady.forget();
    }
    this.draw();
  }

  /** Settings are others than before. */
  changed() {
    const { settings } = this;
    const root = document.documentElement;
    speak(settings.get("lang"));
    mark(root, "theme", settings.get("theme") === "auto" ? "" : settings.get("theme"));
    const wanted = settings.get("view");
    this.view = wanted === "auto" ? (HAND.matches ? "phone" : "desk") : wanted;
    mark(root, "view", this.view);
    boxesChanged();
    this.queues.steady.forget();
    this.over.steady.forget();
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
    if (this.figures.asked && settings.get("only") !== this.asked) this.figures.ask();
    this.asked = settings.get("only");
    this.draw();
  }

  wire() {
    byId("connection").addEventListener("click", () => this.panel.open(linkPage(this)));
    byId("open-settings").addEventListener("click", () => this.openSettings());
    byId("open-help").addEventListener("click", () => this.openHelp());
    byId("switch-theme").addEventListener("click", () => this.switchTheme());
    byId("switch-wall").addEventListener("click", () => this.switchWall());
    byId("leave-wall").addEventListener("click", () => this.switchWall());
    for (const name of ["group", "sort"]) {
      const select = /** @type {HTMLSelectElement} */ (byId(name));
      select.addEventListener("change", () => this.settings.set(name, select.value));
    }
    const out = /** @type {HTMLInputElement} */ (byId("hide-out"));
    out.addEventListener("change", () => this.settings.set("out", out.checked ? "hide" : "show"));
    const search = /** @type {HTMLInputElement} */ (byId("search"));
    search.addEventListener("input", () => this.search(search.value));
    for (const button of byId("parts").querySelectorAll("button")) {
      button.addEventListener("click", () => this.showPart(button.dataset.part ?? ""));
    }
    this.showPart("queues");
    document.addEventListener("pointerdown", () => this.press(true));
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => this.press(false));
    document.addEventListener("visibilitychange", () => {
      this.figures.ask();
      this.draw();
    });
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement && this.settings.get("view") === "wall") this.settings.set("view", "auto");
    });
    HAND.addEventListener("change", () => this.changed());
    addEventListener("resize", () => {
      boxesChanged();
      this.draw();
    });
  }

  /** On a phone: which of the three parts is in sight. @param {string} name */
  showPart(name) {
    mark(document.documentElement, "part", name);
    for (const button of byId("parts").querySelectorAll("button")) flag(button, "aria-current", button.dataset.part === name);
    window.scrollTo(0, 0);
    boxesChanged();
    this.draw();
  }

  /**
   * Whether each word searched for is in a text. A short number beside other words must stand alone: "queue 1" is not 5001.
   * @param {string} said
   */
  finds(said) {
    const { words } = this;
    return words.every((word) =>
      words.length > 1 && /^\d{1,2}$/.test(word) ? said.split(" ").includes(word) : said.includes(word),
    );
  }

  /** @param {string} text */
  search(text) {
    this.settings.set("q", text);
    if (!text) return;
    if (this.view === "phone" && document.documentElement.dataset.part === "queues") this.showPart("agents");
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

  switchWall() {
    const on = this.settings.get("view") !== "wall";
    this.settings.set("view", on ? "wall" : "auto");
    // Not every browser lets a page have the whole screen; the wall does without.
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
    offersLogin().then((offers) => (byId("token-login").hidden = !offers));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.onsubmit = async (event) => {
      event.preventDefault();
      try {
        const status = await enter(field.value);
        if (status < 300) {
          dialog.close();
          field.value = "";
          this.figures.asked = false;
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
