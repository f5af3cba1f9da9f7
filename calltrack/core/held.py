"""What a tracker holds: mutable, slotted, and changed by `advance`, `settle`, `agents` and `doubt` alone.

A leg and a wait are one kind of thing here, a connection (CSTA): one call at one device. It has a state, and *marks*:
since when its time counts as what. Every duration derives from the marks, so taking an end back, giving it another
time, or deciding in hindsight edits marks and nothing else. Values that leave the tracker are made by `values.py` when
somebody asks, and kept (`value`, `kept`) until the next change.

A connection names its call and its device by key; calls and devices list their connections. So nothing forms a cycle,
and memory is given back without a garbage collection. Times are stream time (clock.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar
from zlib import adler32, crc32

from attrs import define, field
from msgspec import Struct

from calltrack.core.clock import Clock
from calltrack.core.observations import SPY, Id, Recording, Seconds, Statement
from calltrack.core.records import Campaign, Gap, counted_state
from calltrack.core.states import Outcome, State
from calltrack.core.table import CALL, NEW, RINGING, SPYING, UNKNOWN

LEG, WAIT = "leg", "wait"

T = TypeVar("T", bound=Id)
Mark = tuple[Seconds, State | None]
Unbelieved = tuple[
    "HeldConnection", int, bool, Seconds
]  # its marks and answer before, and the bend that it was written with

RANK: dict[State, int] = {state: rank for rank, state in enumerate(CALL)}
LOWEST = len(CALL)  # the rank of a call in which nothing lives

NOTHING: Any = ()  # instead of an empty list, which takes 56 bytes; a list of one takes 24 more than a tuple
NEVER = 1 << 53  # a stream time that does not come
GONE = -1  # the place of a connection that its call has let go: whatever still refers to it passes over it
MINUTE_S = 60  # timers stand in minutes
GONE_KEPT = 8192
"""Marks of calls that left the history: so a late statement of one is known to be of a call that was seen."""
SHARED = 4096
"""Ids and numbers of which one object is handed out; then it begins anew."""
REMEMBERED = 1024
"""Fingerprints of a generation; two are kept, so an echo is known again after at least so many events."""


class End(Struct, frozen=True, gc=False, array_like=True):
    """What is known of a connection's end: one value, so that what lives has none of it."""

    open: int = 0  # how many marks stand if the end is taken back
    cause: str = ""
    means: Outcome | None = None  # what the end's event stands for
    inferred: str = ""  # why it ended, if no event reported that
    learned: Seconds | None = None  # stream time at which it was learned: provisional for a minute from then
    reported: bool = False  # an event reported it, so no list takes it back
    transferred: bool = False  # it is part of a transfer: the caller went elsewhere (ruling 9)
    # Evidence (ruling 12): the last frame that listed the connection; of one that lives its device has it.
    confirmed_position: int = 0
    confirmed: Seconds | None = None
    confirmed_at: Seconds | None = None  # the same as UTC


NOT_ENDED = End()


class Links(Struct, frozen=True, gc=False, array_like=True):
    """What a call belongs to; few belong to anything."""

    related: tuple[str, ...] = ()  # the calls that it came from
    transferred_by: str = ""
    campaign_id: str = ""


NO_LINKS = Links()


