"""One call's story for people: the verdict, what happened, and each leg and wait as stretches of time."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from calltrack.core.changes import Change
from calltrack.core.records import Call, Seconds
from calltrack.serve.security.scope import Scope
from calltrack.words.sentences import what, where
from calltrack.words.timeline import Stretch


class Line(Struct, frozen=True):
    """One change in words; `position` is its frame, `at` UTC epoch s. Strangers' text is as they wrote it."""

    position: int
    at: Seconds | None
    change: str
    where: str
    what: str
    inferred: str


class CallStory(Struct, frozen=True):
    """A call with its story; `complete` is False if the story's beginning is no longer kept."""

    position: str
    now: float | None
    call: Call
    verdict: str
    story: list[Line]
    timeline: list[Stretch]
    complete: bool


def lines(changes: Iterable[Change], scope: Scope) -> list[Line]:
    """Each change in words, as this role sees it."""
    return [
        Line(one.position, one.at, type(one).__name__, where(one), what(one), getattr(one, "inferred", ""))
        for one in map(scope.shown, changes)
    ]
