"""Figures of a stream of which events were lost, held against those of the whole stream.

`python -m tests.figures.losses [--seeds 20] [--hours 4]` removes 1, 5 and 20 % of the events of simulated days at
random and prints how many figures of the whole day lie in the bounds of the damaged one, and the figures that most
often do not.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import msgspec

from calltrack import Frame, Tracker
from calltrack.figures import Facts, Figures, Report, report
from calltrack.simulate import Plan, traffic

EVENTS = {"ExtensionEvent", "QueueEvent", "QueueEvents"}
NOT_COMPARED = {"observed_s", "coverage", "since", "until", "unresolved", "bounds"}
LOSSES = (0.01, 0.05, 0.2)


class Cell(NamedTuple):
    """A figure of one group: what it is in truth, what the damaged stream says, and whether its bounds hold."""

    group: str
    key: str
    figure: str
    true: float
    found: float | None
    bounds: Any
    holds: bool


def day(seed: int, hours: float, *, captured: bool) -> list[Frame]:
    """A simulated day of a small call centre."""
    plan = Plan(agents=9, queues=3, transfers=0.6, interruptions=0.3)
    plan = plan.as_captured() if captured else plan
    return [
        Frame.of(line.frame.event, line.frame.data)
        for lines, _ in traffic(plan, seed=seed, hours=hours)
        for line in lines
    ]


def thinned(frames: list[Frame], loss: float, seed: int) -> list[Frame]:
    """The same without some of its events; the last frames stay, so that both last as long."""
    random, last = Random(f"{seed} {loss}"), len(frames) - 10  # of servers whose clocks are apart
    return [
        frame for n, frame in enumerate(frames) if frame.event not in EVENTS or random.random() >= loss or n >= last
    ]


def counted(frames: list[Frame]) -> Report:
    """All figures of a stream."""
    tracker, facts = Tracker(), Facts()
    for frame in frames:
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return report(facts)


def cells(true: Report, damaged: Report) -> Iterator[Cell]:
    """Every figure of every group of the true report that is certain there."""
    for group in ("total", "queues", "agents", "extensions", "accounts"):
        theirs = {one.key: one for one in _entries(damaged, group)}
        for one in _entries(true, group):
            other = theirs.get(one.key)
            found = {} if other is None else flat(other)
            bounds = {} if other is None else other.bounds
            for figure, value in flat(one).items():
                said, within = found.get(figure), bounds.get(figure)
                if value is None or figure in one.bounds:
                    continue
                if within is None:
                    holds = said is not None and abs(said - value) < 1e-6
                else:
                    holds = within.low - 1e-6 <= value and (within.high is None or value <= within.high + 1e-6)
                yield Cell(group, one.key, figure, value, said, within, holds)


def flat(figures: Figures) -> dict[str, float | None]:
    """Every figure by the name that its bounds have."""
    found: dict[str, float | None] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                if name not in NOT_COMPARED:
                    walk(f"{prefix}.{name}" if prefix else name, part)
        elif isinstance(value, list | tuple):
            for one in value:
                if "status" in one:
                    found[f"work.status_{one['status']}_s"] = one["seconds"]
                else:
                    walk(f"calls.{one.pop('direction') or 'all'}", one)
        elif not isinstance(value, str):
            found[prefix] = value

    walk("", msgspec.to_builtins(figures))
    return found


def _entries(found: Report, group: str) -> tuple[Figures, ...]:
    return (found.total,) if group == "total" else getattr(found, group)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seeds", type=int, default=20)
    ask.add_argument("--hours", type=float, default=4.0)
    ask.add_argument("--show", type=int, default=12, help="figures that most often do not hold")
    options = ask.parse_args()
    for loss in LOSSES:
        all_cells = held = exact = 0
        worst: Counter[str] = Counter()
        coverage = []
        for seed in range(options.seeds):
            frames = day(seed, options.hours, captured=seed % 2 == 1)
            true, damaged = counted(frames), counted(thinned(frames, loss, seed))
            coverage.append(damaged.total.coverage or 0)
            for cell in cells(true, damaged):
                all_cells, held = all_cells + 1, held + cell.holds
                exact += cell.bounds is None
                if not cell.holds:
                    worst[cell.figure] += 1
        print(
            f"{loss:.0%} lost: {held} of {all_cells} figures within their bounds, {held / all_cells:.2%}; "
            f"{exact / all_cells:.0%} without bounds; coverage {sum(coverage) / len(coverage):.2%}"
        )
        print("   ", ", ".join(f"{name} {count}" for name, count in worst.most_common(options.show)))


if __name__ == "__main__":
    main()
