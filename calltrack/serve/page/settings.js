// @ts-check
/** How one wants to see the board: kept in this browser, and in the address so that it can be shared. Limits are the account's. */

const KEY = "calltrack.board";

/** What each setting may be, the default first; null is any text. @type {Record<string, readonly string[] | null>} */
const CHOICES = {
  lang: ["auto", "en", "he"],
  theme: ["auto", "light", "dark"],
  view: ["auto", "wall", "desk", "phone"],
  group: ["status", "none", "queue", "team"],
  sort: ["time", "name"],
  out: ["show", "hide"],
  size: ["auto", "roomy", "compact"],
  keys: ["on", "off"],
  tab: ["waiting", "live", "ended"],
  q: null,
  kind: null,
  queue: null,
  only: null,
};

export class Settings {
  /** @param {() => void} changed is called after every change */
  constructor(changed) {
    this.changed = changed;
    /** @type {Record<string, string>} */
    this.values = {};
    this.reset();
    this.read(stored());
    this.read(location.hash.slice(1));
    // Somebody pasted another address into an open board: it replaces everything, as it would in a new one.
    window.addEventListener("hashchange", () => {
      // A link to a part of the page is no address of a board.
      if (location.hash.slice(1) === this.text() || /^#\w+$/.test(location.hash)) return;
      this.reset();
      this.read(location.hash.slice(1));
      this.keep();
    });
  }

  reset() {
    for (const [name, choices] of Object.entries(CHOICES)) this.values[name] = choices?.[0] ?? "";
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

  /** Take everything that a text says and that can be; the rest is somebody else's. @param {string} text */
  read(text) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (Object.hasOwn(CHOICES, name)) {
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
