// @ts-check
/** The forms of the account's limits: who may set them does so for everybody, others read them. */

import { span } from "./clock.js";
import { el, say } from "./dom.js";
import { change } from "./limits.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./limits.js").All} All */
/** @typedef {import("./limits.js").Pair} Pair */

/** States and statuses that are listed even if they have no limit; the numbers are agent statuses. */
const LISTED = ["Ringing", "Talking", "Hold", "3", "5", "7", "9", "11", "12", "13"];

/** What of a queue has limits, and how it is written. @type {[("waiting" | "longest_s" | "level" | "gone"), Kind][]} */
const OF_QUEUE = [
  ["waiting", "count"],
  ["longest_s", "time"],
  ["level", "percent"],
  ["gone", "percent"],
];

/** @typedef {"count" | "time" | "percent"} Kind */

/** The limits of states and statuses. @param {Board} board */
export function stateLimits(board) {
  const all = /** @type {All} */ (board.limits.all);
  const used = [...board.store.extensions.values()]
    .map((one) => String(one.agent_status ?? ""))
    .filter((one) => one && one !== "1" && one !== "2");
  const names = [...new Set([...LISTED, ...Object.keys(all.states), ...used])];
  return table(
    board,
    names.map((name) => {
      const words = t(/^\d+$/.test(name) ? `status.${name}` : `state.${name}`);
      return {
        words,
        kind: "time",
        pair: all.states[name] ?? [0, 0],
        set: (next, pair) => {
          if (pair[0] || pair[1]) next.states[name] = pair;
          else delete next.states[name];
        },
      };
    }),
  );
}

/** The limits of a queue, or those that all have which have none of their own. @param {Board} board @param {string} [id] */
export function queueLimits(board, id = "") {
  const all = /** @type {All} */ (board.limits.all);
  const rows = OF_QUEUE.map(
    ([what, kind]) =>
      /** @type {RowOf} */ ({
        words: t(`limit.${what}`, { seconds: all.within_s }),
        kind,
        pair: (id ? all.queues[id]?.[what] : null) ?? all.queue[what] ?? [0, 0],
        set: (next, pair) => {
          const empty = { waiting: null, longest_s: null, level: null, gone: null };
          if (id) next.queues[id] = { ...empty, ...next.queues[id], [what]: pair };
          else next.queue = { ...next.queue, [what]: pair };
        },
      }),
  );
  if (!id) return table(board, rows);
  const short = el("input", { type: "text", id: "short-name", maxlength: 40, dir: "auto" });
  short.value = all.short_names[id] ?? "";
  const fault = el("p", { class: "wrong", role: "alert" });
  short.addEventListener("change", () =>
    save(board, fault, (next) => {
      if (short.value.trim()) next.short_names[id] = short.value.trim();
      else delete next.short_names[id];
    }),
  );
  return el(
    "div",
    {},
    table(board, rows),
    el("p", { class: "field" }, el("label", { for: "short-name" }, t("set.short")), short),
    fault,
  );
}

/** The board's name, the seconds of the service level, and whether a wall names agents. @param {Board} board */
export function boardForm(board) {
  const all = /** @type {All} */ (board.limits.all);
  const fault = el("p", { class: "wrong", role: "alert" });
  const name = el("input", { type: "text", id: "set-name", maxlength: 80, dir: "auto" });
  name.value = all.name;
  name.addEventListener("change", () => save(board, fault, (next) => (next.name = name.value.trim())));
  const within = el("input", { type: "text", id: "set-within", class: "ltr", maxlength: 5, inputmode: "numeric" });
  within.value = String(all.within_s);
  within.addEventListener("change", () => save(board, fault, (next) => (next.within_s = Number(within.value) || 20)));
  const named = el("input", { type: "checkbox", id: "set-named" });
  named.checked = all.agents_named;
  named.addEventListener("change", () => save(board, fault, (next) => (next.agents_named = named.checked)));
  /** @param {string} word @param {HTMLInputElement} input */
  const field = (word, input) => el("p", { class: "field" }, el("label", { for: input.id }, t(word)), input);
  const inputs = [field("set.name", name), field("set.within", within), field("set.named", named)];
  for (const one of [name, within, named]) one.disabled = !board.limits.maySet;
  return el("div", {}, ...inputs, fault);
}

/** @typedef {{words: string, kind: Kind, pair: Pair, set: (next: All, pair: Pair) => void}} RowOf */

/** @param {Board} board @param {RowOf[]} rows */
function table(board, rows) {
  const fault = el("p", { class: "wrong", role: "alert" });
  const body = el("tbody");
  for (const { words, kind, pair, set } of rows) {
    const mine = /** @type {Pair} */ ([...pair]);
    const cells = /** @type {const} */ ([0, 1]).map((index) => {
      const title = t(index ? "set.second" : "set.first");
      if (!board.limits.maySet) return el("td", { class: "ltr" }, write(mine[index], kind) || "–");
      const input = el("input", {
        type: "text",
        class: "ltr",
        maxlength: 8,
        placeholder: "–",
        "aria-label": `${words}: ${title}`,
      });
      input.value = write(mine[index], kind);
      input.addEventListener("change", () => {
        const value = read(input.value, kind);
        input.setCustomValidity(value === null ? t(`set.wrong.${kind}`) : "");
        if (value === null) {
          input.reportValidity();
          return;
        }
        input.value = write(value, kind);
        mine[index] = value;
        save(board, fault, (next) => set(next, [mine[0], mine[1]]));
      });
      return el("td", {}, input);
    });
    body.append(el("tr", {}, el("th", { scope: "row" }, words), ...cells));
  }
  const titles = el("tr", {}, el("td"), el("th", { scope: "col" }, "▲"), el("th", { scope: "col" }, "▲▲"));
  return el("div", {}, el("table", { class: "limits" }, el("thead", {}, titles), body), fault);
}

/** One change is saved after the other, so that the last one that was written holds. */
let saved = Promise.resolve();

/** Have other limits hold. @param {Board} board @param {HTMLElement} fault @param {(next: All) => void} alter */
function save(board, fault, alter) {
  saved = saved.then(() => saveNow(board, fault, alter));
}

/** @param {Board} board @param {HTMLElement} fault @param {(next: All) => void} alter */
async function saveNow(board, fault, alter) {
  const { answer, fault: why } = await change(alter);
  say(fault, why && t("set.refused", { reason: why }));
  if (!answer) return;
  board.limits.take(answer.limits, answer.may_set);
  board.counted();
}

/** @param {number} value @param {Kind} kind */
function write(value, kind) {
  if (!value) return "";
  return kind === "time" ? span(value) : kind === "percent" ? `${Math.round(value * 1000) / 10}` : String(value);
}

/** What was written; 0 for nothing, null for what cannot be read. @param {string} text @param {Kind} kind */
function read(text, kind) {
  const words = text.trim();
  if (!words) return 0;
  if (kind === "time") return duration(words);
  const number = /^\d{1,6}(\.\d)?$/.test(words) ? Number(words) : NaN;
  if (kind === "percent") return number <= 100 ? number / 100 : null;
  return Number.isInteger(number) ? number : null;
}

/** Seconds of 1:30, 90:00, 1:30:00 or 2 (minutes); null for anything else. @param {string} text */
function duration(text) {
  const parts = /^(?:(\d{1,2}):)?(\d{1,4})(?::([0-5]\d))?$/.exec(text);
  if (!parts) return null;
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  // 1:30 is read as hours and minutes above; without a third part it is minutes and seconds.
  return parts[3] === undefined && parts[1] !== undefined ? hours * 60 + minutes : hours * 3600 + minutes * 60 + seconds;
}