@define(eq=False, weakref_slot=False)
class HeldConnection:
    """One call at one device."""

    kind: str  # LEG or WAIT
    device: str
    call: str
    serial: int  # its place among all connections of its call: what a device's list refers to
    attempt: int  # its place among the call's legs (or waits), from 1: public
    # Identity (match.py)
    stamp: Seconds  # `started` as the source writes it, the newest; 0 if it does not say
    c2c: int  # click2call leg 1 or 2, else 0
    direction: str
    # Who and what, as seen first and completed at each step
    caller: str
    caller_name: str
    did: str  # of a wait none
    queue_id: str  # the same
    details: tuple[Any, ...]  # what few have, in the order of the record's fields; one object for all that have none
    account_id: Id = None
    agent_id: Id = None  # who was logged on when it was first seen (ruling 17); of a wait no one
    agent_name: str = ""  # of a wait: who answered, if the source says so
    recording: Recording | None = None
    added: Seconds | None = None  # stream time less this is UTC, for all times of its call (ruling 2); None: by look-up
    # What happened
    state: State = NEW
    marks: tuple[Mark, ...] = ()  # (since when, what the time counts as), rising; the end counts as None
    answered: bool = False  # the source's flag, and pick-ups (ruling 8)
    answered_at: Seconds | None = None
    ended: Seconds | None = None
    outcome: Outcome | None = None
    end: End = NOT_ENDED  # what may still change (ruling 4)
    # Order (order.py)
    rank: int = 0  # of the last event that was reported of it: what ranks lower is known
    start_reported: bool = False  # whether its start was reported: a second report is a redial, or late
    stepped_at: Seconds | None = (
        None  # the stamp of the frame that reported its last step: older lists show it as before
    )
    before: State | None = None  # the state before that step; None: not there
    retrieved: Seconds | None = (
        None  # the moment of a retrieval while nothing was held, or of a hold while one was: the other is on the way
    )
    doubt: str = ""  # why it may be over
    contradicted: bool = False  # its answer contradicts its queue, and that was reported (ruling 15)
    # Not kept
    place: int = 0  # in HeldCall.live; or GONE
    pending: Any = None  # its last report of this frame, so that a second step does not show in it
    value: Any = None  # the record, until the next change
    kept: Any = None  # what a snapshot keeps of it, until the next change
    over: Any = None  # spells and sums of the marks that are over (values.py); None once one of them was rewritten

    @property
    def counted_rank(self) -> int:
        """Its place in the order that derives a call's state; click2call leg 1 talks to no one yet."""
        return RANK[counted_state(self.state, self.c2c)]

    def mark(self, at: Seconds | None, bucket: State | None) -> None:
        """Let time from `at` on count as something else; never from before the last mark."""
        last = self.marks[-1][0] if self.marks else 0
        self.marks = (*self.marks, (last if at is None or at < last else at, bucket))

    def mark_anew(self, at: Seconds, bucket: State | None) -> None:
        """Have the last mark say something else."""
        self.marks = (*self.marks[:-1], (at, bucket))

    def seconds(self, *buckets: State) -> Seconds:
        """How long it counted as one of these; what still runs is left out."""
        marks = self.marks
        return sum(marks[i + 1][0] - since for i, (since, bucket) in enumerate(marks[:-1]) if bucket in buckets)

    def reopen(self) -> None:
        """Take the end back: what it lived as before it goes on."""
        self.marks = self.marks[: self.end.open]
        self.over = None

    @property
    def listens(self) -> bool:
        """Whether it is a listener's leg, which is no conversation (field guide §4)."""
        return self.marks[0][1] is SPYING or self.direction == SPY

    @property
    def began(self) -> Seconds:
        """When it began."""
        return self.marks[0][0]

    @property
    def rang(self) -> bool:
        """Whether it rang at a phone as an incoming call."""
        return self.marks[0][1] is RINGING


@define(eq=False, weakref_slot=False)
class Settled:
    """What a call spent before a moment, when its oldest connections were let go (`PAST_KEPT`)."""

    until: Seconds
    started: Seconds
    talk: Seconds = 0
    hold: Seconds = 0
    unknown: Seconds = 0
    wait: Seconds = 0
    ring: Seconds = 0


@define(eq=False, weakref_slot=False)
class HeldCall:
    """A call that lives, or that has ended and may be seen again."""

    call_id: str
    direction: str
    account_id: Id = None
    caller: str = ""
    caller_name: str = ""
    did: str = ""
    links: Links = NO_LINKS
    live: Sequence[HeldConnection] = NOTHING  # in no order: an ended one gives its place to the last; one is a tuple
    past: list[HeldConnection] = NOTHING  # ended, in the order in which the ends were learned
    attempts: int = 0  # legs so far
    waits: int = 0  # waits so far
    state: State = NEW
    since: Seconds | None = None
    answered: bool = False
    answered_at: Seconds | None = None
    outcome: Outcome | None = None
    cause: str = ""
    inferred: str = ""
    ended: Seconds | None = None
    awaited: Seconds | None = None  # since when somebody has answered whose leg has not been seen (ruling 10)
    settled: Settled | None = None  # of connections that are kept no more
    added: Seconds | None = None  # stream time less this is UTC, by the clock that it began on
    statements: tuple[Statement, ...] = ()  # of other accounts, in the order in which they came
    # Of this frame
    weighed: bool = False  # an answer or an end was seen: outcomes may differ
    best: int = LOWEST  # the best rank that a step of this frame led to
    value: Any = None
    kept: Any = None

    def enter(self, one: HeldConnection) -> None:
        """A connection lives."""
        live = self.live
        one.place = len(live)
        if not live:
            self.live = (one,)
        elif type(live) is list:
            live.append(one)
        else:
            self.live = [*live, one]

    def only(self, one: HeldConnection) -> tuple[HeldConnection, ...]:
        """A list of one of its connections: that of the call itself if nothing else of it lives."""
        live = self.live
        return live if len(live) == 1 and type(live) is tuple else (one,)

    def leave(self, one: HeldConnection) -> None:
        """A connection lives no more."""
        live = self.live
        if type(live) is list:
            last = live.pop()
            if last is not one:
                live[one.place] = last
                last.place = one.place
        else:
            self.live = NOTHING
        if self.past:
            self.past.append(one)
        else:
            self.past = [one]


