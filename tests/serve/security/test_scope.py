from __future__ import annotations

import msgspec

from calltrack import Tracker
from calltrack.serve.security.scope import EVERYTHING, Reach, Scope
from tests.serve.stream.test_streams import FRAMES

AGENT = Scope(extensions=frozenset({"SIPSIP2"}))
QUEUE = Scope(queues=frozenset({"55"}))
NO_ONE = Scope(queues=frozenset(), extensions=frozenset())


def test_a_role_without_numbers_sees_none_in_any_record() -> None:
    """Not in changes, nor in the records inside them."""
    scope, tracker = Scope(phone_numbers=False), Tracker()
    reported = b"".join(msgspec.json.encode(scope.shown(one)) for frame in FRAMES for one in tracker.feed(frame))
    snapshot = tracker.snapshot()
    records = (*snapshot.calls, *snapshot.ended, *snapshot.extensions, *snapshot.queues)
    reported += msgspec.json.encode([scope.shown(one) for one in records])

    assert b"0501234567" not in reported
    assert b"67" in reported


def test_a_change_is_about_all_that_its_call_has_touched() -> None:
    """From the call's first change on, though that names neither queue nor extension; others' changes are not seen."""
    tracker, reach = Tracker(), Reach()
    seen: dict[Scope, list[str]] = {scope: [] for scope in (EVERYTHING, AGENT, QUEUE, NO_ONE)}
    for frame in FRAMES:
        changes = tracker.feed(frame)
        for change, about in zip(changes, reach.abouts(changes), strict=True):
            for scope, kinds in seen.items():
                if scope.sees(about):
                    kinds.append(type(change).__name__)

    assert "CallStarted" in seen[QUEUE]
    assert "CallEnded" in seen[AGENT]
    assert "QueueJoined" not in seen[AGENT]
    assert [] == seen[NO_ONE]
    assert len(seen[EVERYTHING]) > len(seen[QUEUE]) > len(seen[AGENT])


def test_reach_goes_on_from_a_snapshot() -> None:
    """As if it had seen everything itself."""
    tracker, whole = Tracker(), Reach()
    for frame in FRAMES[:6]:
        whole.abouts(tracker.feed(frame))
    known = tracker.snapshot()
    again = Reach(known.calls, known.extensions)
    for frame in FRAMES[6:]:
        changes = tracker.feed(frame)
        assert whole.abouts(changes) == again.abouts(changes)


def test_what_has_no_recording_is_not_copied() -> None:
    """To hide what is not there costs nothing."""
    tracker = Tracker()
    for change in (change for frame in FRAMES for change in tracker.feed(frame)):
        assert change is Scope().shown(change)
