from calltrack.core.changes import CallStateChanged, ExtensionChange
from calltrack.core.states import State
from calltrack.words import recent as stories
from calltrack.words.recent import Stories


def step(position: int, call_id: str) -> CallStateChanged:
    return CallStateChanged(position, None, call_id, State.RINGING, State.TALKING)


def test_a_call_has_its_changes_in_order() -> None:
    """And none of another call, or of no call."""
    kept = Stories()
    kept.see([step(1, "a"), step(2, "b"), ExtensionChange(3, None, "SIP1"), step(4, "a")])

    assert (step(1, "a"), step(4, "a")) == kept.of("a")
    assert () == kept.of("c")


def test_memory_is_bounded() -> None:
    """The oldest changes of a call go, and the calls that were quiet for longest."""
    kept = Stories()
    kept.see(step(position, "long") for position in range(stories.CHANGES + 5))
    kept.see([step(0, "quiet")])
    kept.see(step(position, "long" if position % 2 else f"{position}") for position in range(2 * stories.CALLS))

    assert stories.CHANGES == len(kept.of("long"))
    assert 2 * stories.CALLS - 1 == kept.of("long")[-1].position
    assert () == kept.of("quiet")
