import pytest

from calltrack import Frame, Tracker
from calltrack.testing import prove
from calltrack.testing.laws import renamed
from tests.frames import call, extension, queue, waiting

DAY = [
    extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
    extension(8, "A", "HANGUP", call("1", "Ringing", 2)),
]


def test_a_sound_tracker_proves_itself() -> None:
    """Nothing is raised."""
    prove(DAY)


def test_what_is_broken_is_said_with_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The law, what was found, and where to find the stream again."""
    feed = Tracker.feed
    monkeypatch.setattr(Tracker, "feed", lambda self, frame: feed(self, frame)[:-1])

    with pytest.raises(AssertionError, match=r"contradict the ones before: \d+, not 0; .*seed 7"):
        prove(DAY, hint="seed 7")


def test_an_id_that_decides_something_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker that is deaf to one call by name."""
    feed = Tracker.feed

    def deaf(self: Tracker, frame: Frame) -> object:
        return () if b'"ivrid":"1"' in frame.raw else feed(self, frame)

    monkeypatch.setattr(Tracker, "feed", deaf)

    with pytest.raises(AssertionError, match="when all ids are renamed: 2, not 0"):
        prove(DAY)


def test_only_ids_are_renamed() -> None:
    """Wherever they stand, and whatever type they are."""
    assert {
        "ivrid": "new 1",
        "calls": [{"Ivrid": "new 2", "queueID": "new 55", "callername": "1"}],
        "relatedIvrUniqueIDs": "new 1,new 2",
        "extenUser": None,
        "QueueID": 0,
    } == renamed(
        {
            "ivrid": "1",
            "calls": [{"Ivrid": 2, "queueID": 55, "callername": "1"}],
            "relatedIvrUniqueIDs": "1, 2",
            "extenUser": None,
            "QueueID": 0,
        },
        {"ivrid", "queueid", "relatedivruniqueids", "extenuser"},
    )


@pytest.mark.parametrize("value", [1e308, 5.0, 5.5, -0.0, 2.0**53, 10**19, -3, 0, "0", True, [1], {"a": 1}])
def test_whatever_stands_for_an_id_is_renamed_as_it_is_read(value: object) -> None:
    """Numbers that are too large, fractions, and what is no id at all."""
    prove([extension(1, "A", "NEWCALL", call("1", "Ringing", 1, ivrid=value, queueID=value))])
    prove([extension(1, "A", "NEWCALL", call("1", "Ringing", 1), extenUser=value)])
    prove([queue(1, "JOIN", "1", [waiting("1", 1)], QueueID=value)])
