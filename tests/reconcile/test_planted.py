"""Every planted difference is found, with its reason, and no other; `python -m tests.reconcile.planted` has more."""

import pytest

from tests.reconcile.planted import KINDS, QUEUED, day, found_in, reconciled, wrong


@pytest.mark.slow
def test_every_kind_is_named_with_its_reason() -> None:
    """One seed of all kinds, lost frames and lost connections among them."""
    assert wrong(0) == []


def test_the_fast_kinds() -> None:
    """The first kinds of another seed, of a record that is lost, repeated, late, or of no call."""
    assert wrong(1, kinds=4) == []


def test_two_complete_sides_differ_by_definition_alone() -> None:
    """Hold is talk in a record; what was cut off at either end of the recording is named so."""
    found = reconciled(day(2))

    assert {reason.name for _, _, reason in found_in(found)} <= {"HOLD", "TRANSFER", "LIVE", "OUTSIDE", "AFTER"}
    assert found.agreeing > len(found.calls) / 2


def test_there_are_enough_kinds() -> None:
    """With a few seeds they are a hundred planted differences."""
    assert len(KINDS) + len(QUEUED) >= 35
