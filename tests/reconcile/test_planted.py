"""Every planted difference is found, with its reason, and no other; `python -m tests.reconcile.planted` has more."""

from functools import cache

import pytest

from calltrack.reconcile import Reason
from calltrack.reconcile.result import UNEXPLAINED
from calltrack.simulate import Plan
from tests.reconcile.kinds import COUNT
from tests.reconcile.planted import Day, Planter, compared, day, found_in


@cache
def planter() -> Planter:
    """A day to plant into."""
    return Planter(0)


@pytest.mark.slow
def test_every_kind_is_named_with_its_reason() -> None:
    """One seed of all kinds, lost frames, cut recordings, lost connections and another zone among them."""
    assert [*planter().wrong(), *planter().outages(), *planter().zone()] == []


def test_the_fast_kinds() -> None:
    """The first kinds: a record that is lost, repeated, late, or of no call."""
    assert list(planter().wrong(20)) == []


def test_two_complete_sides_differ_by_definition_alone() -> None:
    """Hold is talk in a record; what was cut off at either end of the recording is named so."""
    found = compared(day(2))

    assert {reason.name for _, _, reason in found_in(found)} <= {"HOLD", "TRANSFER", "LIVE", "OUTSIDE", "AFTER"}
    assert found.agreeing > len(found.calls) / 2


def test_there_are_a_hundred_kinds() -> None:
    """Each is one alteration of one subject."""
    assert COUNT >= 100


def test_another_line_of_the_centre() -> None:
    """The number that was called, of records whose frames have it."""
    made = day(1)
    altered = [{**body, "did": "0770009999"} if body["direction"] == "incoming" else body for body in made.records]
    found = found_in(compared(Day(made.frames, altered))) - found_in(compared(made))

    assert len(found) > 10
    assert {one[1:] for one in found} == {("did", Reason.VALUE)}


def test_servers_whose_clocks_differ() -> None:
    """Complete sides, stamped by servers that are seconds apart: nothing is without an explanation."""
    found = compared(day(5, hours=1, plan=Plan(agents=8).as_captured()))
    reasons = {reason for _, _, reason in found_in(found)}

    assert Reason.CLOCKS in reasons
    assert not reasons & UNEXPLAINED
