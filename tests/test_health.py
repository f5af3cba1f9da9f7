from calltrack import Frame, Tracker
from calltrack.health import Health
from tests.frames import call, extension


def test_sound_traffic_adds_up() -> None:
    """Every law holds after an ordinary call."""
    tracker, health = Tracker(), Health()
    for frame in (
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(9, "A", "ANSWER", call("1", "Talking", 1, 8)),
        extension(20, "A", "HANGUP", call("1", "Talking", 1, 8)),
    ):
        health.see(tracker.feed(frame))

    assert all(law.holds for law in health.sums(tracker.snapshot()))


def test_what_does_not_add_up_is_found() -> None:
    """Changes that were not seen, or seen twice, break the laws."""
    tracker, health = Tracker(), Health()
    health.see(tracker.feed(extension(2, "A", "NEWCALL", call("1", "Ringing", 1))))
    ended = tracker.feed(extension(9, "A", "HANGUP", call("1", "Ringing", 1)))
    health.see(ended)
    health.see(ended)

    broken = [law.check for law in health.sums(tracker.snapshot()) if not law.holds]

    assert [
        "legs opened = closed + live",
        "legs ended more than once",
        "calls started or resumed = ended + live",
        "changes that contradict the ones before",
    ] == broken


def test_a_listener_s_time_is_none_of_those_that_add_up() -> None:
    """Not even if the connection was lost while it listened."""
    tracker, health = Tracker(), Health()
    for frame in (
        extension(2, "A", "NEWCALL", call("1", "Spying", 1)),
        Frame.of("disconnect"),
        extension(20, "A", "userStatusUpdate"),
    ):
        health.see(tracker.feed(frame))

    assert all(law.holds for law in health.sums(tracker.snapshot()))
