"""A simulated time with a lossy socket, lossy records, or both: `python -m tests.evidence.week [HOURS [SEEDS]]`.

For every leg and wait that was, the truth must lie in the bounds that the evidence gives, and the bounds of both
accounts together must be narrower than those of either alone. The bounds of what an account does not know are
everything: from 0 to the length of the recording. A socket that loses single events may be wrong by itself: a lost
HANGUP looks like talk until something shows that it is over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from calltrack import Call, Frame, Leg, Tracker, Wait
from calltrack.core.changes import CallEnded, CallRevised, Change
from calltrack.core.replica import Replica
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.posting import CdrFaults, Records
from calltrack.simulate.recording import encode

SOCKET = Faults(lose=0.01, disconnects=1, outage=120)
LAG_S = 7  # a list can have so long what the switch has ended (guide §2)
RECORDS = CdrFaults(lose=0.1, repeat=0.05, late=0.02, reorder=0.05)


class Bounds(NamedTuple):
    """The least and the most that a figure can be, s."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """0 if it is known."""
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Whether a value lies within, but for the second to which accounts round."""
        return self.low - 1 <= value <= self.high + 1


class Part(NamedTuple):
    """What identifies a leg or wait in truth: call, extension or queue, and when it began."""

    call_id: str
    where: str
    began: int


@dataclass
class Made:
    """What happened, and what each account has of it."""

    frames: list[Frame] = field(default_factory=list)
    posts: list[tuple[float, Frame]] = field(default_factory=list)
    legs: dict[Part, float] = field(default_factory=dict)
    """Of each answered leg the conversation, hold included, s."""
    waits: dict[Part, float] = field(default_factory=dict)
    span: float = 0.0


def made(seed: int, hours: float, socket: Faults, records: CdrFaults, agents: int = 10) -> Made:
    """Simulate; frames and posts have when they were received."""
    kept, random, found = Records(records, seed), Random(seed), Made(span=hours * 3600)
    plan = Plan(agents=agents)
    last = 0
    for arrived, truth in traffic(plan, seed=seed, hours=hours, faults=socket, records=kept):
        for line in arrived:
            found.frames.append(Frame.decode(encode(line, random)))
        last = max(last, int(truth.at))
    for posted in kept.finish():
        body = posted.body
        began = body["time"] - plan.offset * 60
        if posted.again:
            continue
        call, wait = body["ivruniqueid"], body.get("seconds_waiting_in_queue")
        if wait is not None:
            found.waits[Part(call, str(body["queueid"]), began)] = wait
        if body["isAnswer"] and body["extenUser"] and body["type"] != "Click2Call leg1":
            answered = began + body["duration"] - body["actualCallDuration"]
            found.legs[Part(call, body["extenUser"], answered)] = body["actualCallDuration"]
    for posted in kept.posted:
        if posted.at is not None:
            found.posts.append((posted.at, Frame.of("cdr", posted.body, posted.at)))
    return found


def merged(frames: Iterable[Frame], posts: Iterable[tuple[float, Frame]]) -> Iterator[Frame]:
    """In the order of their receipt."""
    waiting = sorted(posts, key=lambda one: one[0])
    n = 0
    for frame in frames:
        while n < len(waiting) and frame.at is not None and waiting[n][0] <= frame.at:
            yield waiting[n][1]
            n += 1
        yield frame
    yield from (frame for _, frame in waiting[n:])


def tracked(frames: Iterable[Frame]) -> tuple[dict[str, Call], list[str]]:
    """The last record of every call, and what contradicts the law of the replica."""
    tracker, replica = Tracker(history=100_000), Replica(history=100_000)
    calls: dict[str, Call] = {}
    for frame in frames:
        for change in tracker.feed(frame):
            replica.apply(change)
            take(calls, change)
    snapshot = tracker.snapshot()
    for call in snapshot.calls:
        calls[call.call_id] = call
    faults = replica.differences(Replica.of(snapshot)) + [f"{replica.faults} faults"] * (replica.faults > 0)
    return calls, faults


def take(calls: dict[str, Call], change: Change) -> None:
    """The newest record of a call that has ended."""
    if isinstance(change, CallEnded | CallRevised):
        calls[change.call_id] = change.call


def leg_bounds(calls: dict[str, Call], part: Part, span: float) -> Bounds:
    """How long the conversation was that an extension had in a call, hold included."""
    everything = Bounds(0, span)
    call = calls.get(part.call_id)
    if call is None:
        return everything
    legs = [leg for leg in (*call.past_legs, *call.legs) if leg.exten_user == part.where and leg.c2c != 1]
    near = [leg for leg in legs if _begins(leg) is not None and abs((_begins(leg) or 0) - part.began) <= 5]
    if not near:  # it may be one whose answer was not seen
        near = [leg for leg in legs if not leg.answered and leg.unknown_s]
    if not near:
        return everything
    leg = max(near, key=lambda leg: leg.answered)
    known = leg.talk_s + leg.hold_s
    return Bounds(known - _unconfirmed(leg, leg.ended_at), known + leg.unknown_s if leg.ended_at is not None else span)


