"""What to say when a filter or an id matches nothing: that it does, and what is nearest to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from calltrack.words.values import safe

_MOST = 3


def nearest(wanted: str, known: Iterable[str]) -> list[str]:
    """The names most like the wanted one, best first; those that contain it come before."""
    names = {name.lower(): name for name in known if name}
    inside = [name for low, name in names.items() if len(wanted) > 2 and wanted.lower() in low][:_MOST]
    close = difflib.get_close_matches(wanted.lower(), names, n=_MOST, cutoff=0.5)
    return list(dict.fromkeys([*inside, *(names[low] for low in close)]))[:_MOST]


def no_such(kind: str, wanted: str, known: Iterable[str], where: str) -> str:
    """`no extension SIP9 in events.jsonl; the nearest: SIP1, SIP2`."""
    names = sorted(set(known) - {""})
    said = f"no {kind} {safe(wanted)} in {safe(where)}"
    if not names:
        return f"{said}, and no other either"
    if found := nearest(wanted, names):
        return f"{said}; the nearest: {safe(', '.join(found))}"
    if len(names) <= 2 * _MOST:
        return f"{said}; there are {safe(', '.join(names))}"
    return f"{said}; none of its {len(names)} is like it, {safe(names[0])} for example"
