"""What a snapshot keeps of held state, so that a restored tracker goes on exactly as the one that made it.

Each held class has a frozen, array-shaped twin with the same fields, made from its attrs definition; lists become
tuples, and a connection is named by its call and serial wherever a device or a timer refers to it. A twin is made when
a snapshot is taken and shared between snapshots until the next change.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from struct import iter_unpack, pack
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import msgspec
from msgspec import Struct

from calltrack.core import held as held_module
from calltrack.core.clock import Clock
from calltrack.core.held import (
    GONE,
    LEG,
    WAIT,
    Held,
    HeldCall,
    HeldConnection,
    HeldDevice,
    HeldExtension,
    HeldQueue,
    Settled,
)
from calltrack.core.observations import Seconds
from calltrack.core.records import Campaign, Gap

_NOT_KEPT = {"value", "kept", "over", "pending", "place", "weighed", "best", "live", "past", "settled"}
Ref = tuple[str, int]
"""A connection, by its call and its serial there."""


def _frozen(hint: Any) -> Any:
    """The type of a list's copy that nothing changes."""
    return tuple.__class_getitem__((*get_args(hint), ...)) if get_origin(hint) is list else hint


class _Twin:
    """The frozen twin of a held class: its type, and the way there and back."""

    def __init__(self, of: type) -> None:
        hints = get_type_hints(of, vars(held_module))
        names = [name for name in (field.name for field in attrs.fields(of)) if name not in _NOT_KEPT]
        self.type: type[Struct] = msgspec.defstruct(
            f"Frozen{of.__name__}",
            [(name, _frozen(hints[name])) for name in names],
            array_like=True,
            frozen=True,
            gc=False,
            module=__name__,
        )
        globals()[self.type.__name__] = self.type  # where pickle looks for it
        self._of = of
        self._names = names
        self._lists = [name for name in names if get_origin(hints[name]) is list]
        self._places = [names.index(name) for name in self._lists]
        self._values = attrgetter(*names)

    def keep(self, one: Any) -> Struct:
        """The twin of a held object."""
        if not self._places:
            return self.type(*self._values(one))
        values = list(self._values(one))
        for place in self._places:
            values[place] = tuple(values[place])
        return self.type(*values)

    def back(self, kept: Any) -> Any:
        """The held object of a twin."""
        one = self._of(**{name: getattr(kept, name) for name in self._names})
        for name in self._lists:
            setattr(one, name, list(getattr(kept, name)))
        return one


_CONNECTION, _CALL, _SETTLED = _Twin(HeldConnection), _Twin(HeldCall), _Twin(Settled)
_EXTENSION, _QUEUE, _CLOCK = _Twin(HeldExtension), _Twin(HeldQueue), _Twin(Clock)


class KeptCall(Struct, frozen=True, gc=False, array_like=True):
    """A call with its connections."""

    call: _CALL.type  # type: ignore[name-defined]
    live: tuple[_CONNECTION.type, ...]  # type: ignore[name-defined]
    past: tuple[_CONNECTION.type, ...]  # type: ignore[name-defined]
    settled: _SETTLED.type | None  # type: ignore[name-defined]


class KeptExtension(Struct, frozen=True, gc=False, array_like=True):
    """An extension, and its live connections by name."""

    device: _EXTENSION.type  # type: ignore[name-defined]
    live: tuple[Ref, ...]


class KeptQueue(Struct, frozen=True, gc=False, array_like=True):
    """A queue, and its live connections by name."""

    device: _QUEUE.type  # type: ignore[name-defined]
    live: tuple[Ref, ...]


class Resume(Struct, frozen=True):
    """What a restored tracker needs to go on as if it had never stopped; no part of it is for anyone else."""

    history: int
    strict: bool
    position: int
    connected: bool
    events_since_login: bool
    clock: _CLOCK.type  # type: ignore[name-defined]
    calls: tuple[KeptCall, ...]
    ended: tuple[KeptCall, ...]
    extensions: tuple[KeptExtension, ...]
    queues: tuple[KeptQueue, ...]
    campaigns: tuple[Campaign, ...]
    gaps: tuple[Gap, ...]
    awaited: tuple[tuple[str, Seconds], ...]
    timers: tuple[tuple[int, tuple[Ref, ...]], ...]
    next_look: Seconds
    unbelieved: tuple[tuple[Ref, int, bool, Seconds], ...]
    unbelieved_status: tuple[str, ...]
    prints: bytes
    older_prints: bytes
    gone: bytes
    gone_before: Seconds | None
    stated: Seconds | None
    last_print: int | None

    @property
    def offset_s(self) -> Seconds | None:
        """What the server's clock is ahead of UTC, s; None before the stream says."""
        offset: Seconds | None = self.clock.offset_s
        return offset


