"""What a snapshot keeps of held state, so that a restored tracker goes on exactly as the one that made it.

Each held class has a frozen, array-shaped twin with the same fields, made from its attrs definition; a connection is
named by its call and serial wherever a device or a timer refers to it. A twin is made when a snapshot is taken and
shared between snapshots until the next change. Twins are structs, not tuples: the garbage collector looks at no struct.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import iter_unpack, pack
from typing import Any, get_type_hints

import attrs
from msgspec import Struct, defstruct
from msgspec.structs import asdict

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


def _array(name: str, fields: dict[str, Any]) -> Any:
    """A frozen class that is an array in JSON."""
    made = defstruct(name, [*fields.items()], array_like=True, frozen=True, gc=False, module=__name__)
    globals()[name] = made  # where pickle looks for it
    return made


class Twin:
    """The frozen twin of a held class: its type, and the way there and back."""

    def __init__(self, of: type) -> None:
        hints = get_type_hints(of, vars(held_module))
        fields = {one.name: hints[one.name] for one in attrs.fields(of) if one.name not in _NOT_KEPT}
        self.type = _array(f"Frozen{of.__name__}", fields)
        # Written out as source, as attrs writes `__init__`: attrgetter takes half as long again.
        values = ", ".join(f"one.{name}" for name in fields)
        self.keep: Callable[[Any], Any] = eval(f"lambda one: of({values})", {"of": self.type})
        self._of = of

    def back(self, kept: Any) -> Any:
        """The held object of a twin."""
        return self._of(**asdict(kept))


CONNECTION, CALL, SETTLED = Twin(HeldConnection), Twin(HeldCall), Twin(Settled)
EXTENSION, QUEUE, CLOCK = Twin(HeldExtension), Twin(HeldQueue), Twin(Clock)

_several = tuple.__class_getitem__((CONNECTION.type, ...))
KeptCall = _array("KeptCall", {"call": CALL.type, "live": _several, "past": _several, "settled": SETTLED.type | None})
"""A call with its connections."""
KeptExtension = _array("KeptExtension", {"device": EXTENSION.type, "live": tuple[Ref, ...]})
KeptQueue = _array("KeptQueue", {"device": QUEUE.type, "live": tuple[Ref, ...]})
"""A device, and its live connections by name."""


class Resume(Struct, frozen=True):
    """What a restored tracker needs to go on as if it had never stopped; no part of it is for anyone else."""

    history: int
    strict: bool
    position: int
    connected: bool
    events_since_login: bool
    clock: CLOCK.type  # type: ignore[name-defined]
    calls: tuple[KeptCall, ...]  # type: ignore[valid-type]
    ended: tuple[KeptCall, ...]  # type: ignore[valid-type]
    extensions: tuple[KeptExtension, ...]  # type: ignore[valid-type]
    queues: tuple[KeptQueue, ...]  # type: ignore[valid-type]
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
    heard_since: Seconds | None
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
        CLOCK.keep(held.clock),
        tuple([call.kept or _call(call) for call in held.calls.values()]),
        tuple([call.kept or _call(call) for call in held.ended.values()]),
        tuple([one.kept or _device(EXTENSION, KeptExtension, one) for one in held.extensions.values()]),
        tuple([one.kept or _device(QUEUE, KeptQueue, one) for one in held.queues.values()]),
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
        held.heard_since,
        held.stated,
        held.last_print,
    )


def restored(resume: Resume) -> Held:
    """What a tracker holds, from a snapshot."""
    held = Held(resume.position, CLOCK.back(resume.clock))
    named: dict[Ref, HeldConnection] = {}
    kept: Any  # of the classes that are made above
    for several, into in ((resume.calls, held.calls), (resume.ended, held.ended)):
        for kept in several:
            call: HeldCall = CALL.back(kept.call)
            for one in map(CONNECTION.back, kept.live):
                call.enter(one)
            call.past = [*map(CONNECTION.back, kept.past)]
            call.settled = None if kept.settled is None else SETTLED.back(kept.settled)
            for one in (*call.live, *call.past):
                one.kind = LEG if one.kind == LEG else WAIT  # compared by identity
                named[call.call_id, one.serial] = one
            into[call.call_id] = call
    for twin, devices, found in ((EXTENSION, resume.extensions, held.extensions), (QUEUE, resume.queues, held.queues)):
        for kept in devices:
            device = twin.back(kept.device)
            device.live = tuple([named[ref] for ref in kept.live])
            found[device.key] = device
    held.campaigns = {campaign.campaign_id: campaign for campaign in resume.campaigns}
    held.gaps, held.awaited = resume.gaps, dict(resume.awaited)
    held.timers = {minute: [named[ref] for ref in due] for minute, due in resume.timers}
    held.next_look = resume.next_look
    held.unbelieved = [(named[ref], count, answered, bend) for ref, count, answered, bend in resume.unbelieved]
    held.unbelieved_status = list(resume.unbelieved_status)
    held.prints = dict.fromkeys(print_ for (print_,) in iter_unpack("<Q", resume.prints))
    held.older_prints = dict.fromkeys(print_ for (print_,) in iter_unpack("<Q", resume.older_prints))
    held.gone = dict.fromkeys(mark for (mark,) in iter_unpack("<Q", resume.gone))
    held.gone_before, held.heard_since, held.stated = resume.gone_before, resume.heard_since, resume.stated
    held.last_print = resume.last_print
    held.connected, held.events_since_login = resume.connected, resume.events_since_login
    return held


def _connections(ones: Sequence[HeldConnection]) -> tuple[Struct, ...]:
    for one in ones:
        if one.kept is None:
            one.kept = CONNECTION.keep(one)
    return tuple([one.kept for one in ones])


def _call(call: HeldCall) -> Struct:
    settled = None if call.settled is None else SETTLED.keep(call.settled)
    call.kept = kept = KeptCall(CALL.keep(call), _connections(call.live), _connections(call.past), settled)
    return kept  # type: ignore[no-any-return]


def _device(twin: Twin, of: Any, device: HeldDevice) -> Struct:
    device.kept = kept = of(twin.keep(device), _refs(device.live))
    return kept  # type: ignore[no-any-return]


def _refs(ones: Sequence[HeldConnection]) -> tuple[Ref, ...]:
    return tuple([(one.call, one.serial) for one in ones if one.place != GONE])
