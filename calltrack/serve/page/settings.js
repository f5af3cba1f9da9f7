// @ts-check
/** How one wants to see the board: kept in this browser, and in the address so that it can be shared. */

const KEY = "calltrack.board";

/** What each setting may be, the default first; null is any text. @type {Record<string, readonly string[] | null>} */
const CHOICES = {
  lang: ["auto", "en", "he"],
  theme: ["auto", "light", "dark"],
  group: ["none", "status", "queue", "team"],
  sort: ["name", "time"],
  out: ["show", "hide"],
  size: ["roomy", "compact"],
  keys: ["on", "off"],
  big: ["off", "on"],
  tab: ["live", "ended"],
  q: null,
  kind: null,
  queue: null,
};

/** Seconds after which something turns amber, and red; 0 is never. The numbers are agent statuses. @type {[string, number, number][]} */
const LIMITS = [
  ["Queued", 60, 120],
  ["Ringing", 20, 40],
  ["Talking", 1200, 2700],
  ["Hold", 120, 300],
  ["3", 1800, 2700],
  ["5", 3600, 7200],
  ["7", 900, 1800],
  ["9", 1800, 3600],
  ["11", 0, 0],
  ["12", 0, 0],
  ["13", 1800, 3600],
];

export class Settings {
  /** @param {() => void} changed is called after every change */
  constructor(changed) {
    this.changed = changed;
    /** @type {Record<string, string>} */
    this.values = {};
    /** @type {Map<string, [number, number]>} seconds */
    this.limits = new Map();
    this.reset();
    this.read(stored());
    this.read(location.hash.slice(1));
    // Somebody pasted another address into an open board: it replaces everything, as it would in a new one.
    window.addEventListener("hashchange", () => {
      if (location.hash.slice(1) === this.text()) return;
      this.reset();
      this.read(location.hash.slice(1));
      this.keep();
    });
  }

  reset() {
    for (const [name, choices] of Object.entries(CHOICES)) this.values[name] = choices?.[0] ?? "";
    this.limits = new Map(LIMITS.map(([name, warn, over]) => [name, [warn, over]]));
  }

  /** @param {string} name */
  get(name) {
    return this.values[name] ?? "";
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    if (this.values[name] === value) return;
    this.values[name] = value;
    this.keep();
  }

  /** @param {string} name @param {number} warn seconds @param {number} over seconds */
  setLimit(name, warn, over) {
    this.limits.set(name, [warn, over]);
    this.keep();
  }

  /** Take everything that a text says and that can be; the rest is somebody else's. @param {string} text */
  read(text) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (name.startsWith("limit.")) {
        const seconds = /^(\d{1,6})-(\d{1,6})$/.exec(value);
        if (seconds && this.limits.has(name.slice(6))) this.limits.set(name.slice(6), [+seconds[1], +seconds[2]]);
      } else if (Object.hasOwn(CHOICES, name)) {
        const choices = CHOICES[name];
        if (choices === null || choices.includes(value)) this.values[name] = value;
      }
    }
  }

  /** What differs from the defaults, as the address has it. */
  text() {
    const said = new URLSearchParams();
    for (const [name, choices] of Object.entries(CHOICES)) {
      if (this.values[name] !== (choices?.[0] ?? "")) said.set(name, this.values[name]);
    }
    for (const [name, warn, over] of LIMITS) {
      const [mine, more] = this.limits.get(name) ?? [warn, over];
      if (mine !== warn || more !== over) said.set(`limit.${name}`, `${mine}-${more}`);
    }
    return said.toString();
  }

  keep() {
    const text = this.text();
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // A browser that keeps nothing still has the address.
    }
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    this.changed();
  }
}

function stored() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}
