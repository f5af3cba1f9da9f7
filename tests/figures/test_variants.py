"""The small days of fixtures/cases in other forms, which change nothing of what is right: tables and figures stay."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calltrack import Frame, Tracker
from calltrack.figures import TABLES, Facts, report

Item = tuple[str, Any]  # an event's name and its payload
CASES = sorted((Path(__file__).parents[2] / "fixtures" / "cases").glob("*.jsonl"), key=lambda path: path.stem)
_EVENTS = ("ExtensionEvent", "QueueEvent")
_HOW = (
    *("attempt", "confirmed_position", "confirmed_at", "missed", "unsure_s", "least_s", "most_s"),
    *("bounds", "coverage", "journey"),
)
"""How the frames came and what evidence they are, not what they say."""
_TIMES = ("started", "answered_at", "ended_at", "joined_at", "left_at", "since", "until", "spells")


def made_of(items: list[Item], *, without: tuple[str, ...] = _HOW) -> Any:
    """Rows of all tables, in no order, and the report; numbers and ids in one type."""
    tracker, facts = Tracker(), Facts()
    for event, payload in items:
        facts.apply(tracker.feed(Frame.of(event, payload)), tracker.time)
    facts.learn(tracker.snapshot())
    found: dict[str, Any] = {"report": _without(_plain(json.loads(msgspec.json.encode(report(facts)))), without)}
    for table in TABLES:
        rows = [_plain(msgspec.to_builtins(row)) for row in getattr(facts, table)]
        found[table] = sorted(({k: v for k, v in row.items() if k not in without} for row in rows), key=str)
    return found


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number or (isinstance(value, str) and value.isdigit()) else value


def inside(event: str, payload: Any) -> Item:
    """What stands outside `data`, inside."""
    if event in _EVENTS:
        payload = {"data": {**{key: value for key, value in payload.items() if key != "data"}, **payload["data"]}}
    return event, payload


def noisy(event: str, payload: Any) -> Item:
    """Fields that nothing knows."""
    return event, {**_changed(payload, lambda key, value: [{**one, "new": {"a": [1]}} for one in value])}


def texts(event: str, payload: Any) -> Item:
    """Numbers as texts."""
    return event, {key: _texts(value) for key, value in payload.items()}


def floats(event: str, payload: Any) -> Item:
    """Whole numbers with a fraction of 0."""
    return event, json.loads(
        json.dumps(payload), parse_int=lambda digits: float(digits) if len(digits) > 9 else int(digits)
    )


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return str(value) if isinstance(value, int) else value


def _changed(payload: Any, change: Callable[[str, Any], Any]) -> Any:
    data = payload.get("data")
    if not isinstance(data, dict):
        return {**payload, "new": 1}
    return {
        **payload,
        "data": {key: change(key, value) if key in ("calls", "Calls") else value for key, value in data.items()},
    }


def items_of(path: Path) -> list[Item]:
    """The frames of a case."""
    return [(event, payload) for event, payload in map(json.loads, path.read_text(encoding="utf-8").splitlines())]


def _device(item: Item) -> str:
    data = item[1].get("data") or {} if item[0] in _EVENTS else {}
    return str(data.get("extenUser") or data.get("QueueID") or "")


def swaps(items: list[Item]) -> Iterator[list[Item]]:
    """Two neighbours of one second and of different phones or queues, in the other order."""
    for n, (one, other) in enumerate(pairwise(items)):
        near = abs(one[1]["servertime"] - other[1]["servertime"]) <= 1
        if near and _device(one) and _device(other) and _device(one) != _device(other):
            yield [*items[:n], other, one, *items[n + 2 :]]


def echoes(items: list[Item]) -> Iterator[list[Item]]:
    """An event once more: at once, after the next three, at the end."""
    for n, item in enumerate(items):
        if item[0] in _EVENTS:
            for place in {n + 1, len(items)}:
                yield [*items[:place], item, *items[place:]]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("form", [inside, noisy, texts, floats])
def test_another_form_says_the_same(path: Path, form: Callable[[str, Any], Item]) -> None:
    """Of each frame (field guide §1)."""
    items = items_of(path)

    assert made_of(items) == made_of([form(*item) for item in items])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_order_within_a_second_and_echoes_change_nothing(path: Path) -> None:
    """Ruling 4."""
    items = items_of(path)
    expected = made_of(items)

    others = [*swaps(items), *echoes(items)]
    assert all(expected == made_of(found) for found in others[:: 1 + len(items) // 20])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_durations_and_rings_need_no_offset(path: Path) -> None:
    """Ruling 3."""
    items = items_of(path)
    bare = [
        (event, {key: value for key, value in payload.items() if key != "servertimeoffset"}) for event, payload in items
    ]

    mine, theirs = made_of(bare, without=_HOW + _TIMES), made_of(items, without=_HOW + _TIMES)
    for table in ("calls", "legs", "queue_entries"):
        assert theirs[table] == mine[table]
