"""Planted differences: `python -m tests.reconcile.planted [SEEDS]` plants every kind into a day of every seed.

Each kind changes one record or one frame, and says which differences must be found: those, with their reasons, and no
other one. Prints a line per seed and ends with 1 if anything is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from calltrack import Frame, Tracker
from calltrack.reconcile import Account, Reason, Reconciled, Tracked, compare
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.posting import Records
from calltrack.simulate.recording import encode
from calltrack.words.numbers import normal

Body = dict[str, Any]
Found = set[tuple[str, str, Reason]]
HOUR = 3600


@dataclass
class Day:
    """Some hours of a simulated centre: the frames, the records, and the changes so far to both."""

    lines: list[bytes]
    records: list[Body]
    replaced: dict[int, Body | None] = field(default_factory=dict)
    more: list[Body] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)
    frames: list[Frame] = field(default_factory=list)


def day(seed: int, hours: float = 3.0, faults: Faults | None = None, agents: int = 8) -> Day:
    """A simulated day; one without faults is complete on both sides."""
    records, random = Records(seed=seed), Random(seed)
    lines = [
        encode(line, random)
        for arrived, _ in traffic(Plan(agents=agents), seed=seed, hours=hours, faults=faults, records=records)
        for line in arrived
    ]
    return Day(lines, [one.body for one in records.finish()], frames=[Frame.decode(line) for line in lines])


def reconciled(made: Day) -> Reconciled:
    """The comparison of a day with what was planted in it."""
    tracker, tracked = Tracker(), Tracked()
    for n, frame in enumerate(made.frames):
        if n not in made.dropped:
            tracked.see(tracker.feed(frame), tracker.time)
    tracked.finish(tracker.snapshot())
    bodies = [made.replaced.get(n, body) for n, body in enumerate(made.records)]
    kept = [body for body in (*bodies, *made.more) if body is not None]
    accounts = [Account(Frame.of("cdr", body).body.statement) for body in kept]  # type: ignore[attr-defined]
    return compare(tracked, accounts, number=normal, day=lambda at: str(int(at // 86400)))


def found_in(result: Reconciled) -> Found:
    """Call, figure and reason of every difference."""
    return {(one.call_id, one.figure, one.reason) for call in result.calls for one in call.differences}


Plant = Callable[[Day, int], Found]
"""Changes the record at a place; returns the differences that must be found."""


def _changed(name: str, change: Callable[[Any], Any], *expected: tuple[str, Reason]) -> Plant:
    def plant(made: Day, n: int) -> Found:
        body = dict(made.records[n])
        body[name] = change(body.get(name))
        made.replaced[n] = body
        return {(body["ivruniqueid"], figure, reason) for figure, reason in expected}

    return plant


def _several(changes: Body | Callable[[Body], Body], *expected: tuple[str, Reason]) -> Plant:
    def plant(made: Day, n: int) -> Found:
        body = made.records[n]
        made.replaced[n] = {**body, **(changes(body) if callable(changes) else changes)}
        return {(body["ivruniqueid"], figure, reason) for figure, reason in expected}

    return plant


def _lost(made: Day, n: int) -> Found:
    made.replaced[n] = None
    return {(made.records[n]["ivruniqueid"], "record", Reason.NO_RECORD)}


def _twice(made: Day, n: int) -> Found:
    made.more.append(dict(made.records[n]))
    return set()


def _late(made: Day, n: int) -> Found:
    made.more.append(made.records[n])
    made.replaced[n] = None
    return set()


def _invented(made: Day, n: int) -> Found:
    body = {**made.records[n], "ivruniqueid": "20240108000000ffffffffffffffffff"}
    made.more.append(body)
    return {(body["ivruniqueid"], "record", Reason.NO_EVENTS)}


def _before(made: Day, n: int) -> Found:
    body = {**made.records[n], "ivruniqueid": "20240107000000ffffffffffffffffff"}
    body["time"] = made.records[n]["time"] - 86400
    made.more.append(body)
    return {(body["ivruniqueid"], "record", Reason.OUTSIDE)}


def _after(made: Day, n: int) -> Found:
    body = {**made.records[n], "ivruniqueid": "20240109000000ffffffffffffffffff"}
    body["time"] = made.records[n]["time"] + 86400
    made.more.append(body)
    return {(body["ivruniqueid"], "record", Reason.OUTSIDE)}


def _nameless(made: Day, n: int) -> Found:
    made.more.append({**made.records[n], "ivruniqueid": ""})
    return set()


def _by(seconds: int) -> Callable[[Any], Any]:
    return lambda value: value + seconds


_NOT_ANSWERED = {"status": "NOANSWER", "isAnswer": 0}

KINDS: dict[str, Plant] = {
    "record lost": _lost,
    "record twice": _twice,
    "record late": _late,
    "record of no call": _invented,
    "record from before": _before,
    "record from after": _after,
    "record without an id": _nameless,
    "talk one second less": _changed("actualCallDuration", _by(-1), ("talk", Reason.ROUNDING)),
    "talk one second more": _changed("actualCallDuration", _by(1), ("talk", Reason.ROUNDING)),
    "talk much more": _changed("actualCallDuration", _by(50), ("talk", Reason.VALUE)),
    "talk missing": _changed("actualCallDuration", lambda _: None),
    "ring one second more": _several(
        lambda body: {"dialtime": body["dialtime"] + 1, "actualCallDialtime": body["dialtime"] + 1},
        ("ring", Reason.ROUNDING),
    ),
    "ring much more": _several(
        lambda body: {"dialtime": body["dialtime"] + 30, "actualCallDialtime": body["dialtime"] + 30},
        ("ring", Reason.VALUE),
    ),
    "duration one second less": _changed("duration", _by(-1), ("duration", Reason.ROUNDING)),
    "duration much more": _changed("duration", _by(77), ("duration", Reason.VALUE)),
    "start one second later": _changed("time", _by(1), ("start", Reason.ROUNDING)),
    "start an hour later": _changed("time", _by(HOUR), ("start", Reason.LOCAL_TIME)),
    "start of UTC": _changed("time", _by(-2 * HOUR), ("start", Reason.LOCAL_TIME)),
    "start half an hour off": _changed("time", _by(HOUR // 2), ("start", Reason.LOCAL_TIME)),
    "start minutes later": _changed("time", _by(200), ("start", Reason.VALUE)),
    "another agent": _several(
        {"representative_code": 999, "representative_name": "Somebody Else"}, ("agent", Reason.VALUE)
    ),
    "another extension": _changed("extenUser", lambda _: "SIP99999", ("extension", Reason.VALUE)),
    "no agent named": _several({"representative_code": None, "representative_name": None}),
    "status and isAnswer disagree": _changed("isAnswer", lambda _: 0, ("outcome", Reason.CONTRADICTION)),
    "not answered": _several(_NOT_ANSWERED, ("outcome", Reason.VALUE)),
    "isAnswer as text": _changed("isAnswer", str),
    "duration as text": _changed("duration", str),
    "duration as a clock": _changed(
        "duration", lambda s: f"{s // HOUR:02}:{s // 60 % 60:02}:{s % 60:02}"
    ),
    "status in lower case": _changed("status", str.lower),
    "an unknown field": _changed("aFieldOfNextYear", lambda _: {"deep": [1]}),
    "another number": _several(
        lambda body: {"callerPhone": "972531111111", "caller": "972531111111", "target": "972531111111"},
        ("number", Reason.VALUE),
    ),
    "the number in local notation": _several(
        lambda body: {name: _local(body.get(name)) for name in ("callerPhone", "caller", "target")}
    ),
    "the number with a plus": _several(
        lambda body: {name: _plus(body.get(name)) for name in ("callerPhone", "caller", "target")}
    ),
}  # fmt: skip
"""Kinds for any answered record of a call that has one record."""

QUEUED: dict[str, Plant] = {
    "another queue": _several({"queueid": 99, "queuename": "Elsewhere"}, ("queue", Reason.VALUE)),
    "wait one second less": _changed("seconds_waiting_in_queue", _by(-1), ("wait", Reason.ROUNDING)),
    "wait much more": _changed("seconds_waiting_in_queue", _by(60), ("wait", Reason.VALUE)),
    "duration without the wait": _several(
        lambda body: {"duration": body["duration"] - body["seconds_waiting_in_queue"]}, ("duration", Reason.WAIT)
    ),
}
"""Kinds for the record of a queue."""


def _local(text: object) -> object:
    return f"0{text[3:]}" if isinstance(text, str) and text.startswith("972") else text


def _plus(text: object) -> object:
    return f"+{text}" if isinstance(text, str) and text.startswith("972") else text


def targets(made: Day, untouched: Reconciled) -> Iterable[int]:
    """The records in which anything can be planted: answered, alone in their call, and without a difference."""
    times = sorted(call.at for call in untouched.calls if call.at is not None)
    begin = times[len(times) // 4]
    clean = {
        call.call_id for call in untouched.calls
        if not call.differences and call.at is not None and call.at > begin
    }  # fmt: skip
    alone = [one["ivruniqueid"] for one in made.records]
    last = max(body["time"] + body["duration"] for body in made.records) - 60
    for n, body in enumerate(made.records):
        plain = body["type"] in ("Queue", "Extension Outgoing") and body["direction"] != "internal"
        called = str(body["callerPhone"] or body["target"]).startswith("972")
        if body["ivruniqueid"] not in clean or alone.count(body["ivruniqueid"]) > 1 or not plain or not called:
            continue
        if body["isAnswer"] and body["actualCallDuration"] > 5 and body["time"] + body["duration"] < last:
            yield n


def wrong(seed: int, kinds: int | None = None, progress: Callable[[str], None] = lambda text: None) -> list[str]:
    """What was not found, or found beside what was planted; every kind in turn, or the first so many."""
    made = day(seed)
    before = reconciled(made)
    standing = found_in(before)
    bad = []
    every = [*KINDS.items(), *QUEUED.items()]
    chosen = list(targets(made, before))
    random = Random(seed)
    for name, plant in every[:kinds]:
        fitting = [
            n
            for n in chosen
            if name not in QUEUED
            or (made.records[n]["type"] == "Queue" and made.records[n]["seconds_waiting_in_queue"] > 2)
        ]
        fresh = Day(made.lines, made.records, frames=made.frames)
        expected = plant(fresh, random.choice(fitting))
        found = found_in(reconciled(fresh)) - standing
        if found != expected:
            bad.append(f"seed {seed}, {name}: expected {sorted(expected)}, found {sorted(found)}")
        progress(name)
    return bad + lost_ends(seed, made, standing) + outages(seed)


def lost_ends(seed: int, made: Day, standing: Found) -> list[str]:
    """A HANGUP that was lost: its call is doubtful, and no other one differs."""
    ends = [n for n, frame in enumerate(made.frames) if b'"reason":"HANGUP"' in frame.raw and b'"Talking"' in frame.raw]
    if not ends:
        return []
    lost = Random(seed).choice(ends[: len(ends) // 2])
    fresh = Day(made.lines, made.records, frames=made.frames, dropped={lost})
    call_id = made.frames[lost].payload()["ivruniqueid"]
    found = found_in(reconciled(fresh)) - standing
    odd = {one for one in found if one[0] != call_id or one[2] is not Reason.DOUBTFUL}
    return [f"seed {seed}, lost HANGUP of {call_id}: also found {sorted(odd)}"] if odd else []


def outages(seed: int) -> list[str]:
    """Lost connections: what differs is in a gap, or what was tracked is inferred; nothing is unexplained."""
    made = day(seed, faults=Faults(disconnects=2, outage=90))
    found = found_in(reconciled(made))
    odd = {one for one in found if one[2] in (Reason.VALUE, Reason.NO_RECORD, Reason.NO_EVENTS)}
    return [f"seed {seed}, outages: {sorted(odd)}"] if odd else []


def main(seeds: int) -> int:
    """Every kind for every seed."""
    bad = 0
    for seed in range(seeds):
        found = wrong(seed)
        bad += len(found)
        print(f"seed {seed}: {len(KINDS) + len(QUEUED) + 2} kinds, {len(found)} wrong", flush=True)
        for line in found:
            print("  ", line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
