// @ts-check
/** Names that have no room: the first word becomes its initial, and then the end gives way. They never wrap. */

/** The whole names. @type {WeakMap<HTMLElement, string>} */
const names = new WeakMap();

/** What was measured for: the name and its room. @type {WeakMap<HTMLElement, string>} */
const measured = new WeakMap();

/** Have an element show a name, as short as its room makes it. @param {HTMLElement} place @param {string} name */
export function call(place, name) {
  if (names.get(place) === name) return;
  names.set(place, name);
  place.textContent = name;
}

/** Shorten those that have no room; all are measured together before any is altered. @param {Iterable<HTMLElement>} places */
export function shorten(places) {
  const all = [...places].map((place) => ({ place, name: names.get(place) ?? "", room: place.clientWidth }));
  const stale = all.filter(({ place, name, room }) => name && measured.get(place) !== `${name} ${room}`);
  for (const { place, name } of stale) place.textContent = name;
  const long = stale.filter(({ place }) => place.scrollWidth > place.clientWidth);
  for (const { place, name, room } of stale) {
    measured.set(place, `${name} ${room}`);
    place.removeAttribute("title");
  }
  for (const { place, name } of long) {
    const [first, ...rest] = name.split(" ");
    place.title = name;
    if (rest.length) place.textContent = `${[...first][0]}${/[\u0590-\u05ff]/.test(first) ? "׳" : "."} ${rest.join(" ")}`;
  }
}