def _unconfirmed(part: Leg | Wait, ended_at: float | None) -> float:
    """How much counts as known although no list shows it: no event reported the end, which may be the one lost."""
    if not part.inferred or part.confirmed_at is None or ended_at is None:
        return 0
    since = part.confirmed_at - LAG_S
    spells = [one for one in part.spells if one.state in ("Talking", "Hold", "Queued") and one.until is not None]
    return sum(max(0, (one.until or 0) - max(one.since or 0, since)) for one in spells)


def _begins(leg: Leg) -> float | None:
    return leg.answered_at if leg.answered else None


def wait_bounds(calls: dict[str, Call], part: Part, span: float) -> Bounds:
    """How long a caller waited."""
    call = calls.get(part.call_id)
    waits: list[Wait] = [] if call is None else [*call.past_waits, *call.waiting]
    near = [
        one for one in waits
        if one.queue_id == part.where and one.joined_at is not None and abs(one.joined_at - part.began) <= 5
    ]  # fmt: skip
    if not near:
        return Bounds(0, span)
    wait = near[0]
    if wait.wait_s is not None and not wait.unknown_s:
        return Bounds(wait.wait_s, wait.wait_s)
    known = sum((s.until or 0) - (s.since or 0) for s in wait.spells if s.state == "Queued" and s.until is not None)
    least = known - _unconfirmed(wait, wait.left_at)
    return Bounds(least, known + wait.unknown_s if wait.unknown_s and wait.left_at is not None else span)


@dataclass
class Score:
    """Sums over every leg and wait."""

    width: float = 0.0
    unknown: int = 0
    """Figures whose bounds are not zero wide."""
    outside: list[str] = field(default_factory=list)
    law: list[str] = field(default_factory=list)
    each: dict[tuple[str, Part], float] = field(default_factory=dict)


def score(what: Made, frames: Iterable[Frame]) -> Score:
    """How wide the bounds are, and which do not contain the truth."""
    calls, law = tracked(frames)
    found = Score(law=law)
    for name, parts, bounds_of in (("talk", what.legs, leg_bounds), ("wait", what.waits, wait_bounds)):
        for part, value in parts.items():
            bounds = bounds_of(calls, part, what.span)
            found.width += bounds.width
            found.unknown += bounds.width > 1
            found.each[name, part] = bounds.width
            if not bounds.holds(value):
                found.outside.append(f"{name} of {part}: {value} is not in {tuple(bounds)}")
    return found


SIDES = {
    "socket lossy, records complete": (SOCKET, CdrFaults(repeat=0.05, late=0.02, reorder=0.05)),
    "socket complete, records lossy": (Faults(), RECORDS),
    "both lossy": (SOCKET, RECORDS),
}


def compared(seed: int, hours: float, name: str) -> tuple[Score, Score, Score]:
    """Scores of the socket alone, of the records alone, and of both."""
    what = made(seed, hours, *SIDES[name])
    offset = Frame.of("loginSuccess", {"servertime": 0, "servertimeoffset": 120, "errorCode": 0})
    posts = [frame for _, frame in what.posts]
    return score(what, what.frames), score(what, [offset, *posts]), score(what, merged(what.frames, what.posts))


def faults(name: str, scores: tuple[Score, Score, Score]) -> list[str]:
    """What is not as it must be."""
    socket, records, both = scores
    bad = [f"{name}: {text}" for one in scores for text in one.law]
    bad += [f"{name}: {text}" for one in (records, both) for text in one.outside]
    for other, label in ((socket, "the socket"), (records, "the records")):
        if both.width > other.width or (other.width and both.width >= other.width):
            bad.append(f"{name}: {both.width:.0f} s wide, {label} alone {other.width:.0f} s")
    if name != "both lossy" and both.unknown:
        bad.append(f"{name}: {both.unknown} figures are not known")
    return bad


def main(hours: float, seeds: int) -> int:
    """Every side for every seed."""
    worst = 0
    for seed in range(seeds):
        for name in SIDES:
            scores = compared(seed, hours, name)
            found = faults(name, scores)
            worst += len(found)
            shown = ", ".join(
                f"{label} {one.width:.0f} s ({one.unknown} not known, {len(one.outside)} wrong)"
                for label, one in zip(("socket", "records", "both"), scores, strict=True)
            )
            print(f"seed {seed}, {name}: {len(scores[2].each)} figures; {shown}; {len(found)} wrong", flush=True)
            for text in found[:10]:
                print("  ", text)
    return 1 if worst else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(float(arguments[0]) if arguments else 168.0, int(arguments[1]) if len(arguments) > 1 else 1))
