"""The columns of the exported tables: the rows' fields, times as UTC timestamps, ids as text."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec

from calltrack.figures import TABLES, Step
from calltrack.figures.rows import Spell

Kind = Literal["text", "integer", "seconds", "timestamp", "boolean", "texts", "spells", "steps"]

_TIMES = {"started", "answered_at", "ended_at", "joined_at", "left_at", "since", "until", "confirmed_at"}
_INTEGERS = {"attempt", "legs", "rings", "rounds", "c2c", "status", "missed", "transfers", "consultations", "agents"}
_BOOLEANS = {"answered", "picked_up", "rang", "internal"}

_TABLE_OF = {kind: name for name, kind in TABLES.items()}


class Column(NamedTuple):
    """A column: its name, what kind of values it has, what it says, and how a field's value becomes one of them."""

    name: str
    kind: Kind
    says: str
    value: Callable[[Any], Any]


@cache
def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table, in order."""
    says = _documented(TABLES[table])
    return tuple(_column(field.name, says.get(field.name, "")) for field in msgspec.structs.fields(TABLES[table]))


def table_of(row: msgspec.Struct) -> str:
    """The table that a row belongs to."""
    return _TABLE_OF[type(row)]


def values(row: msgspec.Struct, found: tuple[Column, ...]) -> list[Any]:
    """A row's values, in the order of its columns."""
    return [column.value(getattr(row, column.name)) for column in found]


def _column(name: str, says: str) -> Column:
    if name in _TIMES:
        return Column(name, "timestamp", says, timestamp)
    if name.endswith("_s"):
        return Column(name, "seconds", says, _number)
    if name in _INTEGERS:
        return Column(name, "integer", says, _same)
    if name in _BOOLEANS:
        return Column(name, "boolean", says, _same)
    if name in ("related", "calls"):
        return Column(name, "texts", says, list)
    if name == "spells":
        return Column(name, "spells", says, _spells)
    if name == "journey":
        return Column(name, "steps", says, _steps)
    return Column(name, "text", says, _text)


def timestamp(epoch: float | None) -> datetime | None:
    """A moment as a datetime in UTC."""
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _same(value: Any) -> Any:
    return value


def _text(value: object) -> str | None:
    """Text; ids are numbers or text as the vendor likes, so all of them are text. None if there is none."""
    return None if value is None or value == "" else str(value)


def _spells(found: tuple[Spell, ...]) -> list[dict[str, Any]]:
    return [
        {"state": spell.state.value, "since": timestamp(spell.since), "until": timestamp(spell.until)}
        for spell in found
    ]


def _steps(found: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [
        {
            **msgspec.structs.asdict(step),
            "agent_id": _text(step.agent_id),
            "since": timestamp(step.since),
            "until": timestamp(step.until),
            "seconds": _number(step.seconds),
        }
        for step in found
    ]


def _documented(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What the strings below a class's fields say; they are there for readers of the source, and for docs/tables.md."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for node, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(below, ast.Expr):
            assert isinstance(below.value, ast.Constant)
            found[node.target.id] = str(below.value.value)
    return found
