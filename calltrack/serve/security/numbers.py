"""Phone numbers in texts, reduced to their last two digits.

Two readers look at every text, and what either takes for a number is hidden:

* phonenumbers (Google's libphonenumber) knows how numbers are written, extensions included;
* a run of digits with anything but letters between them is hidden whatever it is, because a role that must not see
  numbers is better shown too little. Digits are those of any script, also those in circles.

Dates with a time are left as they are: they are not numbers, and a story without them says nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import digit

from phonenumbers import Leniency, PhoneNumberMatcher

_REGION = "IL"
"""Where a number without a country code is from; the vendor's own."""
_LONGEST = 1000  # characters of a text in which the library looks; its time is not linear
_RUN = re.compile(r"[+*#(]*\d(?:[\W_]{0,4}\d){4,}|[*#]\d{3,}")
_SHORT = re.compile(r"[+*#(]*\d(?:[\W_]{0,4}\d){2,}")
_TIME = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d[ T][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d{1,6})?)?Z?(?!\d)")
_WHOLE = re.compile(r"\+?\d{5,}", re.ASCII)


@lru_cache(maxsize=16_384)
def masked(text: str, *, number: bool = False) -> str:
    """The text with each phone number as "…67"; `number` is whether it is one by itself, however short."""
    if _WHOLE.fullmatch(text):
        return f"…{text[-2:]}"
    # Of the same length, so that what is found in it stands at the same place in the text.
    plain = text if text.isascii() else "".join(map(_ascii_digit, text))
    run = _SHORT if number else _RUN
    if not run.search(plain):
        return text
    parts, shown = [], 0
    for begin, end in _spans(_TIME.sub(lambda found: "x" * len(found[0]), plain), run):
        last = [one for one in plain[begin:end] if one.isdigit()][-2:]
        parts += [text[shown:begin], f"…{''.join(last)}"]
        shown = end
    return "".join([*parts, text[shown:]])


def _spans(plain: str, run: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where numbers are, in order, none of them overlapping."""
    found = [one.span() for one in run.finditer(plain)]
    if len(plain) <= _LONGEST:
        matcher = PhoneNumberMatcher(plain, _REGION, leniency=Leniency.POSSIBLE)
        found += [(one.start, one.end) for one in matcher]
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if merged and begin < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _ascii_digit(one: str) -> str:
    value = digit(one, None)
    return one if value is None else str(value)
