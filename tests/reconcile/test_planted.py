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


def test_records_of_three_columns() -> None:
    """An id, a start and a duration are enough for a leg and a wait that have these times, but for click2calls."""
    made = day(3)
    few = [{name: body[name] for name in ("ivruniqueid", "time", "duration")} for body in made.records]
    found = compared(Day(made.frames, few))

    assert Reason.VALUE not in {reason for _, _, reason in found_in(found)}
    assert found.agreeing > 0.7 * len(found.calls)


def test_the_caller_s_record_of_an_internal_call() -> None:
    """Another copy of it is not about the phone that was called."""
    made = day(1)
    own = [body for body in made.records if body["direction"] == "internal"]
    altered = [{**body, "duration": body["duration"] + 30} for body in own]
    found = found_in(compared(Day(made.frames, [*made.records, *altered]))) - found_in(compared(made))

    assert own
    assert {one[1:] for one in found} <= {("record", Reason.TWIN), ("record", Reason.OUTSIDE), ("record", Reason.LIVE)}
