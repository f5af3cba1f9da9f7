"""The plots of a report: of one day every event that fits, of many days sums and percentiles by interval.

"" is a plot that has nothing to show.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import quantiles
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from calltrack.core.states import Outcome, State
from calltrack.figures import Figures, Part
from calltrack.figures.rows import AgentStateRow, LegRow, QueueEntryRow
from calltrack.figures.spans import Span, common
from calltrack.figures.week import DAYS, HourOfWeek
from calltrack.report.drawing import COLOURS, Clock, drawn, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONG = 2 * 86400
"""Seconds from which an interval is shown in sums."""

_QUEUES = 8  # with a panel of their own; the others share one
_AGENTS = 40  # more do not fit a page
_BINS = 240  # of a panel: as many as a screen shows apart
_DOTS = 1000  # waits that are shown one by one
_STEPS = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400)


def depth(clock: Clock, entries: Sequence[QueueEntryRow], names: dict[str, str]) -> str:
    """How many waited at most, a panel for each queue."""
    by_queue: dict[str, list[Span]] = {}
    for entry in entries:
        end = clock.until if entry.left_at is None else entry.left_at
        if entry.joined_at is not None and entry.joined_at < clock.until and end > clock.since:
            by_queue.setdefault(entry.queue_id, []).append((entry.joined_at, end))
    if not by_queue:
        return ""
    busiest = sorted(by_queue, key=lambda queue_id: (-len(by_queue[queue_id]), queue_id))
    panels = [(names.get(queue_id) or queue_id, by_queue[queue_id]) for queue_id in busiest[:_QUEUES]]
    if rest := [span for queue_id in busiest[_QUEUES:] for span in by_queue[queue_id]]:
        panels.append((f"{len(busiest) - _QUEUES} others", rest))
    step = next((one for one in _STEPS if (clock.until - clock.since) / one <= _BINS), _STEPS[-1])
    starts = [clock.since + number * step for number in range(math.ceil((clock.until - clock.since) / step))]
    at = [*map(clock.date, starts), clock.date(clock.until)]
    shaded = clock.unseen((start, start + step) for start in starts) if clock.until - clock.since > LONG else None
    with drawn("depth", 0.5 + 0.72 * len(panels), len(panels)) as (all_axes, svg):
        for axes, (name, spans) in zip(all_axes, panels, strict=True):
            values = depths(clock, spans, starts, step)
            axes.stairs(values, at, color=COLOURS["waiting"], linewidth=1, fill=True, alpha=0.25)
            axes.stairs(values, at, color=COLOURS["waiting"], linewidth=1, baseline=None)
            axes.set_title(name, loc="left", fontsize=9, pad=2)
            axes.set_ylim(0, max(1, *(value for value in values if not math.isnan(value)), 0) * 1.08)
            axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
            clock.axis(axes, shaded)
    return svg[0]


def depths(clock: Clock, spans: Sequence[Span], starts: Sequence[float], step: float) -> list[float]:
    """How many of the spans overlap at most within each step, as far as it was observed; NaN where none of it was."""
    seen = [(max(since, start), min(until, end)) for start, end in clock.observed for since, until in spans]
    moves = sorted([move for since, until in seen if since < until for move in ((since, 1), (until, -1))])
    found: list[float] = []
    now = place = 0
    for start in starts:
        most = now
        while place < len(moves) and moves[place][0] < start + step:
            now += moves[place][1]
            most = max(most, now)
            place += 1
        found.append(most if common(clock.observed, [(start, start + step)]) else math.nan)
    return found


def outcomes(clock: Clock, steps: Sequence[Figures], blank: Sequence[Span], within_s: float) -> str:
    """By interval: what became of the waits, and the share answered in time, with the least and the most it can be."""
    shown = [one for one in steps if one.waits is not None and one.since is not None and one.until is not None]
    if not any(one.waits.offered for one in shown if one.waits):
        return ""
    with drawn("outcomes", 3.6, 2) as ((bars, levels), svg):
        at = [clock.date(one.since or 0) for one in shown]
        widths = [((one.until or 0) - (one.since or 0)) / 86400 * 0.9 for one in shown]
        floor = [0.0] * len(shown)
        for name in ("answered", "abandoned", "lost"):
            values = [float(getattr(one.waits, name)) for one in shown]
            if any(values):
                bars.bar(at, values, widths, floor, align="edge", color=COLOURS[name], label=name, linewidth=0)
            floor = [low + value for low, value in zip(floor, values, strict=True)]
        bars.set_ylabel("waits")
        bars.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        legend(bars)
        known = [
            (start + width / 2, one.waits.service_level.negative, one.bounds.get("waits.service_level.negative"))
            for start, width, one in zip(at, widths, shown, strict=True)
            if one.waits is not None and one.waits.service_level.negative is not None
        ]
        for middle, level, bounds in known:
            if bounds is not None:
                high = 1.0 if bounds.high is None else bounds.high
                levels.plot([middle, middle], [bounds.low, high], color=COLOURS["level"], linewidth=3, alpha=0.4)
            levels.plot([middle], [level], marker="o", markersize=3.5, color=COLOURS["level"], linestyle="none")
        levels.set_ylim(0, 1.04)
        levels.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        levels.set_ylabel(f"in {within_s:g} s")
        levels.grid(axis="y", alpha=0.6)
        for axes in (bars, levels):
            clock.axis(axes, blank)
    return svg[0]


def waits(
    clock: Clock, entries: Sequence[QueueEntryRow], parts: Sequence[Part], blank: Sequence[Span], within_s: float
) -> tuple[str, bool]:
    """How long callers waited: each as a dot, or, of very many, percentiles by interval; and whether it is dots."""
    found = [
        (entry.outcome, entry.left_at, entry.wait_s / 60)
        for entry in entries
        if entry.left_at is not None and entry.wait_s is not None and clock.since <= entry.left_at < clock.until
    ]
    if not found:
        return "", True
    dots = len(found) <= _DOTS and clock.until - clock.since <= LONG
    with drawn("waits", 2.6) as ((axes,), svg):
        if dots:
            for label, outcome, marker in (
                ("answered", Outcome.ANSWERED, "o"),
                ("picked up", Outcome.PICKED_UP, "D"),
                ("abandoned", Outcome.ABANDONED, "X"),
            ):
                mine = [(clock.date(at), wait) for became, at, wait in found if became is outcome]
                if mine:
                    x, y = [at for at, _ in mine], [wait for _, wait in mine]
                    colour = COLOURS[label.split()[0]]
                    axes.scatter(x, y, s=16, marker=marker, color=colour, label=label, linewidths=0, alpha=0.8)
        else:
            _percentiles(clock, [(at, wait) for _, at, wait in found], parts, axes)
        axes.axhline(within_s / 60, color=COLOURS["ink"], linewidth=0.8, linestyle="--")
        axes.annotate(
            f"{within_s:g} s", (1, within_s / 60), xycoords=("axes fraction", "data"), xytext=(4, -3),
            textcoords="offset points",
        )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.set_ylabel("wait, minutes")
        clock.axis(axes, None if dots else blank)
        legend(axes)
    return svg[0], dots


def _percentiles(clock: Clock, found: Sequence[tuple[float, float]], parts: Sequence[Part], axes: Axes) -> None:
    """Bars from the median to the 90th percentile of each interval, the median as a dot, the longest as a dash."""
    ordered = sorted(found)
    place = 0
    rows: list[tuple[float, float, float, float]] = []
    for part in parts:
        mine = []
        while place < len(ordered) and ordered[place][0] < part.until:
            mine.append(ordered[place][1])
            place += 1
        if mine:
            tenths = quantiles(mine, n=10, method="inclusive") if len(mine) > 1 else mine * 9
            rows.append((clock.date((part.since + part.until) / 2), tenths[4], tenths[8], max(mine)))
    x = [row[0] for row in rows]
    width = 0.6 * min((after - before for before, after in pairwise(x)), default=0.5)
    tops, floors = [row[2] - row[1] for row in rows], [row[1] for row in rows]
    axes.bar(
        x, tops, width, floors, color=COLOURS["waiting"], alpha=0.35, linewidth=0, label="median to 90th percentile"
    )
    axes.plot(x, floors, "o", markersize=3, color=COLOURS["waiting"], label="median")
    axes.plot(x, [row[3] for row in rows], "_", markersize=6, color=COLOURS["abandoned"], label="longest")


def heat(cells: Sequence[HourOfWeek]) -> str:
    """Offered in an hour, and the share answered in time, by weekday and hour; blank where nothing was observed."""
    if not any(cell.offered for cell in cells):
        return ""
    most = max(cell.per_hour or 0 for cell in cells)
    with drawn("heat", 2.4, 1, 2) as ((offered, levels), svg):
        _heat(offered, "offered in an hour", [(c, (c.per_hour or 0) / most, _short(c.per_hour)) for c in cells])
        _heat(
            levels,
            "answered in time, %",
            [(c, c.level, "" if c.level is None else f"{int(c.level * 100)}") for c in cells],
        )
    return svg[0]


def _heat(axes: Axes, title: str, cells: Sequence[tuple[HourOfWeek, float | None, str]]) -> None:
    for cell, value, text in cells:
        seen = value is not None and cell.observed_s > 0
        shade = min(5, int((value or 0) * 5.999))
        colour = COLOURS[f"heat{shade}"] if seen else "none"
        axes.add_patch(Rectangle((cell.hour, cell.weekday), 1, 1, facecolor=colour, edgecolor=COLOURS["faint"], lw=0.4))
        if seen and text not in ("", "0"):
            ink = COLOURS["ink"] if shade < 3 else "#ffffff"
            axes.text(cell.hour + 0.5, cell.weekday + 0.52, text, ha="center", va="center", fontsize=5.5, color=ink)
    axes.set_xlim(0, 24)
    axes.set_ylim(7, 0)
    axes.set_yticks([number + 0.5 for number in range(7)], DAYS)
    axes.set_xticks(range(0, 25, 3))
    axes.tick_params(length=0)
    axes.set_title(title, loc="left", fontsize=9)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")


def timelines(
    clock: Clock,
    legs: Sequence[LegRow],
    states: Sequence[AgentStateRow],
    available: Sequence[int],
    logged_off: Sequence[int],
) -> tuple[str, int]:
    """What each agent did, one below the other, those who talked most first; and how many are left out."""
    people: dict[str, tuple[str, list[AgentStateRow], list[LegRow]]] = {}
    for row in states:
        if row.agent_id is not None and row.status not in logged_off:
            people.setdefault(str(row.agent_id), (row.agent_name, [], []))[1].append(row)
    for leg in legs:
        if str(leg.agent_id) in people:
            people[str(leg.agent_id)][2].append(leg)

    def talked(person: tuple[str, list[AgentStateRow], list[LegRow]]) -> float:
        spells = [spell for leg in person[2] for spell in leg.spells if spell.state is State.TALKING]
        return sum(length for spell in spells for _, length in clock.bar(spell.since, spell.until))

    here = [one for one in people.values() if any(clock.bar(row.since, row.until) for row in one[1])]
    if not here:
        return "", 0
    here.sort(key=lambda one: (-talked(one), one[0]))
    shown, left = here[:_AGENTS], max(0, len(here) - _AGENTS)
    with drawn("agents", 0.7 + 0.24 * len(shown)) as ((axes,), svg):
        for place, (_, rows, mine) in enumerate(shown):
            working = [bar for row in rows if row.status in available for bar in clock.bar(row.since, row.until)]
            away = [bar for row in rows if row.status not in available for bar in clock.bar(row.since, row.until)]
            axes.broken_barh(working, (place - 0.42, 0.84), color=COLOURS["available"], linewidth=0)
            axes.broken_barh(away, (place - 0.42, 0.84), color=COLOURS["away"], linewidth=0)
            spells = [spell for leg in mine for spell in leg.spells]
            for state, colour in ((State.RINGING, "ring"), (State.HOLD, "hold"), (State.TALKING, "talk")):
                bars = [bar for s in spells if s.state is state for bar in clock.bar(s.since, s.until)]
                axes.broken_barh(bars, (place - 0.26, 0.52), color=COLOURS[colour], linewidth=0)
        _named(axes, [name for name, _, _ in shown])
        clock.axis(axes)
    return svg[0], left


def _named(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [name or "?" for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def sums(agents: Sequence[Figures], logged_off: Sequence[int]) -> tuple[str, int]:
    """What each agent's time went into, in hours, with the least and the most of talk; and how many are left out."""
    people = [(one, list(_hours(one, logged_off))) for one in agents if one.work is not None]
    people = sorted(
        ((one, hours) for one, hours in people if sum(hours) > 0), key=lambda item: (-item[1][0], item[0].name)
    )
    shown, left = people[:_AGENTS], max(0, len(people) - _AGENTS)
    if not shown:
        return "", 0
    with drawn("agents", 0.7 + 0.24 * len(shown)) as ((axes,), svg):
        places = range(len(shown))
        floor = [0.0] * len(shown)
        for number, colour in enumerate(("talk", "available", "away")):
            values = [hours[number] for _, hours in shown]
            axes.barh(places, values, 0.74, floor, color=COLOURS[colour], linewidth=0)
            floor = [low + value for low, value in zip(floor, values, strict=True)]
        for place, (one, _) in enumerate(shown):
            if (bounds := one.bounds.get("work.busy_s")) is not None:
                high = bounds.low if bounds.high is None else bounds.high
                axes.plot([bounds.low / 3600, high / 3600], [place, place], color=COLOURS["ink"], linewidth=1.5)
        _named(axes, [one.name or one.key for one, _ in shown])
        axes.set_xlabel("hours")
        axes.grid(axis="x", alpha=0.6)
    return svg[0], left


def _hours(one: Figures, logged_off: Sequence[int]) -> Iterator[float]:
    """In conversation, available, and in every other status of those who work."""
    work = one.work
    assert work is not None
    busy, available = work.busy_s or 0, work.available_s or 0
    manned = sum(status.seconds for status in work.statuses if status.status not in logged_off)
    yield busy / 3600
    yield available / 3600
    yield max(0.0, manned - busy - available) / 3600
