from hypothesis import given
from hypothesis import strategies as st

from calltrack import Tracker
from calltrack.recordings.player import Player, until
from tests.frames import call, extension, utc

FRAMES = [
    frame
    for i in range(1, 700, 2)
    for frame in (
        extension(i, "A", "NEWCALL", call(f"c{i}", "Ringing", i)),
        extension(i + 1, "A", "HANGUP", call(f"c{i}", "Ringing", i)),
    )
]


@given(st.lists(st.integers(-5, len(FRAMES) + 5), max_size=4))
def test_any_way_to_a_frame_gives_the_same_state(stops: list[int]) -> None:
    """Forth and back, over checkpoints and beyond the end."""
    player = Player(FRAMES)
    for stop in stops:
        assert (stop <= len(FRAMES)) == player.go_to(stop)

    tracker = Tracker()
    for frame in FRAMES[: player.position]:
        tracker.feed(frame)
    assert tracker.snapshot().to_json() == player.tracker.snapshot().to_json()


def test_a_call_and_a_time_are_found() -> None:
    """A call onwards from here, a time also backwards."""
    player = Player(FRAMES)

    assert player.find_call("c51")
    assert 51 == player.position
    assert player.find_time(utc(11))
    assert (11, utc(11)) == (player.position, player.tracker.time)
    assert not player.find_call("nine")
    assert not player.find_time(utc(100_000))


def test_until_stops_before_the_first_later_frame() -> None:
    """The state at a time is that of the frames up to it."""
    assert 30 == len(list(until(FRAMES, utc(30))))
