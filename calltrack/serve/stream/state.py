"""The state as clients are given it: the whole of it, and what a batch of changes has altered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct

from calltrack.core.records import Call, Extension, Gap, Queue, Seconds
from calltrack.core.replica import without_evidence
from calltrack.core.snapshot import Snapshot
from calltrack.serve.security.scope import Scope

if TYPE_CHECKING:
    from calltrack.feed.source import Source
    from calltrack.feed.wallclock import ServerClock

_RECENT = 50
"""Ended calls in the state."""


class Time(Struct, frozen=True):
    """What time it is, and whether what is shown is known.

    `time` is the server time of the last frame; `now` the server's time now, which goes on between frames, `speed`
    times as fast as life (0 when the source has ended); both UTC epoch s, None if unknown. `known` is False from a lost
    connection, or a start, until the service is heard of again. `source` says in words where the frames come from.
    `stale_for`: seconds since the telephony server was last heard, be it an answer to a ping; None without a
    connection, and of the past.
    """

    position: str
    time: Seconds | None
    now: float | None
    speed: float
    known: bool
    source: str
    stale_for: float | None


class State(Time, frozen=True):
    """Everything known now: live calls, the last ended ones (newest first), extensions, queues, gaps (oldest first)."""

    calls: list[Call]
    ended: list[Call]
    extensions: list[Extension]
    queues: list[Queue]
    gaps: list[Gap]


class Update(Time, frozen=True):
    """What has altered: records to put in the place of those with their id, and ids of what is gone.

    A call in `ended` is live no longer. A call of which only the evidence is newer (`confirmed_at` and
    `confirmed_position` of its legs and waits) is not among them. `gaps` are all, or None if they are as before.
    """

    calls: list[Call]
    ended: list[Call]
    extensions: list[Extension]
    removed: list[str]
    queues: list[Queue]
    gaps: list[Gap] | None


_RECORDS = ("calls", "ended", "extensions", "queues", "gaps")


class View:
    """The state behind the stream; encoded once for each role.

    `snapshot` gives the newest state.
    """

    def __init__(self, snapshot: Callable[[], Snapshot], clock: ServerClock, source: Source) -> None:
        self._newest = snapshot
        self._clock = clock
        self._source = source
        self._snapshot: Snapshot | None = None
        self._sent: Snapshot | None = None
        self._altered: _Altered | None = None
        self._encoded: dict[Scope, bytes] = {}

    @property
    def snapshot(self) -> Snapshot:
        """Everything known now."""
        if self._snapshot is None:
            self._snapshot = self._newest()
        return self._snapshot

    def stale(self) -> None:
        """A frame was applied: what was made of the state before it holds no more."""
        self._snapshot = self._altered = None
        self._encoded.clear()

    @property
    def known(self) -> bool:
        """Whether the service has been heard of since the last loss of the connection."""
        gaps = self.snapshot.gaps
        return self.snapshot.time is not None and not (gaps and gaps[-1].until is None)

    def time(self) -> Time:
        """What time it is."""
        return Time(*self.times())

    def times(self) -> Times:
        """The fields of Time."""
        snapshot, clock, source = self.snapshot, self._clock, self._source
        stale = source.stale_for
        return (
            *(str(snapshot.position), snapshot.time, clock.now(), clock.speed, self.known, source.status()),
            None if stale is None else round(stale, 1),
        )

    def state_json(self, scope: Scope) -> bytes:
        """Everything that a role may see, as JSON."""
        if (records := self._encoded.get(scope)) is None:
            state = seen(self.snapshot, scope, self.times())
            records = self._encoded[scope] = msgspec.json.encode({name: getattr(state, name) for name in _RECORDS})
        # The time is always now, however long ago the last frame was.
        return msgspec.json.encode(self.time())[:-1] + b"," + records[1:]

    def begin_updates(self) -> None:
        """Have the next update say what alters from now on, if nothing was sent yet."""
        self._sent = self._sent or self.snapshot

    def update(self, scope: Scope) -> Update | None:
        """What has altered since the last update, as far as a role may see it; None if nothing has.

        The updates of all roles between two calls of `stale` say the same.
        """
        if self._altered is None:
            before, self._sent = self._sent, self.snapshot
            self._altered = _altered(before, self.snapshot)
        altered, shown = self._altered, scope.shown
        update = Update(
            *self.times(),
            calls=[shown(one) for one in altered.calls if scope.sees_call(one)],
            ended=[shown(one) for one in altered.ended if scope.sees_call(one)],
            extensions=[shown(one) for one in altered.extensions if scope.sees_extension(one.exten_user)],
            removed=[name for name in altered.removed if scope.sees_extension(name)],
            queues=[shown(one) for one in altered.queues if scope.sees_queue(one.queue_id)],
            gaps=None if altered.gaps is None else list(map(shown, altered.gaps)),
        )
        anything = update.calls or update.ended or update.extensions or update.removed or update.queues
        return update if anything or update.gaps is not None else None


class _Altered(NamedTuple):
    calls: list[Call]
    ended: list[Call]
    extensions: list[Extension]
    removed: list[str]
    queues: list[Queue]
    gaps: list[Gap] | None


def _altered(before: Snapshot | None, now: Snapshot) -> _Altered:
    """The records that are others than before."""
    calls = {} if before is None else {one.call_id: one for one in before.calls}
    ended = {} if before is None else {one.call_id: one for one in before.ended}
    extensions = {} if before is None else {one.exten_user: one for one in before.extensions}
    queues = {} if before is None else {one.queue_id: one for one in before.queues}
    return _Altered(
        [one for one in now.calls if _differs(one, calls.get(one.call_id))],
        [one for one in now.ended if one is not ended.get(one.call_id) and one != ended.get(one.call_id)],
        [one for one in now.extensions if one != extensions.get(one.exten_user)],
        sorted(extensions.keys() - {one.exten_user for one in now.extensions}),
        [one for one in now.queues if one != queues.get(one.queue_id)],
        None if before is not None and before.gaps == now.gaps else list(now.gaps),
    )


def _differs(call: Call, before: Call | None) -> bool:
    """Whether a board shows it otherwise; each frame of a queue confirms every wait in it, which alters no call."""
    if before is None or call is before or call == before:
        return before is None
    return without_evidence(call) != without_evidence(before)


Times = tuple[str, Seconds | None, float | None, float, bool, str, float | None]


def seen(snapshot: Snapshot, scope: Scope, times: Times) -> State:
    """The part of a snapshot that a role may see."""
    shown = scope.shown
    return State(
        *times,
        calls=[shown(one) for one in snapshot.calls if scope.sees_call(one)],
        ended=[shown(one) for one in reversed(snapshot.ended[-_RECENT:]) if scope.sees_call(one)],
        extensions=[shown(one) for one in snapshot.extensions if scope.sees_extension(one.exten_user)],
        queues=[shown(one) for one in snapshot.queues if scope.sees_queue(one.queue_id)],
        gaps=list(map(shown, snapshot.gaps)),
    )
