// @ts-check
/** Names that have no room: the first word becomes its initial, and then the end gives way. They never wrap. */

/** What was measured for: text and room. @type {WeakMap<HTMLElement, string>} */
const measured = new WeakMap();

/** @param {Iterable<HTMLElement>} names elements whose full text is their title, or was never shortened */
export function shorten(names) {
  const places = [...names].map((place) => ({ place, full: whole(place), room: place.clientWidth }));
  const stale = places.filter(({ place, full, room }) => measured.get(place) !== `${full} ${room}`);
  for (const { place, full } of stale) place.textContent = full;
  const long = stale.filter(({ place }) => place.scrollWidth > place.clientWidth);
  for (const { place, full, room } of stale) {
    measured.set(place, `${full} ${room}`);
    place.removeAttribute("title");
  }
  for (const { place, full } of long) {
    const [first, ...rest] = full.split(" ");
    place.title = full;
    if (rest.length) place.textContent = `${[...first][0]}${/[\u0590-\u05ff]/.test(first) ? "׳" : "."} ${rest.join(" ")}`;
  }
}

/** The whole name: what is shown, unless what is shown is the short form that was made of the title. @param {HTMLElement} place */
function whole(place) {
  const shown = place.textContent ?? "";
  return place.title && place.title.endsWith(shown.slice(shown.indexOf(" ") + 1)) ? place.title : shown;
}
