"""Phone numbers in any notation, as one: `050-123 4567`, `+972501234567` and `00972 50 1234567` are the same number.

libphonenumber (phonenumbers) knows the notations. What it does not know, such as a short number or an extension of the
switch, is compared by its digits.
"""

from __future__ import annotations

from functools import lru_cache

REGION = "IL"
"""Where a number without a country code is from: the vendor's own country."""
_SHORTEST = 5  # digits of a part that may stand for a whole number


@lru_cache(maxsize=65_536)
def normal(text: str, region: str = REGION) -> str:
    """The number as E.164 (`+972501234567`), else its digits alone; "" if it has none."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

    digits = "".join(filter(str.isdecimal, text))
    if not digits:
        return ""
    for spelled in (text, f"+{digits}"):  # the vendor leaves the plus out
        try:
            number = parse(spelled, region)
        except NumberParseException:
            continue
        if is_possible_number(number):
            return format_number(number, PhoneNumberFormat.E164)
    return digits


def same(one: str, other: str) -> bool:
    """Whether two texts are the same phone number, or the second is the last five digits or more of the first."""
    if not one or not other:
        return False
    if normal(one) == normal(other):
        return True
    part = "".join(filter(str.isdecimal, other)).lstrip("0")
    return len(part) >= _SHORTEST and "".join(filter(str.isdecimal, normal(one))).endswith(part)