@define(eq=False, weakref_slot=False)
class HeldDevice:
    """What extensions and queues have in common: a list, and when it was last seen."""

    holds: ClassVar[str] = ""  # LEG or WAIT

    key: str
    live: tuple[HeldConnection, ...] = NOTHING  # in the order of the last list
    confirmed_position: int = 0  # the last frame that had its list: the evidence of all in `live`
    confirmed: Seconds | None = None  # that frame's moment, or a later one of a frame before that listed the same
    confirmed_at: Seconds | None = None  # the same as UTC
    came: int = -1  # the last frame that brought a newcomer
    heard: Seconds | None = None  # that frame's stamp
    fresh: bool = True  # seen for the first time in this frame
    unknown: bool = False  # since a lost connection, until it is heard of again
    unknown_since: Seconds | None = None  # the same; when the last one was, if it is heard of again
    value: Any = None
    kept: Any = None


@define(eq=False, weakref_slot=False)
class HeldExtension(HeldDevice):
    """An extension, and who works there."""

    holds: ClassVar[str] = LEG

    state: State = UNKNOWN
    since: Seconds | None = None
    agent_id: Id = None
    agent_name: str = ""
    agent_since: Seconds | None = None
    status: int | None = None
    status_since: Seconds | None = None
    status_stamp: Seconds | None = None  # as the source writes it: another one is another setting
    user_id: Id = None
    user_name: str = ""
    number: Id = None
    account_id: Id = None
    top_account_id: Id = None
    peer_status: str = ""
    last_call: Seconds | None = None  # as the source writes it
    last_answered: Seconds | None = None
    last_hangup: Seconds | None = None
    last_offset_s: Seconds | None = None  # of these three


@define(eq=False, weakref_slot=False)
class HeldQueue(HeldDevice):
    """A queue, and its sums."""

    holds: ClassVar[str] = WAIT

    name: str = ""
    queued: int = 0
    answered: int = 0
    picked_up: int = 0
    abandoned: int = 0
    lost: int = 0


def mark_of(call_id: str) -> int:
    """64 bits that stand for a call's id."""
    data = call_id.encode("utf-8", "replace")
    return crc32(data) << 32 | adler32(data)


@define(eq=False, weakref_slot=False)
class Held:
    """All that a tracker knows, and all that a snapshot needs to go on from."""

    position: int = 0
    clock: Clock = field(factory=Clock)
    calls: dict[str, HeldCall] = field(factory=dict)
    ended: dict[str, HeldCall] = field(factory=dict)  # the history, oldest first
    extensions: dict[str, HeldExtension] = field(factory=dict)
    queues: dict[str, HeldQueue] = field(factory=dict)
    campaigns: dict[str, Campaign] = field(factory=dict)
    shared: dict[Id, Id] = field(factory=dict)  # one object for equal ids and numbers of many calls; not kept
    gaps: tuple[Gap, ...] = ()
    awaited: dict[str, Seconds] = field(factory=dict)  # calls that wait for their answering leg, longest first
    timers: dict[int, list[HeldConnection]] = field(factory=dict)  # by minute of stream time (doubt.py)
    next_look: Seconds = NEVER  # when timers run next
    unbelieved: list[Unbelieved] = field(factory=list)  # what a stamp far ahead, or behind, has written (ruling 2)
    unbelieved_status: list[str] = field(factory=list)  # extensions whose status it has dated
    prints: dict[int, None] = field(factory=dict)  # fingerprints of the last events, in two generations
    older_prints: dict[int, None] = field(factory=dict)
    gone: dict[int, None] = field(factory=dict)  # marks of calls that left the history, oldest first
    gone_before: Seconds | None = None  # of calls that ended up to then a mark may have been let go as well
    heard_since: Seconds | None = None  # the end of the last silence of the stream (doubt.py)
    stated: Seconds | None = None  # the latest end that another account states, while no frame has said a time
    last_print: int | None = None  # of the last frame of any kind
    connected: bool = True
    events_since_login: bool = False

    def let_go(self) -> None:
        """Let the oldest call of the history go; only its mark stays."""
        call = self.ended.pop(next(iter(self.ended)))
        for one in call.past:
            one.place = GONE
        self.gone[mark_of(call.call_id)] = None
        if len(self.gone) > GONE_KEPT:
            del self.gone[next(iter(self.gone))]
            if call.ended is not None and (self.gone_before is None or call.ended > self.gone_before):
                self.gone_before = call.ended

    def heard_but(self, key: str | None) -> Seconds | None:
        """When any other device was heard last."""
        devices = (*self.extensions.values(), *self.queues.values())
        return max([one.heard for one in devices if one.key != key and one.heard is not None], default=None)

    def one(self, value: T) -> T:
        """One object for all that are equal: of accounts, queues, and the numbers that are dialed."""
        if len(self.shared) >= SHARED:
            self.shared.clear()
        return self.shared.setdefault(value, value)  # type: ignore[return-value]

    def call(self, call_id: str) -> HeldCall | None:
        """A call that lives, or that is still in the history."""
        return self.calls.get(call_id) or self.ended.get(call_id)

    def device(self, one: HeldConnection) -> HeldDevice | None:
        """Where a connection is."""
        return self.extensions.get(one.device) if one.kind is LEG else self.queues.get(one.device)
