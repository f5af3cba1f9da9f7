"""What users give to the core, and what they get out of it as plain values."""

import json

import pytest

from calltrack import Frame, Tracker
from calltrack.core.changes import LegBlurred
from calltrack.core.observations import Recording
from calltrack.core.records import Leg, Spell
from calltrack.core.states import State

SPELLS = (Spell(State.RINGING, 5, None),)
LEG = Leg("c1", "SIP1", 1, State.RINGING, "Incoming", 5, 5, recording=Recording("a.mp3"), spells=SPELLS)


@pytest.mark.parametrize("given", [{"event": "x"}, "ExtensionEvent", ["ExtensionEvent", {}], None])
def test_what_is_not_a_frame_is_named(given: object) -> None:
    """With how to make one; and it counts for nothing."""
    tracker = Tracker()

    with pytest.raises(TypeError, match=rf"feed takes a Frame, not {type(given).__name__}; Frame\.of\(name, payload\)"):
        tracker.feed(given)  # type: ignore[arg-type]
    assert 0 == tracker.snapshot().position


def test_records_and_changes_as_plain_values() -> None:
    """The same fields as in JSON, all the way down."""
    plain = LegBlurred(1, 5, "c1", "SIP1", LEG).to_dict()

    assert ("LegBlurred", "Ringing", "a.mp3") == (
        plain["change"], plain["leg"]["state"], plain["leg"]["recording"]["filename"],
    )  # fmt: skip
    assert type(plain["leg"]["state"]) is str
    assert json.loads(LEG.to_json()) == json.loads(json.dumps(LEG.to_dict()))


def test_a_snapshot_as_plain_values() -> None:
    """As what `restore` goes on from."""
    tracker = Tracker()
    tracker.feed(Frame.of("loginSuccess", {"servertime": 5}))
    snapshot = tracker.snapshot()

    assert json.loads(snapshot.to_json()) == json.loads(json.dumps(snapshot.to_dict()))
    assert snapshot == type(snapshot).from_json(snapshot.to_json())
