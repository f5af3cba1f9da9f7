// @ts-check
/** The list of accounts of a service that has many: how each is, and the way to its board. */

import { arrange, byId, el, say, theirs } from "./dom.js";
import { enter } from "./stream.js";
import { speak, t } from "./words.js";

const AGAIN = 5000; // ms between two looks

/**
 * @typedef {object} Status
 * @property {string} account @property {boolean} ok @property {string} source @property {string} trouble
 * @property {number} calls @property {number} waiting
 */

/** @type {Status[]} */
let accounts = [];
/** @type {Map<string, HTMLTableRowElement>} */
const rows = new Map();
const search = /** @type {HTMLInputElement} */ (byId("search"));
const form = /** @type {HTMLFormElement} */ (byId("token-form"));
const field = /** @type {HTMLInputElement} */ (byId("token-field"));

async function look() {
  try {
    const answer = await fetch("api/accounts", { cache: "no-store" });
    form.hidden = answer.status !== 401;
    if (answer.ok) {
      accounts = await answer.json();
      render();
    } else {
      say(byId("sum"), form.hidden ? t("link.lost") : "");
    }
  } catch {
    say(byId("sum"), t("link.lost"));
  }
}

/** Those in trouble come first. */
function render() {
  const well = accounts.filter((one) => one.ok).length;
  say(byId("sum"), t("accounts.sum", { well, count: accounts.length }));
  const wanted = search.value.trim().toLowerCase();
  const shown = accounts.filter((one) => one.account.toLowerCase().includes(wanted));
  shown.sort((one, other) => Number(one.ok) - Number(other.ok) || one.account.localeCompare(other.account));
  for (const one of shown) update(one);
  arrange(
    byId("accounts"),
    shown.map((one) => row(one.account)),
  );
}

/** An account's row, the same element each time: one that is replaced loses the focus, and a click under way. @param {string} account */
function row(account) {
  let found = rows.get(account);
  if (!found) {
    const link = el("a", { href: `accounts/${encodeURIComponent(account)}/` }, theirs(account));
    const [calls, waiting] = [el("td", { class: "count" }), el("td", { class: "count" })];
    found = el("tr", {}, el("td", {}, link), calls, waiting, el("td", {}, theirs("")));
    rows.set(account, found);
  }
  return found;
}

/** @param {Status} one */
function update(one) {
  const [, calls, waiting, source] = row(one.account).cells;
  row(one.account).className = one.ok ? "" : "troubled";
  say(calls, String(one.calls));
  say(waiting, String(one.waiting));
  say(/** @type {Element} */ (source.firstElementChild), [one.source, one.trouble].filter(Boolean).join("; "));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const status = await enter(field.value).catch(() => 0);
  field.value = "";
  say(byId("token-wrong"), status === 200 ? "" : t(status === 401 || status === 403 ? "token.wrong" : "token.failed"));
  await look();
});
search.addEventListener("input", render);
speak("auto");
document.title = t("accounts");
void look();
setInterval(look, AGAIN);
