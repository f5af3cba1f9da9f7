"""Phone numbers in texts, reduced to their last two digits.

Two readers look at every text, and what either takes for a number is hidden:

* phonenumbers (Google's libphonenumber) knows how numbers are written, extensions included;
* a run of digits with anything but letters between them is hidden whatever it is, because a role that must not see
  numbers is better shown too little. Digits are those of any script, also those in circles. What JSON spells with a
  backslash, however often it is wrapped, is read as the character that it is.

Dates with a time are left as they are: they are not numbers, and a story without them says nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from phonenumbers import Leniency, PhoneNumberMatcher

from calltrack.words.numbers import REGION, plain

_LONGEST = 1000  # characters of a text in which the library looks; its time is not linear
_PAD = "\0"  # where a spelling is longer than its character
_SPELLED = re.compile(r"\\+(?:u([\da-fA-F]{4})|[bfnrt])")
_RUN = re.compile(rf"[+*#(]*\d(?:[\W_]*\d){{4,}}{_PAD}*|[*#]\d{{3,}}")
_SHORT = re.compile(rf"[+*#(]*\d(?:[\W_]*\d){{2,}}{_PAD}*")
_TIME = re.compile(
    r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-6]\d(?:\.\d{1,6})?)?Z?(?!\d)"
)
_WHOLE = re.compile(r"\+?\d{5,}", re.ASCII)


@lru_cache(maxsize=16_384)
def masked(text: str, *, number: bool = False) -> str:
    """The text with each phone number as "…67"; `number` is whether it is one by itself, however short."""
    if _WHOLE.fullmatch(text):
        return f"…{text[-2:]}"
    # Of the same length, so that what is found in it stands at the same place in the text.
    ascii_text = plain(_SPELLED.sub(_spelled, text))
    run = _SHORT if number else _RUN
    if not run.search(ascii_text):
        return text
    parts, shown = [], 0
    for begin, end in _spans(_TIME.sub(lambda found: "x" * len(found[0]), ascii_text), run):
        last = [one for one in ascii_text[begin:end] if one.isdigit()][-2:]
        parts += [text[shown:begin], f"…{''.join(last)}"]
        shown = end
    return "".join([*parts, text[shown:]])


def _spelled(found: re.Match[str]) -> str:
    return (chr(int(found[1], 16)) if found[1] else " ").ljust(len(found[0]), _PAD)


def _spans(text: str, run: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where numbers are, in order, none of them overlapping."""
    found = [one.span() for one in run.finditer(text)]
    if len(text) <= _LONGEST:
        matcher = PhoneNumberMatcher(text, REGION, leniency=Leniency.POSSIBLE)
        found += [(one.start, one.end) for one in matcher]
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if merged and begin < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged
