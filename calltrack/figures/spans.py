"""Stretches of time as half-open spans [since, until), and the sums over them."""

from __future__ import annotations

from collections.abc import Iterable

from calltrack.core.records import Seconds

Span = tuple[Seconds, Seconds]


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that are in order and do not touch; empty and reversed ones count as nothing."""
    merged: list[Span] = []
    for since, until in sorted(span for span in spans if span[0] < span[1]):
        if merged and since <= merged[-1][1]:
            if until > merged[-1][1]:
                merged[-1] = (merged[-1][0], until)
        else:
            merged.append((since, until))
    return merged


def common(one: list[Span], other: list[Span]) -> list[Span]:
    """The time that two unions share."""
    shared: list[Span] = []
    i = j = 0
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
    for since, until in one:
        for start, end in other:
            if end <= since:
                continue
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
