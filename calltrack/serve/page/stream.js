// @ts-check
/** The connection to the service: its events, whether it is heard, and who one is. */

const SILENCE = 15000; // ms without a word after which the service is lost; it speaks every 5 s
const AGAIN = 3000; // ms

/**
 * @typedef {object} Listener
 * @property {(event: string, data: any) => void} event
 * @property {() => void} lost
 * @property {() => void} tokenWanted
 */

export class Stream {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {EventSource | null} */
    this.source = null;
    this.heardAt = performance.now();
    this.again = 0;
    setInterval(() => this.check(), 1000);
  }

  /** Ask who one is, and listen if one may. */
  async open() {
    window.clearTimeout(this.again);
    this.close();
    try {
      const answer = await fetch("api/session", { cache: "no-store" });
      if (answer.status === 401) {
        this.listener.lost();
        this.listener.tokenWanted();
        return;
      }
    } catch {
      this.retry();
      return;
    }
    this.listen();
  }

  listen() {
    this.close();
    this.heardAt = performance.now();
    const source = (this.source = new EventSource("api/updates"));
    for (const name of ["state", "update", "time"]) {
      source.addEventListener(name, (message) => {
        this.heardAt = performance.now();
        this.listener.event(name, JSON.parse(message.data));
      });
    }
    source.addEventListener("error", () => {
      this.listener.lost();
      // The browser comes back by itself after a break, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) this.retry();
    });
  }

  /** A connection can die without a sign. */
  check() {
    if (!this.source || performance.now() - this.heardAt < SILENCE) return;
    this.listener.lost();
    this.retry();
  }

  retry() {
    this.close();
    this.listener.lost();
    window.clearTimeout(this.again);
    this.again = window.setTimeout(() => this.open(), AGAIN);
  }

  close() {
    this.source?.close();
    this.source = null;
  }
}

/** Show a token, and get a cookie for it; "" or why not. @param {string} token @returns {Promise<number>} the status */
export async function enter(token) {
  const answer = await fetch("api/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  return answer.status;
}

/** Whether one can log in by name. @returns {Promise<boolean>} */
export async function offersLogin() {
  try {
    return (await (await fetch("login/offered")).json()).offered === true;
  } catch {
    return false;
  }
}

/** One call with its story; null if it is no longer kept. @param {string} id @returns {Promise<any>} */
export async function callStory(id) {
  const answer = await fetch(`api/calls/${encodeURIComponent(id)}`, { cache: "no-store" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}
