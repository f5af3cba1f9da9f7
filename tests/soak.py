"""A simulated day against its truth: `python -m tests.soak [--agents 200] [--hours 24] [--seed 1]`.

Feeds what a client would receive, every fault on, and compares: after each snapshot (list of all extensions) the
live legs of every extension, and every end of a call, with what was true. Exit code 1 on any difference.
"""

import random
import sys
from collections import Counter

import click

from calltrack import AnomalyKind, Frame, State, Tracker
from calltrack.core.changes import Anomaly, CallEnded, CallResumed
from calltrack.core.errors import NotAFrame
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.recording import encode

_AFTER_S = 900  # of a call that is redialed, the end may be reported too early; then it resumes within this
_LATE_S = 11  # what was on its way when the connection broke is lost with it


@click.command(help=__doc__)
@click.option("--agents", default=200, show_default=True)
@click.option("--hours", default=24.0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--rate", default=0.002, show_default=True, help="Chance per frame of each frame fault.")
def main(agents: int, hours: float, seed: int, rate: float) -> None:
    plan = Plan(agents=agents, queues=max(4, agents // 10))
    frame_faults = dict.fromkeys(("lose", "repeat", "delay", "reorder", "shuffle", "echo", "corrupt"), rate)
    faults = Faults(**frame_faults, disconnects=2, restarts=0.5, outage=60)
    tracker, garbler = Tracker(), random.Random(seed)
    true_legs: dict[str, Counter[tuple[str, str]]] = {}
    true_ends: dict[str, float] = {}
    reported_ends: dict[str, float] = {}
    late: set[str] = set()  # of some of these nothing else came, neither in time nor at all
    fed = bad = compared = differences = 0
    for lines, truth in traffic(plan, seed=seed, hours=hours, faults=faults, resync=True):
        true_ends |= {end.call: end.at for end in truth.ends if end.what == "call"}
        for line in lines:
            try:
                frame = Frame.decode(encode(line, garbler))
            except NotAFrame:
                bad += 1
                continue
            fed += 1
            for change in tracker.feed(frame):
                if isinstance(change, CallEnded):
                    reported_ends[change.call_id] = change.at or 0
                elif isinstance(change, CallResumed):
                    reported_ends.pop(change.call_id, None)
                elif isinstance(change, Anomaly) and change.kind is AnomalyKind.LATE_FRAME:
                    late.add(change.call_id)
        for name, legs in truth.legs.items():
            true_legs[name] = Counter((leg.call, leg.state) for leg in legs)
        if lines and lines[-1].frame.event == "AllExtensionsStatus" and not lines[-1].garbled:
            known = tracker.snapshot().extensions
            found = {each.exten_user: Counter((leg.call_id, leg.state) for leg in each.legs) for each in known}
            compared += 1
            differences += found != true_legs
    snapshot = tracker.snapshot()
    until = plan.start + hours * 3600 - _AFTER_S
    gaps = [(gap.since or 0, gap.until or until) for gap in snapshot.gaps]

    def in_a_gap(at: float) -> bool:
        return any(since - _LATE_S <= at <= end + 1 for since, end in gaps)

    false = [call for call, at in reported_ends.items() if at < until and call not in true_ends]
    unsure = {call.call_id for call in snapshot.calls if call.state is State.UNKNOWN}  # the day may end in a gap
    missed = [
        call
        for call, at in true_ends.items()
        if at < until and call not in reported_ends and call not in unsure | late and not in_a_gap(at)
    ]
    click.echo(f"{fed} frames, {bad} unreadable lines, {len(gaps)} gaps")
    click.echo(f"{compared} snapshots compared, {differences} differ from the truth")
    click.echo(
        f"{len(reported_ends)} calls ended; {len(false)} of those have not, {len(missed)} ends outside gaps were missed"
    )
    click.echo(f"anomalies: {dict(snapshot.counters.anomalies)}")
    sys.exit(bool(differences or false or missed))


if __name__ == "__main__":
    main()
