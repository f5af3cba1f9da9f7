"""Receive times as people's tools write them: epochs in s, ms, µs or ns, and ISO 8601 with an offset.

A local time without an offset is not taken: it would be a guess.
"""

from __future__ import annotations

import re
from datetime import datetime

_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?"
    r"\s?(Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d(?!\d)|[+-]\d\d(?![\d:]))?"
)


def epoch(value: object) -> float | None:
    """A number or text as UTC epoch s; None if it is not clearly a moment between 2000 and 2100."""
    if isinstance(value, str):
        if iso := _ISO.fullmatch(value.strip()):
            return _moment(iso)
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for scale in (1, 1e3, 1e6, 1e9):
        if _EARLIEST < value / scale < _LATEST:
            return value / scale
    return None


def first_in(text: str) -> float | None:
    """The first ISO time in a text, as UTC epoch s; None if it has no offset, or there is none."""
    iso = _ISO.search(text)
    return _moment(iso) if iso else None


def _moment(iso: re.Match[str]) -> float | None:
    day, clock, fraction, offset = iso.groups()
    if offset is None:
        return None
    zone = "+00:00" if offset in ("Z", "UTC", "GMT") else offset
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{zone}").timestamp()
    except ValueError:
        return None
    return whole + float(f"0.{fraction}") if fraction else whole
