import json
from typing import Any, get_args, get_origin
from zlib import crc32

import pytest
from msgspec import Struct
from msgspec.structs import fields

from calltrack import Frame, Snapshot, State, Tracker
from calltrack.core.errors import NotASnapshot, OtherFormat
from calltrack.core.keep import Resume
from calltrack.core.snapshot import FORMAT
from tests.frames import all_queues, call, extension, queue, utc, waiting


@pytest.fixture
def snapshot() -> Snapshot:
    """Two queued callers, one of them ringing at A; B talks."""
    tracker = Tracker()
    for frame in (
        all_queues(0, []),
        queue(10, "JOIN", "1", [waiting("1", 10)]),
        queue(20, "JOIN", "2", [waiting("1", 10), waiting("2", 20)]),
        extension(30, "A", "NEWCALL", call("1", "Ringing", 29)),
        extension(40, "B", "NEWCALL", call("3", "Dialing", 39)),
        extension(45, "B", "ANSWER", call("3", "Talking", 39, 44)),
        extension(50, "C", "HANGUP", call("4", "Talking", 1, 2)),
    ):
        tracker.feed(frame)
    return tracker.snapshot()


def test_queries_read_like_english(snapshot: Snapshot) -> None:
    """Each gives the records themselves."""
    assert ["1"] == [found.call_id for found in snapshot.calls_at("A")]
    assert ["3"] == [found.call_id for found in snapshot.calls_that_are(State.TALKING)]
    assert ["1", "2"] == [wait.call_id for wait in snapshot.waiting_in(55)]
    assert 40 == snapshot.longest_wait("55")
    assert ["B"] == [known.exten_user for known in snapshot.extensions_that_are("Talking")]
    assert 3 == len(snapshot.agents_that_are(1))
    assert 3 == len(snapshot.calls_from("0501234567"))
    assert (ended := snapshot.call("4")) is not None and ended.ended_at == utc(50)
    assert snapshot.call("nine") is None
    assert snapshot.extension("nine") is None
    assert () == snapshot.waiting_in("nine")
    assert snapshot.longest_wait("nine") is None


def test_the_json_has_what_others_rely_on(snapshot: Snapshot) -> None:
    """Live calls with their legs, extensions, queues with who waits, position and time; ended ones apart."""
    found = json.loads(snapshot.to_json())

    leg = found["extensions"][1]["legs"][0]
    assert ("3", "Talking", "Outgoing", utc(44)) == (leg["call_id"], leg["state"], leg["direction"], leg["since"])
    assert {"call_id", "state", "direction", "legs"} <= set(found["calls"][0])
    assert {"exten_user", "state", "agent_status", "user_name", "legs"} <= set(found["extensions"][0])
    wait = found["queues"][0]["waiting"][0]
    assert ("1", "0501234567", utc(10)) == (wait["call_id"], wait["caller"], wait["joined_at"])
    assert (7, utc(50)) == (found["position"], found["time"])
    assert ["4"] == [ended["call_id"] for ended in found["ended"]]


def test_json_is_loss_free(snapshot: Snapshot) -> None:
    """Out and in gives an equal value and the same bytes."""
    again = Snapshot.from_json(snapshot.to_json())

    assert snapshot == again
    assert snapshot.to_json() == again.to_json()


def test_a_snapshot_does_not_change(snapshot: Snapshot) -> None:
    """Neither by hand nor by what its tracker is fed later."""
    with pytest.raises(AttributeError):
        snapshot.position = 5  # type: ignore[misc]
    tracker = Tracker.restore(snapshot)
    before = snapshot.to_json()
    tracker.feed(extension(60, "B", "HANGUP", call("3", "Talking", 39, 44)))

    assert before == snapshot.to_json()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"position": "x"}', b"\xff"])
def test_what_is_no_snapshot_says_so(text: str | bytes) -> None:
    """Not a traceback from a decoder."""
    with pytest.raises(NotASnapshot, match="not a snapshot"):
        Snapshot.from_json(text)


