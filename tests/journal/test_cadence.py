from calltrack.journal import Cadence


def test_due_by_frames() -> None:
    """Counted from the last one that was due."""
    cadence = Cadence(frames=10, seconds=1e9)

    assert [10, 20, 40] == [position for position in (*range(1, 25), 40, 41) if cadence.due(position)]


def test_due_by_time_if_anything_came() -> None:
    """A stream that is silent needs no other checkpoint."""
    now = 0.0
    cadence = Cadence(frames=10, seconds=60.0, clock=lambda: now)

    assert not cadence.due(1)
    now = 61.0
    assert cadence.due(2)
    now = 200.0
    assert not cadence.due(2)
    assert cadence.due(3)


def test_due_after_a_restart() -> None:
    """Or else a process that dies young again and again would have a longer tail each time."""
    assert Cadence(frames=10).due(1234)
