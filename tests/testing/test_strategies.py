from collections import Counter

from hypothesis import given, settings

from calltrack import Frame, Tracker
from calltrack.testing import streams

KINDS = Counter[str]()


@given(streams())
@settings(max_examples=150, derandomize=True)
def _feed(stream: list[Frame]) -> None:
    tracker = Tracker()
    for frame in stream:
        KINDS.update(getattr(change, "kind", type(change).__name__) for change in tracker.feed(frame))


def test_the_streams_make_everything_happen() -> None:
    """Each kind of change; and the anomalies that a stream of readable frames can have."""
    _feed()
    expected = {
        *("LegStarted", "LegAnswered", "LegHeld", "LegRetrieved", "LegBlurred", "LegCorrected", "LegEnded"),
        *("CallStarted", "CallResumed", "CallStateChanged", "CallEnded"),
        *("ExtensionAppeared", "ExtensionStateChanged", "ExtensionRemoved"),
        *("AgentLoggedOn", "AgentLoggedOff", "AgentStatusChanged"),
        *("QueueJoined", "QueueLeft", "ConnectionLost", "ConnectionRegained"),
        *("impossible_transition", "event_missed", "reason_disagrees", "late_frame"),
        *("unknown_status", "unknown_reason", "unknown_event"),
    }
    assert set() == expected - set(KINDS)
