// @ts-check
/**
 * The server's time in the browser. The computer's own clock plays no part: what the service last said is carried on by
 * performance.now(), which no one can set and which a throttled tab does not slow down.
 */

const SLACK = 2; // s that a message may have been under way

export class ServerClock {
  /** @param {() => number} monotonic milliseconds that never go back */
  constructor(monotonic = () => performance.now()) {
    this.monotonic = monotonic;
    this.speed = 1;
    /** @type {number | null} */
    this.server = null;
    this.heardAt = 0;
  }

  /**
   * Take what a message says. A message comes late but never early, so of two the later time is right; a time far back
   * is another clock, or one that was set.
   * @param {number | null} now UTC epoch s
   * @param {number} speed
   */
  hear(now, speed) {
    const estimate = this.now();
    const agrees = estimate !== null && speed === this.speed && now !== null && now < estimate;
    if (agrees && estimate - now < SLACK * Math.max(1, speed)) return;
    this.server = now;
    this.speed = speed;
    this.heardAt = this.monotonic();
  }

  /** The server's time, UTC epoch s; null before any was heard. */
  now() {
    return this.server === null ? null : this.server + ((this.monotonic() - this.heardAt) / 1000) * this.speed;
  }

  /** Milliseconds until a figure of seconds changes, at most five changes a second. */
  untilNextSecond() {
    const now = this.now();
    if (now === null || this.speed <= 0) return 1000;
    return Math.max(200, ((1 - (now % 1)) / this.speed) * 1000 + 5);
  }
}

/** A duration for people: 0:34, 1:05:09; "?" if it is unknown. @param {number | null} seconds */
export function span(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });

/** A moment (UTC epoch s) in the reader's time zone: 14:03:22. @param {number | null} at */
export function moment(at) {
  return at === null ? "?" : CLOCK.format(at * 1000);
}

/** Its day: 2026-01-31. @param {number | null} at */
export function day(at) {
  return at === null ? "?" : DAY.format(at * 1000);
}

const STAMP = /\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g;

/**
 * The service's words with its UTC moments on the reader's clock, and with the day if it is another than that of `at`.
 * @param {string} text
 * @param {number | null} at UTC epoch s
 */
export function localized(text, at) {
  return text.replace(STAMP, (stamp) => {
    const then = Date.parse(stamp.replace(" ", "T")) / 1000;
    if (Number.isNaN(then)) return stamp;
    return day(then) === day(at) ? moment(then) : `${day(then)} ${moment(then)}`;
  });
}
