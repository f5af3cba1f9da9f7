// @ts-check
/** What somebody or something is doing, as it is shown: one name, one icon, one timer, and its limit. */

import { hasStatus } from "./words.js";

/** @typedef {import("./store.js").Extension} Extension */
/** @typedef {import("./store.js").Call} Call */
/** @typedef {import("./store.js").Store} Store */

/**
 * @typedef {object} Doing
 * @property {string} kind a row of KINDS
 * @property {string} label a key of words.js, or the vendor's own name
 * @property {number | null} since server time
 * @property {string} limit what the account's limits call it, "" for none
 */

/** Every kind: its icon, in the order in which they are listed; who can help comes first. @type {Record<string, string>} */
export const KINDS = {
  queued: "queued",
  available: "available",
  ringing: "ringing",
  dialing: "dialing",
  talking: "talking",
  spying: "spying",
  hold: "hold",
  paused: "paused",
  unknown: "unknown",
  out: "out",
  ended: "ended",
};

/** State of a leg, call or extension → kind. @type {Record<string, string>} */
const OF_STATE = {
  Talking: "talking",
  Hold: "hold",
  Ringing: "ringing",
  Dialing: "dialing",
  Spying: "spying",
  Queued: "queued",
  Unknown: "unknown",
  Hungup: "ended",
  Idle: "available",
};

const LOGIN = 1;
const LOGOUT = 2;

/** @param {string} state @returns {string} */
export function kindOf(state) {
  return OF_STATE[state] ?? "unknown";
}

/** The status of the agent, a key of words.js or the account's own name for it. @param {Extension} extension */
export function statusLabel(extension) {
  const number = extension.agent_status;
  if (number === null) return "status.none";
  return extension.agent_status_name || hasStatus(number) ? `status.${number}` : `#${number}`;
}

/**
 * What an agent does: what the phone does, or else what the agent's status says.
 * @param {Extension} extension
 * @param {Store} store
 * @returns {Doing}
 */
export function doing(extension, store) {
  if (store.lost) return { kind: "unknown", label: "state.Unknown", since: store.lostSince, limit: "" };
  if (extension.state === "Unknown") {
    return { kind: "unknown", label: "state.Unknown", since: extension.unknown_since ?? extension.since, limit: "" };
  }
  if (extension.state !== "Idle") {
    const kind = kindOf(extension.state);
    return { kind, label: `state.${extension.state}`, since: extension.since, limit: extension.state };
  }
  const { agent_status: status, agent_status_since: since } = extension;
  if (status === LOGOUT || (status === null && extension.agent_id === null)) {
    return { kind: "out", label: "status.2", since, limit: "" };
  }
  if (status === LOGIN || status === null) {
    const free = extension.since === null || since === null ? extension.since ?? since : Math.max(extension.since, since);
    return { kind: "available", label: "state.Available", since: free, limit: "Available" };
  }
  return { kind: "paused", label: statusLabel(extension), since, limit: String(status) };
}

/**
 * A caller's name, "" if it only says the number or the queue again, as the vendor fills it in.
 * @param {{caller: string, caller_name: string}} one
 * @param {string} queueName
 */
export function callerName(one, queueName) {
  return one.caller_name === one.caller || one.caller_name === queueName ? "" : one.caller_name;
}

/** What a call does. @param {Call} call @param {Store} store @returns {Doing} */
export function callDoing(call, store) {
  if (call.state === "Hungup") return { kind: "ended", label: `outcome.${call.outcome}`, since: call.ended_at, limit: "" };
  if (store.lost) return { kind: "unknown", label: "state.Unknown", since: store.lostSince, limit: "" };
  const since = call.state === "Queued" ? call.waiting[0]?.joined_at ?? call.since : call.since;
  return { kind: kindOf(call.state), label: `state.${call.state}`, since, limit: call.state };
}
