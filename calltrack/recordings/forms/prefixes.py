"""Lines of logs and of terminals: a time, words and marks before the JSON or packet, and something behind it."""

from __future__ import annotations

import re
from typing import NamedTuple

from calltrack.recordings.forms.pieces import is_event
from calltrack.recordings.forms.times import first_in

_STARTS = re.compile(r'[{\[]|(?<![\w.:-])42(?:/[^,\["{]*,)?\d*(?=\[)|"(?=[\[{])')
_NAME = re.compile(r"([A-Za-z]{3,40})['\"]?[\s:=,>|-]*$")
_SENT_MARK = re.compile(r"\s*(?:[>↑⬆⇧]|-->?|>>+)")
_SENT = re.compile(r"(?:\b(?:sent|sending|send|emit|emitting|emitted|outgoing)\b|[↑⬆]|>>>)\W*$", re.IGNORECASE)
_MARKS = "<>↑↓⬆⬇⇧⇩ \t"
_LONGEST, _NEAR = 1000, 60  # characters of a prefix, and of it what stands next to the value
_MOST = 12  # starts that are tried in one line
_AFTER = re.compile(
    r"[\s,;)\]}'\"`|]*(?:\d+(?:\.\d+)?\s*(?:B|kB|KB|bytes)?\s+)?(?:\d\d:\d\d:\d\d(?:\.\d+)?)?[\s;)'\"`|]*"
    r"(?:\+\d+(?:\.\d+)?(?:ms|s|m|h)\s*)?$"  # since the line before, as Node's debug prints it
)


class Start(NamedTuple):
    """Where a line's JSON or packet may begin, and what its prefix says: time, event, whether the client sent it."""

    begin: int
    at: float | None
    name: str
    sent: bool


def starts(line: str) -> list[Start]:
    """The places in a line to try, from the left."""
    found: list[Start] = []
    for match in _STARTS.finditer(line):
        if match.start() > _LONGEST:
            break
        prefix = line[: match.start()]
        name = _NAME.search(prefix[-_NEAR:])
        event = name[1] if name and is_event(name[1]) else ""
        found.append(
            Start(
                match.start(), first_in(prefix), event, bool(_SENT_MARK.match(prefix) or _SENT.search(prefix[-_NEAR:]))
            )
        )
        if len(found) == _MOST:
            break
    return found


def is_rest(text: str) -> bool:
    """Whether what stands behind a value says nothing: punctuation, a length and a time of day, as browsers copy."""
    return _AFTER.fullmatch(text) is not None


def unmarked(text: str) -> tuple[str, bool]:
    """A text without the arrow or bracket that says which way it went, and whether the client sent it."""
    bare = text.lstrip(_MARKS)
    mark = text[: len(text) - len(bare)]
    return bare, any(char in ">↑⬆⇧" for char in mark)


def lone_name(text: str) -> str:
    """The event that a line names and nothing else, as `event: NAME` of an event stream does; "" if it does not."""
    words = text.strip().rstrip(":").split()
    if words and len(words) <= 4 and is_event(words[-1].strip("'\"")):
        before = " ".join(words[:-1])
        if not before or before.lower() == "event:" or first_in(before) is not None:
            return words[-1].strip("'\"")
    return ""


def is_copied_column(text: str) -> bool:
    """Whether a line is a length or a time of day, as a browser's list of messages is copied cell by cell."""
    return re.fullmatch(r"\d{1,9}(?:\.\d+)?(?:\s*(?:B|kB))?|\d\d:\d\d:\d\d(?:\.\d+)?|[↑↓⬆⬇]", text) is not None
