"""What the tracker makes of faulty traffic, against what was true: `python -m tests.convergence [--seeds 0-200]`.

After snapshots (list of all queues, list of all extensions) the live state is the truth, whatever was lost, doubled,
late, shuffled, corrupted or mangled before. And what is reported is true: every difference from the true history is
marked inferred, lies in a gap, or has an anomaly about it. Exit code 1 on any difference; each comes with the command
that makes its traffic again.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import click

from calltrack import Frame, Outcome, Snapshot, Tracker
from calltrack.core.changes import Anomaly, Change, LegEnded, LegStarted
from calltrack.core.errors import NotAFrame
from calltrack.core.records import Leg, Seconds
from calltrack.simulate import Faults, Plan, Truth, traffic
from calltrack.simulate.recording import encode
from calltrack.testing.simulated import SEVERE, repro

MIXES = {
    "everything": SEVERE,
    "lost": Faults(lose=0.2, disconnects=6, outage=60),
    "doubled": Faults(repeat=0.1, echo=0.4),
    "late": Faults(delay=0.3, reorder=0.1),
    "shuffled": Faults(shuffle=0.3),
    "corrupted": Faults(corrupt=0.1, mangle=0.2),
    "hopeless": Faults(lose=0.3, repeat=0.1, delay=0.1, shuffle=0.1, echo=0.1, corrupt=0.1, mangle=0.1, disconnects=9),
}


OUTCOMES = {Outcome.TRANSFERRED: "Transfer", Outcome.RECHECKED: "Recheck"}
"""Where the cause is empty, the truth has the dialStatus."""

Identity = tuple[str, str, float | None]


class World:
    """The truth as its records tell it."""

    def __init__(self) -> None:
        self.legs: dict[str, Counter[tuple[str, str]]] = {}
        self.waiting: dict[str, list[str]] = {}
        self.agents: dict[str, tuple[int | None, int]] = {}
        self.live: dict[str, set[Identity]] = {}
        self.began: set[Identity] = set()
        self.seconds: dict[Identity, int] = {}
        self.again: set[Identity] = set()  # dialed again, or over, in the same second: no one can say what was first
        self.ends: dict[Identity, set[str]] = {}  # the causes: a redial in the same second has the same identity

    def believe(self, truth: Truth) -> None:
        """Take over what a record says."""
        for name, legs in truth.legs.items():
            self.legs[name] = Counter((leg.call, leg.state) for leg in legs)
            live: set[Identity] = {(leg.call, name, leg.started) for leg in legs}
            self.again |= (live - self.live.get(name, set())) & self.began
            self.seconds |= dict.fromkeys(live - self.began, int(truth.at))
            self.again |= {key for key in self.live.get(name, set()) - live if self.seconds[key] == int(truth.at)}
            self.began |= live
            self.live[name] = live
        self.waiting |= {str(queue_id): calls for queue_id, calls in truth.waiting.items()}
        self.agents |= {name: (user or None, status) for name, (user, status) in truth.agents.items()}
        for end in truth.ends:
            if end.what == "leg":
                self.ends.setdefault((end.call, str(end.where), end.started), set()).add(end.cause)

    def unlike(self, snapshot: Snapshot) -> list[str]:
        """What the snapshot shows otherwise."""
        legs = {
            known.exten_user: Counter((leg.call_id, leg.state) for leg in known.legs) for known in snapshot.extensions
        }
        waiting = {queue.queue_id: [wait.call_id for wait in queue.waiting] for queue in snapshot.queues}
        agents = {known.exten_user: (known.agent_id, known.agent_status) for known in snapshot.extensions}
        found = [f"{name}: {legs.get(name)}, not {true}" for name, true in self.legs.items() if legs.get(name) != true]
        found += [
            f"queue {name}: {waiting.get(name)}, not {true}"
            for name, true in self.waiting.items()
            if waiting.get(name, []) != true
        ]
        found += [
            f"{name}: agent {agents.get(name)}, not {true}"
            for name, true in self.agents.items()
            if agents.get(name) != true
        ]
        found += [f"{name} does not exist" for name in legs if name not in self.legs]
        found += [
            f"queue {name} does not exist" for name, calls in waiting.items() if calls and name not in self.waiting
        ]
        return found


def differences(seed: int, faults: Faults, *, agents: int = 9, hours: float = 1.0) -> list[str]:
    """How the live state differs from the truth after any snapshots of this traffic."""
    tracker, world, random, found = Tracker(), World(), Random(f"garble {seed}"), list[str]()
    for lines, truth in traffic(Plan(agents=agents), seed=seed, hours=hours, faults=faults, resync=True):
        world.believe(truth)
        for line in lines:
            _feed(tracker, encode(line, random))
        events = [line.frame.event for line in lines if line.at == line.frame.at]  # of this moment, not late ones
        if events[-2:] == ["loginStatus", "AllExtensionsStatus"]:
            found += world.unlike(tracker.snapshot())
    return found


def unmarked(seed: int, faults: Faults, *, agents: int = 9, hours: float = 1.0) -> list[str]:
    """What was reported and is not true, or is true and was neither reported nor marked.

    A leg of which no frame arrived in time cannot be known of; neither can a frame that lies, so no mangled ones here.
    """
    tracker, world, random = Tracker(), World(), Random(f"garble {seed}")
    reported, late = list[Change](), set[str]()
    shown = set[Identity]()
    offset_s: Seconds | None = None

    def began(leg: Leg) -> Seconds | None:
        """By its stamp: the far end of a transfer begins later than that (ruling 7)."""
        return leg.started if offset_s is None or not leg.stamp else leg.stamp - offset_s

    for lines, truth in traffic(Plan(agents=agents), seed=seed, hours=hours, faults=faults, resync=True):
        world.believe(truth)
        for line in lines:
            changes = _feed(tracker, encode(line, random))
            reported += changes
            late |= {change.call_id for change in changes if isinstance(change, Anomaly)}
            snapshot = tracker.snapshot()
            offset_s = snapshot.resume.offset_s
            shown |= {
                (leg.call_id, known.exten_user, began(leg))
                for known in snapshot.extensions
                for leg in known.legs
                if leg.c2c != 2  # it has the stamp of leg 1, which may never have been seen
            }
    found = list[str]()
    starts, ends = Counter[Identity](), Counter[Identity]()
    for change in reported:
        if isinstance(change, LegStarted | LegEnded):
            leg = change.leg
            key = (leg.call_id, leg.exten_user, began(leg))
            marked = change.inferred or leg.call_id in late
            if isinstance(change, LegStarted):
                starts[key] += leg.c2c != 2
                if key not in world.began and not marked:
                    found.append(f"never began: {key}")
            else:
                ends[key] += 1
                true = world.ends.get(key)
                if true is None and not marked:
                    found.append(f"has not ended: {key}")
                elif (
                    true
                    and not marked
                    and leg.cause not in true
                    and OUTCOMES.get(leg.outcome or Outcome.LOST) not in true
                ):
                    found.append(f"{key} ended by {true}, not {leg.cause!r}")
    found += [
        f"reported {count} times: {key}"
        for key, count in starts.items()
        if count > 1 and key not in world.again and key[0] not in late
    ]
    for key in world.ends:
        if key in shown and not ends[key] and key not in world.again:
            found.append(f"its end was not reported: {key}")
    return found


def _feed(tracker: Tracker, line: bytes) -> tuple[Change, ...]:
    try:
        return tracker.feed(Frame.decode(line))
    except NotAFrame:
        return ()


@click.command(help=__doc__)
@click.option("--seeds", default="0-100", show_default=True, help="FIRST-LAST.")
@click.option("--mix", type=click.Choice([*MIXES, "all"]), default="all", show_default=True)
@click.option("--agents", default=9, show_default=True)
@click.option("--hours", default=1.0, show_default=True)
def main(seeds: str, mix: str, agents: int, hours: float) -> None:
    first, last = map(int, seeds.split("-"))
    bad = 0
    for name in MIXES if mix == "all" else [mix]:
        faults = MIXES[name]
        for seed in range(first, last + 1):
            found = differences(seed, faults, agents=agents, hours=hours)
            if not faults.mangle:
                found += unmarked(seed, faults, agents=agents, hours=hours)
            if found:
                bad += 1
                click.echo(f"{name}: {repro(seed, agents=agents, hours=hours, faults=faults)}")
                for line in found[:5]:
                    click.echo(f"  {line}")
        click.echo(f"{name}: {last - first + 1} seeds")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
