"""The state as clients are given it: the whole of it, and what a batch of changes has altered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from calltrack.core.records import Call, Extension, Gap, Queue, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.serve.security.scope import Scope
from calltrack.serve.stream.altered import Alteration, Altered, alterations

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
    """What has altered since the state, or the update, before: new records, fields of others, ids of what is gone.

    A call in `ended` is live no longer, one in `calls` has not ended (any more). `removed` are extensions, `gone` calls
    that the role sees no longer. `gaps` are all, or None if they are as before.
    """

    calls: list[Altered]
    ended: list[Altered]
    extensions: list[Altered]
    removed: list[str]
    queues: list[Altered]
    gone: list[str]
    gaps: list[Gap] | None


_Encoded = dict[Scope, tuple[Snapshot, bytes]]
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
        self._altered = _NOTHING
        self._given = set[Scope]()
        """The roles that have everything up to what was sent last."""
        self._states: _Encoded = {}
        self._boards: _Encoded = {}

    @property
    def snapshot(self) -> Snapshot:
        """Everything known now."""
        if self._snapshot is None:
            self._snapshot = self._newest()
        return self._snapshot

    def stale(self) -> None:
        """A frame was applied: what was made of the state before it holds no more."""
        self._snapshot = None

    @property
    def known(self) -> bool:
        """Whether the service has been heard of since the last loss of the connection."""
        gaps = self.snapshot.gaps
        return self.snapshot.time is not None and not (gaps and gaps[-1].until is None)

    def time(self) -> Time:
        """What time it is."""
        return Time(*self.times())

    def times(self, of: Snapshot | None = None) -> Times:
        """The fields of Time, of a snapshot, None for the newest."""
        snapshot, clock, source = of or self.snapshot, self._clock, self._source
        stale = source.stale_for
        return (
            *(str(snapshot.position), snapshot.time, clock.now(), clock.speed, self.known, source.status()),
            None if stale is None else round(stale, 1),
        )

    def state_json(self, scope: Scope) -> bytes:
        """Everything that a role may see, as JSON."""
        return self._json(self.snapshot, scope, self._states)

    def board_json(self, scope: Scope) -> bytes:
        """The same as the last update left it, so that the next one says what has altered since."""
        self._sent = self._sent or self.snapshot
        self._given.add(scope)
        return self._json(self._sent, scope, self._boards)

    def _json(self, snapshot: Snapshot, scope: Scope, encoded: _Encoded) -> bytes:
        of, records = encoded.get(scope, (None, b""))
        if of is not snapshot:
            state = seen(snapshot, scope, self.times(snapshot))
            records = msgspec.json.encode({name: getattr(state, name) for name in _RECORDS})
            encoded[scope] = snapshot, records
        # The time is always now, however long ago the last frame was.
        return msgspec.json.encode(Time(*self.times(snapshot)))[:-1] + b"," + records[1:]

    def update(self, scope: Scope) -> Update | None:
        """What has altered since the last update, as far as a role may see it; None if nothing has.

        All roles are to be given theirs before the next frame.
        """
        if self._sent is not self.snapshot:
            self._altered = _altered(self._sent, self.snapshot)
            self._sent = self.snapshot
            self._given.clear()
        if scope in self._given:
            return None  # the same fields twice would not be the same
        self._given.add(scope)
        found, gone = self._altered, [one.call_id for one in self._altered.gone if scope.sees_call(one)]
        update = Update(
            *self.times(),
            calls=_said(found.calls, "call_id", scope.sees_call, scope, gone),
            ended=_said(found.ended, "call_id", scope.sees_call, scope, gone),
            extensions=_said(found.extensions, "exten_user", lambda one: scope.sees_extension(one.exten_user), scope),
            removed=[name for name in found.removed if scope.sees_extension(name)],
            queues=_said(found.queues, "queue_id", lambda one: scope.sees_queue(one.queue_id), scope),
            gone=gone,
            gaps=None if found.gaps is None else list(map(scope.shown, found.gaps)),
        )
        anything = update.calls or update.ended or update.extensions or update.removed or update.queues or gone
        return update if anything or update.gaps is not None else None


class _Altered(NamedTuple):
    calls: list[Alteration[Call]]
    ended: list[Alteration[Call]]
    extensions: list[Alteration[Extension]]
    removed: list[str]
    queues: list[Alteration[Queue]]
    gone: list[Call]
    gaps: list[Gap] | None


_NOTHING = _Altered([], [], [], [], [], [], None)


def _altered(before: Snapshot | None, now: Snapshot) -> _Altered:
    calls = {} if before is None else {one.call_id: one for one in before.calls}
    ended = {} if before is None else {one.call_id: one for one in before.ended}
    extensions = {} if before is None else {one.exten_user: one for one in before.extensions}
    queues = {} if before is None else {one.queue_id: one for one in before.queues}
    others = [one for one in now.ended if one is not ended.get(one.call_id) and one != ended.get(one.call_id)]
    recent = {one.call_id for one in now.ended[-_RECENT:]}
    there = {one.call_id for one in (*now.calls, *now.ended)}
    return _Altered(
        alterations((one, calls.get(one.call_id)) for one in now.calls),
        # Of those that ended before clients have a part only, so what alters later comes whole.
        alterations((one, calls.get(one.call_id)) for one in others if one.call_id in recent or one.call_id in calls),
        alterations((one, extensions.get(one.exten_user)) for one in now.extensions),
        sorted(extensions.keys() - {one.exten_user for one in now.extensions}),
        alterations((one, queues.get(one.queue_id)) for one in now.queues),
        [one for call_id, one in calls.items() if call_id not in there],
        None if before is not None and before.gaps == now.gaps else list(now.gaps),
    )


R = TypeVar("R", Call, Extension, Queue)


def _said(
    records: list[Alteration[R]], key: str, sees: Callable[[R], bool], scope: Scope, gone: list[str] | None = None
) -> list[Altered]:
    """The alterations as a role sees them; what it did not see before is new to it, what it sees no more is gone."""
    found: list[Altered] = []
    for one in records:
        seen_before = one.before is not None and sees(one.before)
        if sees(one.now):
            found.append(one.said(key, scope.shown) if seen_before else scope.shown(one.now))
        elif seen_before and gone is not None:
            gone.append(getattr(one.now, key))
    return found


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
