"""Figures that are not certain: what is the least and the most that they can be.

A count or a sum has a range by itself. A share is lowest where its part is least and the rest is most; an average where
each of its values is least, and where what may belong to it makes it smaller. What left no trace at all cannot be
counted: `unseen` says how many of it there may be, by how many events are known to be missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

from msgspec import Struct


class Range(Struct, frozen=True):
    """At least `low`, at most `high`; None is without limit."""

    low: float
    high: float | None

    def plus(self, least: float, most: float) -> Range:
        """The same with more of which so much is certain, and so much possible."""
        return Range(self.low + least, None if self.high is None else self.high + most)


def share(part: Range, rest: Range) -> Range | None:
    """Part ÷ (part + rest); None if there is certainly nothing to divide by."""
    if part.high == 0 and rest.high == 0:
        return None
    low = part.low / (part.low + rest.high) if rest.high is not None and part.low + rest.high else 0.0
    high = part.high / (part.high + rest.low) if part.high is not None and part.high + rest.low else 1.0
    return Range(low, high)


def average(certain: list[Range], possible: Iterable[Range] = (), swing: int = 0) -> Range | None:
    """Of values that count, and of others that may count; None if there are none that may.

    swing: so many of the former may not count either.
    """
    possible = list(possible)
    if not certain and not possible:
        return None
    lows, highs = sorted(one.low for one in certain), [one.high for one in certain]
    lows = lows[: max(1, len(lows) - swing)]
    low = _moved(lows, sorted(one.low for one in possible), -1)
    tops = [one.high for one in possible]
    if None in highs or None in tops:
        return Range(low, None)
    known = sorted((top or 0 for top in highs), reverse=True)[: max(1, len(highs) - swing)]
    high = _moved(known, sorted((top or 0 for top in tops), reverse=True), 1)
    return Range(low, high)


def _moved(values: list[float], more: list[float], way: int) -> float:
    """The average after adding of `more`, from its first on, what moves it that way."""
    total, count = sum(values), len(values)
    for value in more:
        if count and (value - total / count) * way <= 0:
            break
        total, count = total + value, count + 1
    return total / count


def unseen(expected: float) -> int:
    """How many there may be of what is expected so often, in 95 of 100 cases (Poisson)."""
    if expected <= 0:
        return 0
    count, chance = 0, exp(-expected)
    total = chance
    while total < 0.95 and count < 10_000:
        count += 1
        chance *= expected / count
        total += chance
    return count


def exact(value: float) -> Range:
    """What is certain."""
    return Range(value, value)
