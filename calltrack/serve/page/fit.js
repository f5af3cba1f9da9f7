// @ts-check
/** On a big screen nobody scrolls: the cards are made as small as it takes for all to be in sight. */

import { byId } from "./dom.js";

const SCALES = Array.from({ length: 19 }, (_, step) => 1.4 - step * 0.05);

/** What the last measurement was made for. */
let measured = "";

/** @param {string} what names everything that the size depends on, "" if nothing is to be fitted */
export function fit(what) {
  const wanted = what && `${what} ${innerWidth} ${innerHeight}`;
  if (wanted === measured) return;
  measured = wanted;
  const place = byId("agent-groups");
  if (!what) {
    place.style.removeProperty("--fit");
    return;
  }
  for (const scale of SCALES) {
    place.style.setProperty("--fit", String(scale));
    if (place.scrollHeight <= place.clientHeight) return;
  }
}