@pytest.mark.parametrize("whole", [True, False])
def test_another_format_is_refused(snapshot: Snapshot, whole: bool) -> None:
    """A snapshot of another version is not half understood, whether or not it happens to look like one of this."""
    other = json.loads(snapshot.to_json()) | {"format": 99}
    if not whole:
        other["resume"]["clock"] = []

    with pytest.raises(OtherFormat, match=f"^a snapshot of format 99, this version of calltrack reads {FORMAT}$"):
        Snapshot.from_json(json.dumps(other))


def test_the_format_is_of_what_a_snapshot_keeps() -> None:
    """Where this fails, `Resume` keeps something else than snapshots of this FORMAT: give it the next number."""
    assert (8, 3335059656) == (FORMAT, crc32(shape(Resume).encode()))


def shape(kind: Any) -> str:
    """A type with the fields of every struct in it, as text."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return f"{kind.__name__}({', '.join(f'{one.name}: {shape(one.type)}' for one in fields(kind))})"
    if not get_args(kind):
        return getattr(kind, "__name__", str(kind))
    inner = [shape(one) for one in get_args(kind)]
    return f"{kind.__name__}[{', '.join(inner)}]" if get_origin(kind) in (tuple, dict) else " | ".join(inner)


def test_a_restored_tracker_knows_the_last_frame() -> None:
    """Fed the frame again that the snapshot ended with, it changes nothing."""
    tracker, frame = Tracker(), Frame.of("mystery", {})
    tracker.feed(frame)

    assert () == Tracker.restore(Snapshot.from_json(tracker.snapshot().to_json())).feed(frame)


def test_a_snapshot_shares_what_has_not_changed() -> None:
    """The same extension is the very same value."""
    tracker = Tracker()
    tracker.feed(extension(2, "A", "userStatusUpdate"))

    assert tracker.snapshot().extensions[0] is tracker.snapshot().extensions[0]


def test_a_long_frame_is_known_again_after_a_restore() -> None:
    """Also one whose fingerprint is made the quick way."""
    frame = Frame.of("mystery", {"text": "x" * 100_000})
    tracker = Tracker()
    tracker.feed(frame)
    again = Tracker.restore(Snapshot.from_json(tracker.snapshot().to_json()))

    assert () == again.feed(frame)
    assert 1 == again.snapshot().counters.duplicates


def called(second: int, call_id: str) -> list[Frame]:
    """A call that rings at A for two seconds."""
    ring = call(call_id, "Ringing", second)
    return [extension(second, "A", "NEWCALL", ring), extension(second + 2, "A", "HANGUP", ring)]


@pytest.mark.parametrize("again", ["2", "1"])
def test_a_restored_tracker_goes_on_where_calls_have_left_the_history(again: str) -> None:
    """Timers of what was let go are not taken for those of a call that has its id again."""
    frames = [*called(1, "1"), *called(10, again)[:1], *[extension(second, "B", "") for second in (400, 700, 1000)]]
    tracker, restarted = Tracker(history=0), Tracker(history=0)

    for frame in frames:
        assert tracker.feed(frame) == restarted.feed(frame)
        restarted = Tracker.restore(Snapshot.from_json(restarted.snapshot().to_json()))
        assert tracker.snapshot().to_json() == restarted.snapshot().to_json()


def test_a_call_that_left_the_history_is_not_dated_again() -> None:
    """Its last frame was stamped far behind, the next one shows that the stamp was wrong."""
    tracker, (start, end) = Tracker(history=0), called(2, "1")
    for frame in (start, extension(200, "B", "x"), end):
        tracker.feed(frame)
    assert () == (before := tracker.snapshot()).ended
    tracker.feed(extension(201, "B", "y"))

    assert before.counters.changes["LegEnded"] == 1 and "LegRevised" not in tracker.snapshot().counters.changes
