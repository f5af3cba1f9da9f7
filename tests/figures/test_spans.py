"""Sums over stretches of time, against counting second by second."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from calltrack.figures.spans import Span, common, length, union, without

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def seconds(of: list[Span]) -> set[int]:
    """The seconds that lie in one of the spans."""
    return {second for since, until in of for second in range(int(since), int(until))}


@given(spans, spans)
def test_spans_are_sets_of_seconds(one: list[Span], other: list[Span]) -> None:
    """Union, common part and difference; in order, and touching nowhere."""
    mine, theirs = union(one), union(other)
    for found, expected in (
        (mine, seconds(one)),
        (common(mine, theirs), seconds(one) & seconds(other)),
        (without(mine, theirs), seconds(one) - seconds(other)),
    ):
        assert expected == seconds(found)
        assert len(expected) == length(found)
        assert all(before[1] <= after[0] for before, after in pairwise(found))
