// @ts-check
/** What the drawer shows of the settings, and of the help. */

import { el } from "./dom.js";
import { boardForm, queueLimits, stateLimits } from "./limitsform.js";
import { part } from "./panel.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./panel.js").Page} Page */

/** @param {Board} board @returns {Page} */
export function settingsPage(board) {
  const body = el("div", { class: "settings" });
  const account = el("div");
  // They come a moment after the page, and are not to be made anew under the hands of who types.
  const render = () => {
    if (!account.childElementCount) account.replaceChildren(...accounts(board));
  };
  const draw = () => {
    const { settings } = board;
    /** @param {string} name @param {string} title @param {[string, string][]} options */
    const choice = (name, title, options) => {
      const select = el("select", { id: `set-${name}` });
      for (const [value, words] of options) select.append(el("option", { value }, words));
      select.value = settings.get(name);
      select.addEventListener("change", () => {
        settings.set(name, select.value);
        if (name === "lang") board.panel.show();
        document.getElementById(`set-${name}`)?.focus();
      });
      return el("p", { class: "field" }, el("label", { for: `set-${name}` }, title), select);
    };
    /** @param {string} name @param {string} title @param {string} on @param {string} off */
    const check = (name, title, on, off) => {
      const box = el("input", { type: "checkbox", id: `set-${name}` });
      box.checked = settings.get(name) === on;
      box.addEventListener("change", () => settings.set(name, box.checked ? on : off));
      return el("p", { class: "field" }, el("label", { for: `set-${name}` }, title), box);
    };
    const share = el("button", { type: "button", class: "action" }, t("set.share"));
    share.addEventListener("click", async () => {
      await navigator.clipboard?.writeText(location.href);
      share.textContent = t("set.shared");
    });
    const reset = el("button", { type: "button", class: "action" }, t("set.reset"));
    reset.addEventListener("click", () => {
      settings.reset();
      settings.keep();
      board.panel.show();
    });
    body.replaceChildren(
      choice("lang", t("set.lang"), [
        ["auto", t("set.lang.auto")],
        ["en", "English"],
        ["he", "עברית"],
      ]),
      choice("theme", t("set.theme"), [
        ["auto", t("set.theme.auto")],
        ["light", t("set.theme.light")],
        ["dark", t("set.theme.dark")],
      ]),
      choice(
        "view",
        t("set.view"),
        ["auto", "desk", "wall", "phone"].map((one) => [one, t(`set.view.${one}`)]),
      ),
      choice(
        "group",
        t("group"),
        ["status", "none", "queue", "team"].map((one) => [one, t(`group.${one}`)]),
      ),
      choice(
        "sort",
        t("sort"),
        ["time", "name"].map((one) => [one, t(`sort.${one}`)]),
      ),
      choice(
        "size",
        t("set.size"),
        ["auto", "roomy", "compact"].map((one) => [one, t(`set.size.${one}`)]),
      ),
      check("out", t("out.hide"), "hide", "show"),
      check("keys", t("set.keys"), "on", "off"),
      el("p", { class: "note" }, t("set.kept")),
      el("p", { class: "actions" }, share, reset),
      account,
    );
    account.replaceChildren();
    render();
  };
  return { body, title: () => [t("settings")], begin: draw, render };
}

/** What is the account's, and the same on every screen. @param {Board} board */
function accounts(board) {
  if (!board.limits.all) return [];
  return [
    part(
      t("set.account"),
      el("p", { class: "note" }, t(board.limits.maySet ? "set.account.note" : "set.account.read")),
      boardForm(board),
    ),
    part(t("set.limits.states"), el("p", { class: "note" }, t("set.limits.note")), stateLimits(board)),
    part(t("set.limits.queues"), el("p", { class: "note" }, t("set.limits.queues.note")), queueLimits(board)),
  ];
}

/** @returns {Page} */
export function helpPage() {
  /** @type {[string[], string][]} */
  const keys = [
    [["/"], "key.search"],
    [["1", "2", "3"], "key.sections"],
    [["←", "→", "↑", "↓"], "key.arrows"],
    [["Enter"], "key.open"],
    [["Esc"], "key.close"],
    [["g"], "key.group"],
    [["o"], "key.out"],
    [["d"], "key.theme"],
    [["b"], "key.wall"],
    [["s"], "key.settings"],
    [["?"], "key.help"],
  ];
  const list = el("dl", { class: "keys" });
  for (const [names, word] of keys) {
    list.append(el("div", {}, el("dt", {}, ...names.map((name) => el("kbd", {}, name))), el("dd", {}, t(word))));
  }
  const body = el(
    "div",
    { class: "prose" },
    ...["help.what", "help.limits", "help.unknown"].map((word) => el("p", {}, t(word))),
    part(t("help.keys"), list),
  );
  return { body, title: () => [t("help")] };
}
