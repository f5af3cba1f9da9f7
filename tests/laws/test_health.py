from calltrack import Frame, Tracker
from calltrack.laws.health import Health
from tests.frames import all_queues, call, extension, queue, waiting


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


def test_every_list_is_compared_with_what_the_changes_made_of_it() -> None:
    """But for late ones, and calls without an id; click2call leg 2 dials until it is answered."""
    tracker, health = Tracker(), Health()
    for frame in (
        all_queues(1, [waiting("1"), {"CallerID": "0501234567"}]),
        queue(2, "JOIN", "2", [waiting("1"), waiting("2", 2)]),
        queue(1, "JOIN", "1", [waiting("1")]),
        all_queues(3, []),
        extension(9, "A", "NEWCALL", call("3", "Talking", 9, c2cdirection=2)),
        extension(10, "A", "userStatusUpdate", None, [call("3", "Talking", 9, c2cdirection=2), {"callstatus": "Hold"}]),
        extension(8, "A", "HANGUP", call("3", "Talking", 9, c2cdirection=2)),
        Frame.of("ExtensionEvent", {"reason": "HANGUP"}),
        Frame.of("QueueEvent", {"reason": "EXIT"}),
    ):
        health.see(tracker.feed(frame), frame)
        assert [] == [law for law in health.sums(tracker.snapshot()) if not law.holds]
    assert {"late_frame", "missing_identity"} <= set(health.anomalies)


def test_a_list_that_the_changes_do_not_match_is_found() -> None:
    """Of an extension and of a queue."""
    health = Health()
    health.see((), extension(9, "A", "NEWCALL", call("3", "Talking", 9)))
    health.see((), queue(9, "JOIN", "1", [waiting("1")]))

    laws = {law.check: law.left for law in health.sums(Tracker().snapshot())}
    assert "2" == laws["lists that are not what is tracked"]


def test_a_leg_whose_start_is_unknown_is_not_judged() -> None:
    """Before the first offset no time is known."""
    tracker, health = Tracker(), Health()
    for frame in (
        Frame.of("ExtensionEvent", {"data": {"extenUser": "A", "calls": [call("1", "Ringing", 1)]}}),
        Frame.of("ExtensionEvent", {"data": {"extenUser": "A", "calls": []}}),
    ):
        health.see(tracker.feed(frame), frame)

    assert all(law.holds for law in health.sums(tracker.snapshot()))
