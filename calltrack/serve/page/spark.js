// @ts-check
/** A line of the last hour: grey blocks where nothing was observed, a dashed limit, a dot for now. It runs left to right everywhere. */

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [100, 40, 3];

/**
 * @typedef {object} Line
 * @property {(number | null)[]} values @property {number} since @property {number} until
 * @property {[number, number][]} gaps @property {number | null} limit
 * @property {number | null} now what is the last value instead; null ends the line where it is known to end
 */

/** @param {string} tag @param {Record<string, string>} attributes */
function made(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export class Spark {
  constructor() {
    this.svg = made("svg", {
      class: "spark",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    this.drawn = "";
  }

  /** @param {Line | null} line null if there is none yet */
  draw(line) {
    const key = JSON.stringify(line);
    if (key === this.drawn) return;
    this.drawn = key;
    this.svg.replaceChildren(...(line ? parts(line) : []));
  }
}

/** @param {Line} line */
function parts({ values, since, until, gaps, limit, now }) {
  const points = values.map((value, index) => ({
    at: since + ((until - since) * index) / Math.max(1, values.length - 1),
    value,
  }));
  const last = points.at(-1);
  if (last && now !== null) last.value = now;
  const top = Math.max(1e-9, limit ?? 0, ...points.map((one) => one.value ?? 0)) * 1.08;
  /** @param {number} at */
  const x = (at) => (EDGE + ((at - since) / (until - since)) * (WIDTH - 2 * EDGE)).toFixed(2);
  /** @param {number} value */
  const y = (value) => (HEIGHT - EDGE - (value / top) * (HEIGHT - 2 * EDGE)).toFixed(2);
  const drawing = gaps.map(([from, to]) =>
    made("rect", {
      class: "gap",
      x: x(from),
      y: "0",
      width: String(Math.max(1.5, Number(x(to)) - Number(x(from)))),
      height: String(HEIGHT),
    }),
  );
  if (limit !== null) drawing.push(made("path", { class: "limit", d: `M0 ${y(limit)}H${WIDTH}` }));
  let path = "";
  let before = -Infinity;
  for (const { at, value } of points) {
    if (value === null) {
      before = -Infinity;
      continue;
    }
    const broken = gaps.some(([from, to]) => from < at && to > before);
    path += `${before === -Infinity || broken ? "M" : "L"}${x(at)} ${y(value)}`;
    before = at;
  }
  drawing.push(made("path", { class: "line", d: path }));
  if (now !== null && last) drawing.push(made("path", { class: "dot", d: `M${x(last.at)} ${y(now)}h0` }));
  return drawing;
}
