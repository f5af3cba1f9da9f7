"""One call's story for people: what happened, in words, and each leg and wait as stretches of time."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core.changes import Change, LegChange, QueueChange
from calltrack.core.records import Call, Seconds
from calltrack.serve.security.scope import Scope
from calltrack.words.sentences import what, where


class Line(Struct, frozen=True):
    """One change in words; `position` is its frame, `at` UTC epoch s. Strangers' text is as they wrote it."""

    position: int
    at: Seconds | None
    change: str
    where: str
    what: str
    inferred: str


class Stretch(Struct, frozen=True):
    """A time that a leg ("SIP1 #2") or a wait ("queue 55") was in one state; `until` is None while it lasts."""

    row: str
    exten_user: str
    queue_id: str
    attempt: int
    state: str
    since: Seconds
    until: Seconds | None


class CallStory(Struct, frozen=True):
    """A call with its story; `complete` is False if the story's beginning is no longer kept."""

    position: str
    now: float | None
    call: Call
    story: list[Line]
    timeline: list[Stretch]
    complete: bool


def lines(changes: Iterable[Change], scope: Scope) -> list[Line]:
    """Each change in words, as this role sees it."""
    return [
        Line(one.position, one.at, type(one).__name__, where(one), what(one), getattr(one, "inferred", ""))
        for one in map(scope.shown, changes)
    ]


def timeline(changes: Iterable[Change]) -> list[Stretch]:
    """The stretches of every leg and wait, in the order in which they began."""
    stretches: list[Stretch] = []
    current: dict[tuple[str, int], int] = {}
    for change in changes:
        if isinstance(change, LegChange):
            leg = change.leg
            key, state, since, over = (leg.exten_user, leg.attempt), leg.state, leg.since, leg.ended_at is not None
            begun = Stretch(
                f"{leg.exten_user} #{leg.attempt}", leg.exten_user, "", leg.attempt, state, since or 0, None
            )
        elif isinstance(change, QueueChange):
            wait = change.wait
            key, over = (f"queue {wait.queue_id}", 0), wait.left_at is not None
            since = wait.left_at if over else wait.joined_at
            begun = Stretch(key[0], "", wait.queue_id, 0, wait.state, since or 0, None)
        else:
            continue
        if since is None:
            continue
        if (number := current.pop(key, None)) is not None:
            stretches[number] = replace(stretches[number], until=since)
        if not over:
            current[key] = len(stretches)
            stretches.append(begun)
    return stretches
