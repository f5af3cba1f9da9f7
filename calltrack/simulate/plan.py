"""What a simulated call centre is like: its size, its habits, and the laws its times follow.

The habits are tuned to the shape of a real support desk of nine extensions (tests/simulate/centre/test_shape.py has
the figures); a bigger centre keeps them per agent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp
from random import Random
from typing import TypeVar

T = TypeVar("T")

LAGS: Sequence[tuple[int, float]] = [
    *[(0, 46), (1, 93), (2, 77), (3, 61), (4, 14), (5, 8), (6, 8), (7, 3)],
    *[(8, 4), (9, 6), (10, 4), (11, 6), (12, 2)],
]
"""How far an extension's `telephonyservertime` trails `servertime`, s, with weights (seen)."""

QUEUE_LAGS: Sequence[tuple[int, float]] = [(0, 20), (1, 48), (2, 15)]
"""The same for queues (seen)."""

DIALED: Sequence[tuple[tuple[str, str, float, float], float]] = [
    (("answered", "", 1, 20), 66),
    (("Normal hangup", "", 3, 45), 9),
    (("Unallocated (unassigned) number", "", 0.2, 1), 16),
    (("User busy", "", 0.3, 2), 4),
    (("User alerting, no answer", "", 25, 50), 3),
    (("No user responding", "", 15, 30), 3),
    (("Call Rejected", "", 1, 8), 2),
    (("Unknown", "", 2, 9), 2),
    (("", "Recheck", 1, 4), 2),
]
"""How a dialed call goes on: cause, dialStatus, least and most seconds until then; with weights (seen)."""

REDIALED = {"Unallocated (unassigned) number", "User busy", "No user responding"}
"""Causes after which the switch dials again over another route, same ivrid (field guide §3)."""

BREAKS: Sequence[tuple[int, float]] = [(3, 1), (7, 4), (9, 1), (11, 6), (12, 2), (13, 4)]
"""Agent statuses that are not work: their numbers (field guide §4), with weights (seen)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A call centre's size and habits.

    Rates are per hour and per agent, shares and chances between 0 and 1, times in seconds.
    Raises ValueError without agents or without queues.
    """

    agents: int = 9
    queues: int = 4
    campaigns: int = 3
    start: float = 1_704_697_200.0
    """UTC epoch of the first moment: a Monday, 07:00."""
    offset: int = 120
    """`servertimeoffset`, minutes that the server's wall clock is ahead of UTC (field guide §2)."""

    arrivals: float = 3.0
    """Callers that join a queue."""
    outgoing: float = 2.4
    internal: float = 0.15
    click2call: float = 0.1
    spying: float = 0.03
    dialer: float = 0.12
    breaks: float = 2.4

    ringers: float = 0.34
    """Share of desks that the distributor rings; the others pick calls out of the queue."""
    answers: float = 0.44
    """Chance that a ringing agent answers."""
    rejects: float = 0.2
    """Chance that a ringing agent who does not answer rejects, rather than lets it ring out."""
    pick_rate: float = 1 / 480
    """Chance per second that a free picker takes a waiting call."""
    patience: float = 1500
    """Median time a caller waits before giving up."""
    hasty: float = 0.11
    """Share of callers who give up in the first minute or so."""
    talk_median: float = 230
    talk_sigma: float = 1.35
    """Of the lognormal law of talk time."""
    wrap_ups: float = 0.8
    """Chance that an agent who is rung is Administrative after a queue's call."""
    wrap_up: float = exp(6.1)
    """Median time of that."""
    shared_desks: bool = True
    """Some agents own two desks, and can be at both (field guide §3)."""
    interruptions: float = 0.17
    """Chance of a hold or consult in a conversation."""
    further: float = 0.5
    """Chance of another one after it."""
    consults: float = 0.55
    """Share of interruptions that are consults."""
    transfers: float = 0.3
    """Share of answered consults with a colleague that end in a transfer."""

    # What captures have and an orderly day lacks. At 0 it never happens, and the day is the same as without it.
    repeated_stamps: float = 0.0
    """Share of transfers whose far end repeats the consultation's timestamps (field guide §8, ruling 7)."""
    false_answers: float = 0.0
    """Share of unanswered rings with an UNHOLD that shows Talking, answered 0 (ruling 8)."""
    late_hangups: float = 0.0
    """Share of conversations whose HANGUP comes after a list that lacks the leg (ruling 4)."""
    snatches: float = 0.0
    """Share of rings that end because a colleague picks the call up in the same second (ruling 9)."""
    ring_all: int = 0
    """How many queues, from the first, ring every free desk at once."""
    mutes: float = 0.0
    """Share of conversations in which the agent pauses the recording for a while (field guide §7)."""
    requeues: float = 0.0
    """Share of queue calls that the agent sends to another queue, where they go on under a new ivrid."""
    release: int = 0
    """Of the vendor's frames: 0 is the captured one of 2023-11, 1 has the fields seen since 2023-12, and each later
    one has fields that no document names."""
    releases: float = 0.0
    """New releases per hour."""
    servers: int = 1
    """Event servers, whose clocks are apart: any of them may stamp the next frame."""
    skew: int = 5
    """How far the slowest server's clock is behind the first one's, s."""

    def __post_init__(self) -> None:
        if self.agents < 1 or self.queues < 1:
            raise ValueError("a call centre needs at least one agent and one queue")
        if self.servers < 1 or self.skew < 0:
            raise ValueError("a call centre needs at least one server, and a skew of 0 s or more")
        if not 0 <= self.start < 10_000_000_000 or abs(self.offset) > 14 * 60:
            raise ValueError("a start is before the year 2286, and an offset at most 14 hours")

    def as_captured(self) -> "Plan":
        """This plan with something of everything that captures have."""
        return replace(
            self,
            repeated_stamps=0.7,
            false_answers=0.05,
            late_hangups=0.05,
            snatches=0.1,
            ring_all=max(1, self.queues // 3),
            mutes=0.15,
            requeues=0.05,
            release=1,
            releases=0.5,
            servers=3,
        )


def good_day(agents: int, queues: int, start: float) -> Plan:
    """An ordinary good day of a bigger centre, where the distributor rings any agent who is available.

    About four of five callers are answered within 20 s, by agents who are busy four fifths of their time.
    """
    return Plan(
        agents=agents,
        queues=queues,
        start=start,
        arrivals=8.5,
        outgoing=1.2,
        dialer=0.05,
        breaks=0.4,
        ringers=1.0,
        answers=0.9,
        patience=240,
        hasty=0.02,
        talk_median=200,
        talk_sigma=0.7,
        wrap_ups=0.3,
        wrap_up=30,
        shared_desks=False,
        interruptions=0.1,
    )


def happens(random: Random, chance: float) -> bool:
    """Whether a thing of this chance happens; one that cannot happen leaves `random` as it is."""
    return chance > 0 and random.random() < chance


def draw(random: Random, weighted: Sequence[tuple[T, float]]) -> T:
    """One of the values, by weight."""
    number = random.random() * sum(weight for _, weight in weighted)
    for value, weight in weighted:
        number -= weight
        if number < 0:
            return value
    return weighted[-1][0]
