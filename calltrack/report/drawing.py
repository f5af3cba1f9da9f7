"""How a plot is drawn: SVG that takes its colours from the page, a time axis on the account's clock, gaps shaded."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib import dates
from matplotlib.figure import Figure

from calltrack.figures.spans import Span, common, union, without

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Drawn in these colours, and then replaced by the page's variables of that name.
COLOURS = {
    "ink": "#010101",
    "faint": "#020202",
    "gap": "#030303",
    "waiting": "#040401",
    **{f"{name}": f"#05050{number}" for number, name in enumerate(("answered", "picked", "abandoned", "lost"))},
    **{f"{name}": f"#06060{number}" for number, name in enumerate(("talk", "hold", "ring", "available", "away"))},
    "level": "#070701",
    **{f"heat{number}": f"#08080{number}" for number in range(6)},
}
_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: the browser knows Hebrew, and right to left
    "text.parse_math": False,  # a name with $ is a name
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["faint"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "grid.color": COLOURS["faint"],
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


class Clock:
    """An interval (UTC epoch s) on an account's clock, and the times in it that were not observed."""

    def __init__(self, since: float, until: float, zone: tzinfo, gaps: Iterable[Span]):
        self.since, self.until, self.zone = since, max(until, since + 1), zone
        self.gaps = common(union(gaps), [(self.since, self.until)])
        self.observed = without([(self.since, self.until)], self.gaps)

    def date(self, at: float) -> float:
        """A moment as matplotlib has it."""
        return float(dates.date2num(datetime.fromtimestamp(at, self.zone)))  # type: ignore[no-untyped-call]

    def bar(self, since: float | None, until: float | None) -> list[tuple[float, float]]:
        """Starts and lengths of what of some time is in the interval and was observed, in days."""
        since = self.since if since is None else max(since, self.since)
        until = self.until if until is None else min(until, self.until)
        return [(self.date(start), (end - start) / 86400) for start, end in without([(since, until)], self.gaps)]

    def unseen(self, intervals: Iterable[Span]) -> list[Span]:
        """The intervals of which nothing was observed."""
        return union(one for one in intervals if not common(self.observed, [one]))

    def axis(self, axes: Axes, shaded: Iterable[Span] | None = None) -> None:
        """The time axis, with the gaps shaded, or these times."""
        for since, until in self.gaps if shaded is None else common(union(shaded), [(self.since, self.until)]):
            axes.axvspan(self.date(since), self.date(until), color=COLOURS["gap"], linewidth=0, zorder=0)
        axes.set_xlim(self.date(self.since), self.date(self.until))
        locator = dates.AutoDateLocator(tz=self.zone, minticks=4, maxticks=12)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = dates.ConciseDateFormatter(locator, tz=self.zone, show_offset=False)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
        axes.grid(axis="x", alpha=0.6)


@contextmanager
def drawn(name: str, height: float, rows: int = 1, columns: int = 1) -> Iterator[tuple[list[Axes], list[str]]]:
    """Axes to draw on, row by row; afterwards the list holds the SVG."""
    svg: list[str] = []
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that matplotlib's font lacks is drawn by the browser's
        figure = Figure(figsize=(10, height), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=columns == 1)
        yield [axes for row in grid for axes in row], svg
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg.append(_themed(out.getvalue()))


def legend(axes: Axes) -> None:
    """The legend above a plot."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=6, borderaxespad=0, handlelength=1.2)


def _themed(text: str) -> str:
    """The bare SVG element, as wide as the page, with the page's colours."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text))
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    return text
