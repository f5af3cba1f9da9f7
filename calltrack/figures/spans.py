"""Stretches of time as half-open spans [since, until), and the sums over them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice
from operator import itemgetter

from calltrack.core.records import Seconds

Span = tuple[Seconds, Seconds]

_end = itemgetter(1)


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that are in order and do not touch; empty and reversed ones count as nothing."""
    found = [span for span in spans if span[0] < span[1]]
    if len(found) < 2:
        return found
    found.sort()
    merged = found[:1]
    for since, until in islice(found, 1, None):
        if since > merged[-1][1]:
            merged.append((since, until))
        elif until > merged[-1][1]:
            merged[-1] = (merged[-1][0], until)
    return merged


def common(one: list[Span], other: list[Span]) -> list[Span]:
    """The time that two unions share."""
    if not one or not other:
        return []
    shared: list[Span] = []
    # Often one is a moment of a day and the other the day: what ends before it begins is skipped.
    if len(one) == 1:
        since, until = one[0]
        place = bisect_right(other, since, key=_end)
        if place < len(other) and other[place][0] <= since and until <= other[place][1]:
            return one
    i = bisect_right(one, other[0][0], key=_end) if one[0][1] <= other[0][0] else 0
    j = bisect_right(other, one[0][0], key=_end) if other[0][1] <= one[0][0] else 0
    while i < len(one) and j < len(other):
        since, until = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if since < until:
            shared.append((since, until))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return shared


def without(one: list[Span], other: list[Span]) -> list[Span]:
    """The time of the first union that the second does not have."""
    left: list[Span] = []
    place = 0
    for since, until in one:
        place = bisect_right(other, since, lo=place, key=_end)
        for start, end in islice(other, place, None):
            if start >= until:
                break
            if since < start:
                left.append((since, start))
            since = max(since, end)
        if since < until:
            left.append((since, until))
    return left


def length(spans: Iterable[Span]) -> Seconds:
    """Seconds in all."""
    return sum(until - since for since, until in spans)
