"""The plots of a report, as SVG that takes its colours from the page: so they follow its light and dark."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib import dates
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from calltrack.core.states import Outcome, State
from calltrack.figures.rows import AgentStateRow, LegRow, QueueEntryRow
from calltrack.figures.spans import common, union, without

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Drawn in these colours, and then replaced by the page's variables of that name.
_COLOURS = {
    "ink": "#010101",
    "faint": "#020202",
    "gap": "#030303",
    **{f"line{number}": f"#04040{number}" for number in range(1, 8)},
    **{f"{name}": f"#05050{number}" for number, name in enumerate(("answered", "picked", "abandoned", "lost"))},
    **{f"{name}": f"#06060{number}" for number, name in enumerate(("talk", "hold", "ring", "available", "away"))},
}
_LINES = 6  # queues with a line of their own; the others share one
_AGENTS = 40  # agents with a timeline: more do not fit a page
_BINS = 480  # points of a line: more than a screen shows
_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: the browser knows Hebrew, and right to left
    "text.parse_math": False,  # a name with $ is a name
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _COLOURS["ink"],
    "axes.edgecolor": _COLOURS["faint"],
    "axes.labelcolor": _COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _COLOURS["ink"],
    "ytick.color": _COLOURS["ink"],
    "grid.color": _COLOURS["faint"],
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
Gaps = Iterable[tuple[float, float]]


class Plots:
    """Draws an interval (UTC epoch s) on an account's clock."""

    def __init__(self, since: float, until: float, zone: tzinfo, gaps: Gaps):
        self.since, self.until, self.zone = since, max(until, since + 1), zone
        self.gaps = common(union(gaps), [(self.since, self.until)])

    def depth(self, entries: Sequence[QueueEntryRow], names: dict[str, str]) -> str:
        """How many waited in each queue, at most, minute by minute or so; "" if nobody did."""
        by_queue: dict[str, list[tuple[float, float]]] = {}
        for entry in entries:
            end = self.until if entry.left_at is None else entry.left_at
            if entry.joined_at is not None and entry.joined_at < self.until and end > self.since:
                by_queue.setdefault(entry.queue_id, []).append((entry.joined_at, end))
        if not by_queue:
            return ""
        busiest = sorted(by_queue, key=lambda queue_id: (-len(by_queue[queue_id]), queue_id))
        with _drawn("depth", 2.6) as (axes, svg):
            step = (self.until - self.since) / _BINS
            at = [self._date(self.since + number * step) for number in range(_BINS)]
            for number, queue_id in enumerate(busiest[:_LINES], 1):
                line = _COLOURS[f"line{number}"]
                depths = self._depths(by_queue[queue_id], step)
                axes.step(at, depths, where="post", color=line, linewidth=1.4, label=names.get(queue_id) or queue_id)
                if number == 1:
                    axes.fill_between(at, depths, step="post", color=line, alpha=0.12, linewidth=0)
            if rest := [span for queue_id in busiest[_LINES:] for span in by_queue[queue_id]]:
                axes.step(
                    at, self._depths(rest, step), where="post", color=_COLOURS["line7"], linewidth=1, label="others"
                )
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.set_ylabel("waiting")
            self._finish(axes, legend=True)
        return svg[0]

    def waits(self, entries: Sequence[QueueEntryRow], within_s: float) -> str:
        """Every wait as a dot, when it ended and how long it took; "" if there is none."""
        kinds = (
            ("answered", Outcome.ANSWERED, "o"),
            ("picked up", Outcome.PICKED_UP, "D"),
            ("abandoned", Outcome.ABANDONED, "X"),
        )
        found = [
            (entry.outcome, self._date(entry.left_at), entry.wait_s / 60)
            for entry in entries
            if entry.left_at is not None and entry.wait_s is not None and self.since <= entry.left_at < self.until
        ]
        if not found:
            return ""
        with _drawn("waits", 2.6) as (axes, svg):
            for label, outcome, marker in kinds:
                dots = [(at, wait) for told, at, wait in found if told is outcome]
                if dots:
                    x, y = [at for at, _ in dots], [wait for _, wait in dots]
                    colour = _COLOURS[label.split()[0]]
                    axes.scatter(x, y, s=16, marker=marker, color=colour, label=label, linewidths=0, alpha=0.8)
            axes.axhline(within_s / 60, color=_COLOURS["ink"], linewidth=0.8, linestyle="--")
            axes.annotate(
                f"{within_s:g} s", (1, within_s / 60), xycoords=("axes fraction", "data"), xytext=(4, -3),
                textcoords="offset points",
            )  # fmt: skip
            axes.set_ylim(bottom=0)
            axes.set_ylabel("wait, minutes")
            self._finish(axes, legend=True)
        return svg[0]

    def agents(
        self,
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
            return sum(length for spell in spells for _, length in self._bar(spell.since, spell.until))

        here = [one for one in people.values() if any(self._bar(row.since, row.until) for row in one[1])]
        if not here:
            return "", 0
        here.sort(key=lambda one: (-talked(one), one[0]))
        shown, left = here[:_AGENTS], max(0, len(here) - _AGENTS)
        with _drawn("agents", 0.7 + 0.24 * len(shown)) as (axes, svg):
            for place, (_, rows, mine) in enumerate(shown):
                working = [bar for row in rows if row.status in available for bar in self._bar(row.since, row.until)]
                away = [bar for row in rows if row.status not in available for bar in self._bar(row.since, row.until)]
                axes.broken_barh(working, (place - 0.42, 0.84), color=_COLOURS["available"], linewidth=0)
                axes.broken_barh(away, (place - 0.42, 0.84), color=_COLOURS["away"], linewidth=0)
                spells = [spell for leg in mine for spell in leg.spells]
                for state, colour in ((State.RINGING, "ring"), (State.HOLD, "hold"), (State.TALKING, "talk")):
                    bars = [bar for s in spells if s.state is state for bar in self._bar(s.since, s.until)]
                    axes.broken_barh(bars, (place - 0.26, 0.52), color=_COLOURS[colour], linewidth=0)
            axes.set_yticks(range(len(shown)), [name or "?" for name, _, _ in shown])
            axes.set_ylim(len(shown) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            self._finish(axes)
        return svg[0], left

    def _date(self, at: float) -> float:
        return float(dates.date2num(datetime.fromtimestamp(at, self.zone)))  # type: ignore[no-untyped-call]

    def _bar(self, since: float | None, until: float | None) -> list[tuple[float, float]]:
        """Starts and lengths of what of some time is in the interval and was observed, in days."""
        since = self.since if since is None else max(since, self.since)
        until = self.until if until is None else min(until, self.until)
        return [(self._date(start), (end - start) / 86400) for start, end in without([(since, until)], self.gaps)]

    def _depths(self, spans: list[tuple[float, float]], step: float) -> list[float]:
        """How many of the spans overlap at most within each step; nothing where it was not observed."""
        moves = sorted([(since, 1) for since, _ in spans] + [(until, -1) for _, until in spans])
        depths: list[float] = []
        depth = place = 0
        for number in range(_BINS):
            most = depth
            middle = self.since + (number + 0.5) * step
            while place < len(moves) and moves[place][0] < self.since + (number + 1) * step:
                depth += moves[place][1]
                most = max(most, depth)
                place += 1
            depths.append(math.nan if any(start <= middle < end for start, end in self.gaps) else most)
        return depths

    def _finish(self, axes: Axes, *, legend: bool = False) -> None:
        for since, until in self.gaps:
            axes.axvspan(self._date(since), self._date(until), color=_COLOURS["gap"], linewidth=0, zorder=0)
        axes.set_xlim(self._date(self.since), self._date(self.until))
        locator = dates.AutoDateLocator(tz=self.zone, minticks=4, maxticks=12)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = dates.ConciseDateFormatter(locator, tz=self.zone, show_offset=False)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
        axes.grid(axis="x", alpha=0.6)
        if legend:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0, handlelength=1.2)


@contextmanager
def _drawn(name: str, height: float) -> Iterator[tuple[Axes, list[str]]]:
    """Axes to draw on; afterwards the list holds the SVG."""
    svg: list[str] = []
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that matplotlib's font lacks is drawn by the browser's
        figure = Figure(figsize=(10, height), layout="constrained")
        yield figure.subplots(), svg
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg.append(_themed(out.getvalue()))


def _themed(text: str) -> str:
    """The bare SVG element, as wide as the page, with the page's colours."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text))
    for name, colour in _COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    return text
