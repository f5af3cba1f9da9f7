"""Phone numbers in texts and records, and what is left of them for a role that must not see them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from calltrack import AnomalyKind, State
from calltrack.core.changes import Anomaly, CallStarted
from calltrack.core.records import Call, Leg, Wait
from calltrack.figures import CallRow
from calltrack.serve.security.numbers import masked
from calltrack.serve.security.scope import EVERYTHING, Scope

FORMS: list[Callable[[str], str]] = [
    lambda number: number,
    lambda number: f"+972{number[1:]}",
    lambda number: f"+972-{number[1:3]}-{number[3:6]}-{number[6:]}",
    lambda number: f"{number[:3]} - {number[3:6]} - {number[6:]}",
    lambda number: f"{number[:3]}/{number[3:6]}/{number[6:]}",
    lambda number: f"({number[:3]}) {number[3:6]}.{number[6:]}",
    lambda number: f"{number[:3]}_{number[3:6]}_{number[6:]}",
    lambda number: " ".join(number),
    lambda number: number.translate({ord("0") + value: 0x0660 + value for value in range(10)}),
    lambda number: number.translate({ord("0") + value: 0xFF10 + value for value in range(10)}),
    lambda number: f"rec-{number}-20260101.wav",
    lambda number: f"שיחה מ-{number[:3]}\u200e-\u200e{number[3:]}",
    lambda number: f"{number[:3]}{' ' * 9}{number[3:6]}{'-' * 9}{number[6:]}",
    lambda number: ("\u200b" * 5).join(number),
    lambda number: json.dumps("\n".join(number)),
    lambda number: json.dumps("\t\u200b\u05be".join((number[:3], number[3:6], number[6:]))),
    lambda number: json.dumps({"words": json.dumps([f"{number[:4]}\r\n{number[4:]}", "so"])}),
    lambda number: "".join(f"\\u{ord(one):04x}" for one in number),
    lambda number: f"{number[:2]}-{number[2:]} ext. 12",
    lambda number: f"tel:{number};from Lois Lane",
]
"""How people and systems write a number."""


@pytest.mark.parametrize("form", FORMS)
def test_a_number_is_reduced_to_its_last_digits(form: Callable[[str], str]) -> None:
    """However it is written."""
    shown = masked(f"Lois {form('0501234567')}")

    assert shown.startswith("Lois ")
    assert "…" in shown
    assert "01234" not in digits(shown)
    assert "…67" in shown or "ext" in form("0501234567") or "rec" in form("0501234567")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Anonymous",
        "Lois Lane 2",
        "Team 5",
        "queue 55",
        "since 2026-01-01 07:00:05Z",
        "2026-01-01 07:00",
        r"5 \n 55 \u05d0",
    ],
)
def test_other_texts_stay(text: str) -> None:
    """Names, short numbers, and moments."""
    assert text == masked(text)


@pytest.mark.parametrize(
    ("text", "shown"), [("102", "…02"), ("*2345", "…45"), ("12", "12"), ("Anonymous", "Anonymous")]
)
def test_what_is_a_number_by_itself_may_be_short(text: str, shown: str) -> None:
    """Extensions and star numbers, in the fields of callers."""
    assert shown == masked(text, number=True)


@pytest.mark.parametrize("text", ["2050-13-24 05:01", "2050-12-34 05:01:23", "2050-00-24 05:01", "2050-12-24 25:01"])
def test_what_is_no_moment_is_a_number(text: str) -> None:
    """Its month, day or hour does not exist."""
    assert text[:4] not in masked(text)


@pytest.mark.parametrize("name", ["caller", "did", "dialed_number", "presented_number", "original_caller"])
def test_a_field_of_a_number_is_hidden_however_short(name: str) -> None:
    """Of every record that has it."""
    kinds: list[Any] = [kind for kind in (Call, CallRow, CallStarted, Leg, Wait) if name in kind.__struct_fields__]
    assert kinds
    for kind in kinds:
        record = kind(**dict.fromkeys(kind.__struct_fields__, "") | {name: "102"})
        assert "…02" == getattr(Scope(phone_numbers=False).shown(record), name)


def test_a_long_text_takes_no_long_time() -> None:
    """The library is not asked about a text of any length; what has a number in it is hidden all the same."""
    text = "0501234567 " + "1 2" * 100_000 + ("a1" + " " * 1000) * 100

    assert "0501234567" not in masked(text)


def test_texts_that_come_later_are_hidden_as_well() -> None:
    """Every text of a record is looked at, wherever it stands; ids are not."""
    scope = Scope(phone_numbers=False)
    change = Anomaly(1, 2.0, AnomalyKind.BAD_VALUE, "of 0501234567")
    started = CallStarted(1, 2.0, "0501234567", State.RINGING, "Incoming", "102", "x", "03-7654321", 1.0)

    assert "of …67" == scope.shown(change).detail
    shown = scope.shown(started)
    assert ("0501234567", "…02", "…21") == (shown.call_id, shown.caller, shown.did)
    assert change is EVERYTHING.shown(change)


def digits(text: str) -> str:
    """A text's digits alone, as ASCII."""
    return re.sub(r"\D", "", "".join(str(unicodedata.digit(one, one)) for one in text))