def keep(held: Held, *, history: int, strict: bool) -> Resume:
    """What goes into a snapshot."""
    return Resume(
        history,
        strict,
        held.position,
        held.connected,
        held.events_since_login,
        _CLOCK.keep(held.clock),
        tuple([call.kept or _call(call) for call in held.calls.values()]),
        tuple([call.kept or _call(call) for call in held.ended.values()]),
        tuple([one.kept or _extension(one) for one in held.extensions.values()]),
        tuple([one.kept or _queue(one) for one in held.queues.values()]),
        tuple(held.campaigns.values()),
        held.gaps,
        tuple(held.awaited.items()),
        tuple([(minute, _refs(due)) for minute, due in held.timers.items()]),
        held.next_look,
        tuple(
            [
                ((one.call, one.serial), count, answered, bend)
                for one, count, answered, bend in held.unbelieved
                if one.place != GONE
            ]
        ),
        tuple(held.unbelieved_status),
        pack(f"<{len(held.prints)}Q", *held.prints),
        pack(f"<{len(held.older_prints)}Q", *held.older_prints),
        pack(f"<{len(held.gone)}Q", *held.gone),
        held.gone_before,
        held.stated,
        held.last_print,
    )


def restored(resume: Resume) -> Held:
    """What a tracker holds, from a snapshot."""
    held = Held(resume.position, _CLOCK.back(resume.clock))
    named: dict[Ref, HeldConnection] = {}
    for kept, into in ((resume.calls, held.calls), (resume.ended, held.ended)):
        for one in kept:
            call: HeldCall = _CALL.back(one.call)
            for other in one.live:
                call.enter(_CONNECTION.back(other))
            call.past = [_CONNECTION.back(other) for other in one.past]
            call.settled = None if one.settled is None else _SETTLED.back(one.settled)
            for other in (*call.live, *call.past):
                other.kind = LEG if other.kind == LEG else WAIT  # compared by identity
            named |= {(call.call_id, other.serial): other for other in (*call.live, *call.past)}
            into[call.call_id] = call
    for kept_extension in resume.extensions:
        extension: HeldExtension = _EXTENSION.back(kept_extension.device)
        extension.live = tuple([named[ref] for ref in kept_extension.live])
        held.extensions[extension.key] = extension
    for kept_queue in resume.queues:
        queue: HeldQueue = _QUEUE.back(kept_queue.device)
        queue.live = tuple([named[ref] for ref in kept_queue.live])
        held.queues[queue.key] = queue
    held.campaigns = {campaign.campaign_id: campaign for campaign in resume.campaigns}
    held.gaps, held.awaited = resume.gaps, dict(resume.awaited)
    held.timers = {minute: [named[ref] for ref in due] for minute, due in resume.timers}
    held.next_look = resume.next_look
    held.unbelieved = [(named[ref], count, answered, bend) for ref, count, answered, bend in resume.unbelieved]
    held.unbelieved_status = list(resume.unbelieved_status)
    held.prints = dict.fromkeys(print_ for (print_,) in iter_unpack("<Q", resume.prints))
    held.older_prints = dict.fromkeys(print_ for (print_,) in iter_unpack("<Q", resume.older_prints))
    held.gone = dict.fromkeys(mark for (mark,) in iter_unpack("<Q", resume.gone))
    held.gone_before, held.stated = resume.gone_before, resume.stated
    held.last_print = resume.last_print
    held.connected, held.events_since_login = resume.connected, resume.events_since_login
    return held


def _connections(ones: Sequence[HeldConnection]) -> tuple[Struct, ...]:
    keep_one = _CONNECTION.keep
    for one in ones:
        if one.kept is None:
            one.kept = keep_one(one)
    return tuple([one.kept for one in ones])


def _call(call: HeldCall) -> KeptCall:
    settled = None if call.settled is None else _SETTLED.keep(call.settled)
    call.kept = kept = KeptCall(_CALL.keep(call), _connections(call.live), _connections(call.past), settled)
    return kept


def _extension(extension: HeldExtension) -> KeptExtension:
    extension.kept = kept = KeptExtension(_EXTENSION.keep(extension), _live(extension))
    return kept


def _queue(queue: HeldQueue) -> KeptQueue:
    queue.kept = kept = KeptQueue(_QUEUE.keep(queue), _live(queue))
    return kept


def _live(device: HeldDevice) -> tuple[Ref, ...]:
    return _refs(device.live)


def _refs(ones: Sequence[HeldConnection]) -> tuple[Ref, ...]:
    return tuple([(one.call, one.serial) for one in ones if one.place != GONE])
