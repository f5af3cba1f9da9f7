"""What a text holds of records: a notification's body, a Call Log answer, or a table with their fields as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from calltrack.cdr.table import plain
from calltrack.cdr.wire import HIDDEN, Record, as_number, as_text
from calltrack.core.errors import CalltrackError

_IDS = ("ivruniqueid", "CallID", "CALLID", "IVR_UNIQUE_ID", "IvrUniqueID", "ivrid")
_STARTS = ("time", "Date", "DateEpoch")
_LENGTHS = ("duration", "Duration")
_OTHERS = ("calls", "Calls", "currentCall", "event", "servertime")  # a frame has one of these, a record none
_LIST = "CDR_LIST"
_ERRORS = {
    1: "asked too fast; wait 5 s",
    2: "the code was refused",
    4: "this address is not permitted",
    5: "the range of dates is not valid",
}

NAMES: tuple[str, ...] = tuple(
    name for field in msgspec.structs.fields(Record) if not (name := field.encode_name).startswith(HIDDEN)
)
"""Every field of a record that is read."""
_BY_PLAIN = {plain(name): name for name in reversed(NAMES)}
_LEAST_KNOWN = 3

_list = msgspec.json.Decoder(list[Raw])
_any = msgspec.json.Decoder()


class CallLogRefused(CalltrackError):
    """A Call Log answer is an error of the vendor's; `number` is its ERROR_NUMBER, 0 if it has none."""

    def __init__(self, number: int, text: str = ""):
        why = _ERRORS.get(number, text or "no reason given")
        super().__init__(
            f"the Call Log answered with error {number}: {why}" if number else f"no Call Log answer: {why}"
        )
        self.number = number


class OtherColumns(CalltrackError):
    """A table looks like one of calls, but lacks columns without which its rows cannot be read."""


def records_of(fields: Mapping[str, Raw]) -> list[bytes] | None:
    """The records in a JSON object, each as JSON; None if it holds none. Raises CallLogRefused."""
    if _LIST in fields or "ERROR_NUMBER" in fields:
        number = _value(fields.get("ERROR_NUMBER"))
        if number not in (None, "", 0, "0"):
            raise CallLogRefused(int(as_number(number) or 0), as_text(_value(fields.get("ERROR_DESCRIPTION"))))
        try:
            return [bytes(item) for item in _list.decode(fields.get(_LIST, Raw(b"[]")))]
        except msgspec.DecodeError:
            raise CallLogRefused(0, f"{_LIST} is not a list") from None
    if any(name in fields for name in _OTHERS):
        return None
    if all(any(name in fields for name in names) for names in (_IDS, _STARTS, _LENGTHS)):
        return [msgspec.json.encode(dict(fields))]
    return None


def lacking(fields: Mapping[str, Raw], count: int) -> str:
    """What a Call Log answer of so many records does not have, in words; "" if it has all."""
    known = [int(found) for name in ("TOTAL_HITS", "RETURN_HITS") if (found := as_number(_value(fields.get(name))))]
    most = max(known, default=0)
    return f"the Call Log answer has {count} of {most} records; ask for shorter times" if most > count else ""


NEEDED = (
    f"it needs the columns {'; '.join(' or '.join(fields) for fields in (_IDS[:2], _STARTS, _LENGTHS))}, "
    "named as in a CDR notification or a Call Log answer"
)
"""Of a table of calls, in words."""


def columns_of(heading: Sequence[str]) -> dict[int, str] | None:
    """Which column of a table is which field of a record; None if it is no table of calls. Raises OtherColumns.

    Of two columns of one field the first counts, but one that is spelled as the field is counts before others.
    """
    by_name: dict[str, int] = {}
    for n, name in enumerate(heading):
        known = name.strip() if name.strip() in NAMES else _BY_PLAIN.get(plain(name), "")
        if known and (known not in by_name or (name.strip() == known != heading[by_name[known]].strip())):
            by_name[known] = n
    found = {n: name for name, n in by_name.items()}
    names = set(by_name)
    if len(names) < _LEAST_KNOWN:
        return None
    lacks = [
        what
        for what, fields in (("an id", _IDS), ("a start", _STARTS), ("a duration", _LENGTHS))
        if not names & set(fields)
    ]
    if lacks:
        raise OtherColumns(f"a table of calls without {' and '.join(lacks)}: {NEEDED}")
    return found


def row_of(cells: Sequence[str], columns: Mapping[int, str]) -> bytes:
    """A row of such a table as a record's JSON; empty cells say nothing."""
    return msgspec.json.encode({name: cells[n] for n, name in columns.items() if n < len(cells) and cells[n].strip()})


def _value(raw: Raw | None) -> object:
    return None if raw is None else _any.decode(raw)
