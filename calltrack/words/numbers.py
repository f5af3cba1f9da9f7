"""Phone numbers in any notation, as one: `050-123 4567`, `+972501234567` and `00972 50 1234567` are the same number.

libphonenumber (phonenumbers) knows the notations. What it does not know, such as a short number or an extension of the
switch, is compared by its digits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import digit

REGION = "IL"
"""Where a number without a country code is from: the vendor's own country."""
_SHORTEST = 5  # digits of a part that may stand for a whole number
_WRITTEN = re.compile(r"(?:tel:)?[\W_]*\d(?:[\W_]{0,4}\d){4,}[\W_]*", re.IGNORECASE)


def plain(text: str) -> str:
    """The text with the digits of any script as those of ASCII, also those in circles; of the same length."""
    return text if text.isascii() else "".join(map(_ascii_digit, text))


def digits(text: str) -> str:
    """Its digits, as those of ASCII."""
    return "".join(filter(str.isdecimal, plain(text)))


def is_number(text: str) -> bool:
    """Whether a text can be a phone number: five digits or more, and nothing but signs between them."""
    return _WRITTEN.fullmatch(plain(text)) is not None


@lru_cache(maxsize=65_536)
def normal(text: str, region: str = REGION) -> str:
    """The number as E.164 (`+972501234567`), else its digits alone; "" if it has none."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

    bare = digits(text)
    if not bare:
        return ""
    for spelled in (text, bare, f"+{bare}"):  # odd signs between the digits; and the vendor leaves the plus out
        try:
            number = parse(spelled, region)
        except NumberParseException:
            continue
        if is_possible_number(number):
            return format_number(number, PhoneNumberFormat.E164)
    return bare


def same(one: str, other: str) -> bool:
    """Whether two texts are the same phone number, or the second is the last five digits or more of the first."""
    if not one or not other:
        return False
    if normal(one) == normal(other):
        return True
    part = digits(other).lstrip("0")
    return len(part) >= _SHORTEST and digits(normal(one)).endswith(part)


def _ascii_digit(one: str) -> str:
    value = digit(one, None)
    return one if value is None else str(value)
