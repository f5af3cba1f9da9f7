"""Planted differences: `python -m tests.reconcile.planted [SEEDS]` plants every kind into a day of every seed.

A kind (kinds.py) alters one record, or frames, and says which differences must be found: those, with their reasons, and
no other one. Prints a line per seed, and ends with 1 if anything is wrong or a kind had no subject in any seed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from calltrack import Frame, Tracker
from calltrack.core.observations import times_of
from calltrack.reconcile import Account, Reason, Reconciled, Tracked, compare
from calltrack.reconcile.result import UNEXPLAINED
from calltrack.reconcile.tracked import Moment
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.posting import Records
from calltrack.simulate.recording import encode
from calltrack.words.numbers import normal
from tests.reconcile.kinds import (
    BYTES,
    COUNT,
    CUTS,
    FAR,
    FRAMES,
    HOUR,
    LOGGED,
    RECORDS,
    Body,
    Cut,
    InBytes,
    InFrames,
    InRecord,
    as_logged,
)

Found = set[tuple[str, str, Reason]]


_PLAN = Plan(agents=8)


class Day(NamedTuple):
    """Some hours of a simulated centre: the frames and the records."""

    frames: list[Frame]
    records: list[Body]


def day(seed: int, hours: float = 3.0, faults: Faults | None = None, plan: Plan = _PLAN) -> Day:
    """A simulated day; one without faults is complete on both sides."""
    records, random = Records(seed=seed), Random(seed)
    frames = [
        Frame.decode(encode(line, random))
        for arrived, _ in traffic(plan, seed=seed, hours=hours, faults=faults, records=records)
        for line in arrived
    ]
    return Day(frames, [one.body for one in records.finish()])


def tracked(frames: Iterable[Frame]) -> Tracked:
    """What a tracker makes of frames."""
    tracker, found = Tracker(), Tracked()
    for frame in frames:
        found.see(tracker.feed(frame), tracker.time, times_of(frame.body)[0])
    found.finish(tracker.snapshot())
    return found


def compared(made: Day) -> Reconciled:
    """The comparison of a day as it is."""
    return _compared(tracked(made.frames), made.records)


def _compared(side: Tracked, records: Iterable[Body]) -> Reconciled:
    accounts = [Account(Frame.of("cdr", body).body.statement) for body in records]  # type: ignore[attr-defined]
    return compare(side, accounts, number=normal, day=lambda at: str(int(at // 86400)))


def found_in(result: Reconciled) -> Found:
    """Call, figure and reason of every difference."""
    return {(one.call_id, one.figure, one.reason) for call in result.calls for one in call.differences}


SUBJECTS: dict[str, Callable[[Body], bool]] = {
    "q": lambda body: body["type"] == "Queue" and body["isAnswer"] and body["seconds_waiting_in_queue"] > 2,
    "a": lambda body: body["type"] == "Queue" and not body["isAnswer"] and body["seconds_waiting_in_queue"] > 2,
    "o": lambda body: body["type"] == "Extension Outgoing" and body["direction"] == "outgoing" and body["isAnswer"],
    "f": lambda body: body["type"] == "Extension Outgoing" and body["direction"] == "outgoing" and not body["isAnswer"],
    "i": lambda body: body["type"] == "Incoming Call",
    "h": lambda body: body["type"] in ("Queue", "Extension Outgoing"),
    "x": lambda body: body["type"] == "XferCDR",
    "c": lambda body: body["type"] == "Click2Call leg1",
    "d": lambda body: body["type"] == "Click2Call leg2",
}
"""Which records a letter of a kind stands for."""
_SEVERAL = "xcd"
"""Those of calls that have several records."""


class Planter:
    """A day, what differs in it by itself, and the kinds that are planted into it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.made = day(seed)
        self._tracked = tracked(self.made.frames)
        before = self._compared(self.made.records)
        self._standing = found_in(before)
        self._random = Random(seed)
        self._chosen = {letter: list(self._subjects(letter, before)) for letter in SUBJECTS}
        self.planted: set[str] = set()

    def _subjects(self, letter: str, before: Reconciled) -> Iterator[int]:
        """The records of a letter: well within the day, and without a difference, but for hold."""
        records = self.made.records
        times = sorted(call.at for call in before.calls if call.at is not None)
        begin = times[0 if letter == "i" else len(times) // 4]  # these are calls of the beginning alone
        last = max(body["time"] + body["duration"] for body in records) - 60
        reasons = {call.call_id: {one.reason for one in call.differences} for call in before.calls
                   if call.at is not None and call.at >= begin}  # fmt: skip
        count = Counter(body["ivruniqueid"] for body in records)
        wanted = {Reason.HOLD} if letter == "h" else set()
        for n, body in enumerate(records):
            alone = letter in _SEVERAL or count[body["ivruniqueid"]] == 1
            legs = self._tracked.calls[body["ivruniqueid"]].past_legs if body["ivruniqueid"] in reasons else ()
            if letter == "i" and not any(Moment.ANSWERED in self._tracked.doubts(leg) for leg in legs):
                continue
            called = str(body["callerPhone"] or body["target"]).startswith("972")
            if reasons.get(body["ivruniqueid"]) != wanted or not alone or not called or not SUBJECTS[letter](body):
                continue
            if body["time"] + body["duration"] < last and (not body["isAnswer"] or body["actualCallDuration"] > 5):
                yield n

    def _compared(self, records: Iterable[Body], frames: Sequence[Frame] | None = None) -> Reconciled:
        return _compared(self._tracked if frames is None else tracked(frames), records)

    def wrong(self, kinds: int | None = None) -> Iterator[str]:
        """What is not as the kinds say; of every kind, or the first so many."""
        every = [(one, letter) for one in (*RECORDS, *FRAMES, *BYTES, *CUTS) for letter in one.on]
        for one, letter in every[:kinds]:
            chosen = self._chosen[letter]
            if not chosen:
                continue
            self.planted.add(f"{one.name} ({letter})")
            n = self._random.choice(chosen)
            plant: Any = {InRecord: self._record, InFrames: self._frames, InBytes: self._bytes, Cut: self._cut}
            for bad in plant[type(one)](one, n):
                yield f"seed {self.seed}, {one.name} ({letter}, record {n}): {bad}"

    def _with(self, n: int, bodies: list[Body]) -> list[Body]:
        return [*self.made.records[:n], *bodies, *self.made.records[n + 1 :]]

    def _record(self, kind: InRecord, n: int) -> Iterator[str]:
        bodies = kind.change(self.made.records[n])
        own = self.made.records[n]["ivruniqueid"]
        named = FAR if any(body.get("ivruniqueid") == FAR for body in bodies) else own
        standing = {one for one in self._standing if one[0] != named}
        yield from _unlike({(named, *one) for one in kind.expected.items()},
                           found_in(self._compared(self._with(n, bodies))) - standing)  # fmt: skip

    def _frames(self, kind: InFrames, n: int) -> Iterator[str]:
        call_id = self.made.records[n]["ivruniqueid"]
        kept = [one for one in self.made.frames if not (call_id.encode() in one.raw and _is_event(one, call_id, kind))]
        records = self._with(n, kind.change(self.made.records[n]))
        if "ANSWER" in kind.lost and not tracked(kept).calls[call_id].answered:
            return  # no other frame showed that it talked: such a loss leaves no trace
        found = found_in(self._compared(records, kept)) - self._standing
        expected = {(call_id, *one) for one in kind.expected.items()}
        if expected - found:
            yield f"expected {sorted(expected)}, found {sorted(found)}"
        found -= expected
        if odd := {one for one in found if one[0] != call_id or one[2] not in (kind.reason, Reason.ROUNDING)}:
            yield f"also found {sorted(odd)}"

    def _bytes(self, kind: InBytes, n: int) -> Iterator[str]:
        body = self.made.records[n]
        call_id = body["ivruniqueid"]
        old, new = (text.encode() for text in kind.change(body))
        frames = [
            Frame.decode(one.raw.replace(old, new)) if call_id.encode() in one.raw and old in one.raw else one
            for one in self.made.frames
        ]
        yield from _unlike({(call_id, *one) for one in kind.expected.items()},
                           found_in(self._compared(self.made.records, frames)) - self._standing)  # fmt: skip

    def _cut(self, kind: Cut, n: int) -> Iterator[str]:
        body, records, frames = self.made.records[n], self.made.records, list(self.made.frames)
        begin = body["time"] - 2 * HOUR
        end = begin + body["duration"]
        if kind.side == "records":
            records = [one for one in records if one["time"] + one["duration"] < body["time"]]
        elif kind.at == "after":
            frames = [one for one in frames if one.at is not None and one.at > end + 60]
        else:
            last = begin - 60 if kind.at == "before" else (begin + end) / 2
            frames = [one for one in frames if one.at is not None and one.at < last]
        found = found_in(self._compared(records, frames)) - self._standing
        mine = {reason for call_id, _, reason in found if call_id == body["ivruniqueid"]}
        if mine != {kind.reason}:
            yield f"expected {kind.reason.name}, found {sorted(mine)}"
        if odd := {one for one in found - self._standing if one[2] not in (*kind.others, Reason.ROUNDING)}:
            yield f"also found {sorted(odd)}"

    def outages(self) -> Iterator[str]:
        """Lost connections: what differs is in a gap, or what was tracked is inferred; nothing is unexplained."""
        made = day(self.seed, faults=Faults(disconnects=2, outage=90))
        found = found_in(compared(made))
        if odd := {one for one in found if one[2] in UNEXPLAINED}:
            yield f"seed {self.seed}, outages: {sorted(odd)}"

    def zone(self) -> Iterator[str]:
        """The stream's offset is an hour off: starts of the Call Log differ, all by the zone, and nothing else."""
        frames = [Frame.decode(one.raw.replace(b'offset":120', b'offset":60')) for one in self.made.frames]
        logged = [as_logged()(body)[0] if body["type"] in LOGGED else body for body in self.made.records]
        found = found_in(self._compared(logged, frames)) - self._standing
        starts = {(self.made.records[n]["ivruniqueid"], "start", Reason.LOCAL_TIME) for n in self._chosen["o"]}
        if not starts <= found or (odd := {one for one in found if one[1:] != ("start", Reason.LOCAL_TIME)}):
            yield f"seed {self.seed}, another zone: {sorted(starts - found or odd)}"


def _is_event(frame: Frame, call_id: str, kind: InFrames) -> bool:
    """Whether a frame is an event of the call, with one of the reasons."""
    said = frame.payload()
    data = said.get("data")
    current = data.get("currentCall") if isinstance(data, dict) else None
    of = said.get("ivruniqueid") or (current or {}).get("ivrid")
    return of == call_id and said.get("reason") in kind.lost


def _unlike(expected: Found, found: Found) -> Iterator[str]:
    if found != expected:
        yield f"expected {sorted(expected)}, found {sorted(found)}"


def main(seeds: int) -> int:
    """Every kind for every seed."""
    bad, planted = 0, set[str]()
    for seed in range(seeds):
        planter = Planter(seed)
        found = [*planter.wrong(), *planter.outages(), *planter.zone()]
        bad += len(found)
        planted |= planter.planted
        print(f"seed {seed}: {len(planter.planted) + 2} of {COUNT + 2} kinds, {len(found)} wrong", flush=True)
        for line in found:
            print("  ", line)
    print(f"{len(planted) + 2} of {COUNT + 2} kinds were planted, {bad} wrong")
    return 1 if bad or len(planted) < COUNT else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
