// @ts-check
/** What the drawer shows of the settings, and of the help. */

import { span } from "./clock.js";
import { el } from "./dom.js";
import { part } from "./panel.js";
import { t } from "./words.js";

/** @typedef {import("./main.js").Board} Board */
/** @typedef {import("./panel.js").Page} Page */

/** @param {Board} board @returns {Page} */
export function settingsPage(board) {
  const body = el("div", { class: "settings" });
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
      choice("lang", t("set.lang"), [["auto", t("set.lang.auto")], ["en", "English"], ["he", "עברית"]]),
      choice("theme", t("set.theme"), [["auto", t("set.theme.auto")], ["light", t("set.theme.light")], ["dark", t("set.theme.dark")]]),
      choice("group", t("group"), ["none", "status", "queue", "team"].map((one) => [one, t(`group.${one}`)])),
      choice("sort", t("sort"), ["name", "time"].map((one) => [one, t(`sort.${one}`)])),
      choice("size", t("set.size"), ["roomy", "compact"].map((one) => [one, t(`set.size.${one}`)])),
      check("out", t("out.hide"), "hide", "show"),
      check("keys", t("set.keys"), "on", "off"),
      part(t("set.limits"), el("p", { class: "note", id: "limits-note" }, t("set.limits.note")), limits(board)),
      el("p", { class: "note" }, t("set.kept")),
      el("p", { class: "actions" }, share, reset),
    );
  };
  return { body, title: () => [t("settings")], begin: draw };
}

/** @param {Board} board */
function limits(board) {
  const { settings } = board;
  const rows = el("tbody");
  for (const [name, pair] of settings.limits) {
    const words = t(/^\d+$/.test(name) ? `status.${name}` : `state.${name}`);
    const cells = /** @type {const} */ (["set.amber", "set.red"]).map((title, index) => {
      const input = el("input", { type: "text", class: "ltr", maxlength: 8, placeholder: "–", "aria-label": `${words}: ${t(title)}` });
      input.value = pair[index] ? span(pair[index]) : "";
      input.addEventListener("change", () => {
        const seconds = duration(input.value);
        input.setCustomValidity(seconds === null ? t("set.wrong") : "");
        if (seconds === null) {
          input.reportValidity();
          return;
        }
        input.value = seconds ? span(seconds) : "";
        const [warn, over] = settings.limits.get(name) ?? [0, 0];
        settings.setLimit(name, index === 0 ? seconds : warn, index === 1 ? seconds : over);
      });
      return el("td", {}, input);
    });
    rows.append(el("tr", {}, el("th", { scope: "row" }, words), ...cells));
  }
  const titles = el("tr", {}, el("td"), el("th", { scope: "col" }, t("set.amber")), el("th", { scope: "col" }, t("set.red")));
  return el("table", { class: "limits", "aria-describedby": "limits-note" }, el("thead", {}, titles), rows);
}

/** Seconds of 1:30, 90:00, 1:30:00 or 2 (minutes); 0 for nothing, null for anything else. @param {string} text */
function duration(text) {
  if (!text.trim()) return 0;
  const parts = /^(?:(\d{1,2}):)?(\d{1,4})(?::([0-5]\d))?$/.exec(text.trim());
  if (!parts) return null;
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  // 1:30 is read as hours and minutes above; without a third part it is minutes and seconds.
  return parts[3] === undefined && parts[1] !== undefined ? hours * 60 + minutes : hours * 3600 + minutes * 60 + seconds;
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
    [["b"], "key.big"],
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
