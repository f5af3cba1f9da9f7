import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from calltrack import Frame, Tracker
from calltrack.journal import (
    Journal,
    JournalBusy,
    JournalUnwritable,
    NoSuchPosition,
    StreamPosition,
)
from calltrack.recordings.player import until
from calltrack.testing import streams
from tests.frames import all_extensions, call, extension, stamp, utc
from tests.journal.stream import reported, simulated, state, states, written

FRAMES = simulated()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of 2,000 simulated frames with checkpoints at each 500; no process writes it."""
    return written(tmp_path_factory.mktemp("journal") / "calls.journal")


def test_frames_come_back_as_they_were(path: Path) -> None:
    """By position, counted from 1, whole or a part of them."""
    with Journal.open(path, read_only=True) as journal:
        assert list(enumerate(FRAMES, 1)) == list(journal.frames())
        assert list(enumerate(FRAMES, 1))[700:720] == list(journal.frames(700, 720))
        assert [] == list(journal.frames(len(FRAMES)))
        assert len(FRAMES) == journal.position


def test_every_state_is_that_of_an_uninterrupted_run(path: Path) -> None:
    """Restored from the nearest checkpoint and the frames since, byte for byte."""
    expected = states(FRAMES)
    with Journal.open(path, read_only=True) as journal:
        for position in [0, 1, 499, 500, 501, 1234, len(FRAMES)]:
            assert expected[position] == journal.tracker(position).snapshot().to_json()
        assert expected[-1] == journal.tracker().snapshot().to_json()


def test_a_restored_tracker_goes_on_the_same(path: Path) -> None:
    """What it makes of later frames is what the first one would have made."""
    with Journal.open(path, read_only=True) as journal:
        tracker = journal.tracker(1000)
    changes = [change for frame in FRAMES[1000:] for change in tracker.feed(frame)]

    assert [change for at, change in reported(FRAMES) if StreamPosition.parse(at).frame > 1000] == changes


@settings(max_examples=15, deadline=None)
@given(streams())
def test_any_stream_is_kept(tmp_path_factory: pytest.TempPathFactory, stream: list[Frame]) -> None:
    """Also one that no vendor sends: frames, state and changes are the same."""
    folder = tmp_path_factory.mktemp("any")
    with Journal.open(written(folder / "any.journal", tuple(stream), every=8, batch=8)) as journal:
        assert list(enumerate(stream, 1)) == list(journal.frames())
        assert state(tuple(stream)) == journal.tracker().snapshot().to_json()
        assert reported(tuple(stream)) == list(journal.changes())


@pytest.mark.slow
def test_changes_follow_any_position(path: Path) -> None:
    """After a change, after a frame's last, before its first, and at the end: none twice, none left out."""
    expected = reported(FRAMES)
    with Journal.open(path, read_only=True) as journal:
        assert expected == list(journal.changes("0.0")) == list(journal.changes("0"))
        for index in range(0, len(expected), 293):
            assert expected[index + 1 :] == list(journal.changes(expected[index][0]))
        end = len(FRAMES)
        assert [] == list(journal.changes(f"{end + 1}.0")) == list(journal.changes(f"{end}"))
        assert list(journal.changes("1001.0")) == list(journal.changes("1000"))
        assert [one for one in expected if one[0].startswith(f"{end}.")] == list(journal.changes(f"{end}.0"))


@pytest.mark.parametrize("after", ["x", "99999999.0", "99999999", "2056.1", "2.999"])
def test_a_position_that_is_none_is_refused(path: Path, after: str) -> None:
    """Not a position, not yet one, or more changes than the frame made."""
    with Journal.open(path, read_only=True) as journal, pytest.raises(NoSuchPosition):
        list(journal.changes(after))


def test_what_is_not_there_is_refused(path: Path) -> None:
    """A later state, later frames, a checkpoint of a tracker that has seen more or keeps another history."""
    with Journal.open(path, read_only=True) as journal:
        for ask in (journal.tracker, journal.frames):
            with pytest.raises(NoSuchPosition, match="it ends with"):
                ask(journal.position + 1)
        ahead = journal.tracker()
        ahead.feed(FRAMES[0])
        with pytest.raises(NoSuchPosition):
            journal.checkpoint(ahead)
        with pytest.raises(ValueError, match="keeps 5 ended calls"):
            journal.checkpoint(Tracker(history=5))


def test_history_is_the_journals_own(tmp_path: Path) -> None:
    """For changes depend on it: who opens it again gets the one it was made with."""
    with Journal.open(tmp_path / "a", history=3) as journal:
        assert (3, 3) == (journal.history, journal.tracker().snapshot().resume.history)
    with Journal.open(tmp_path / "a", history=7) as journal:
        assert 3 == journal.history


def test_a_time_leads_to_the_position_that_at_does(path: Path) -> None:
    """`position_at` and `--at` mean the same, before, between and after all frames."""
    times = [frame.at for frame in FRAMES if frame.at is not None]
    with Journal.open(path, read_only=True) as journal:
        for at in [0.0, *times[::150], times[-1] + 9000]:
            assert len(list(until(FRAMES, at))) == journal.position_at(at)


def test_a_clock_that_is_set_back_changes_no_order(tmp_path: Path) -> None:
    """The server's or ours: positions rule, and a time leads to the frame before the first that is later."""
    ats = [10, 20, 30, 5, 15, 40]
    frames = tuple(
        replace(extension(at, "A", "NEWCALL", call(str(number), "Ringing", at)), at=1000.0 - at)
        for number, at in enumerate(ats)
    )
    with Journal.open(written(tmp_path / "a", frames, batch=2)) as journal:
        assert list(enumerate(frames, 1)) == list(journal.frames())
        assert [len(list(until(frames, utc(at)))) for at in range(0, 50, 4)] == [
            journal.position_at(utc(at)) for at in range(0, 50, 4)
        ]
        assert state(frames) == journal.tracker().snapshot().to_json()


def test_a_repeated_frame_has_a_position_of_its_own(tmp_path: Path) -> None:
    """It changes nothing and is kept, also when the repetition is the first frame after a restart."""
    frame = all_extensions(1, A=[call("1", "Ringing")])
    with Journal.open(written(tmp_path / "a", (frame, frame), every=1, batch=1)) as journal:
        assert 3 == journal.append([frame])
        assert state((frame,) * 3) == journal.tracker().snapshot().to_json()
        assert 2 == journal.tracker().snapshot().counters.duplicates


def test_facts_and_oddities_are_kept(tmp_path: Path) -> None:
    """Connection facts, packets that could not be decoded, payloads that are no JSON, times that no text has."""
    odd = (
        Frame.of("connect", {"server": "a.test"}, 1.5),
        Frame.of("malformed", {"error": "an event without a name"}, 2.5),
        Frame.of("", {}, 3.5),
        Frame.of("QueueEvent", {"data": "\ud800"}, 4.5),
        Frame.decode(b'["mystery",{"x":1}]\n'),
        Frame.decode(b'{"at": 1e300, "event": "mystery", "data": [1, 2]}'),
        replace(Frame.decode(b'["ExtensionEvent",{"data":{"calls":"none"}}]'), at=5.25),
        Frame.of("disconnect", {"reason": "transport close"}, 6.5),
    )
    with Journal.open(written(tmp_path / "a", odd, batch=3)) as journal:
        assert list(enumerate(odd, 1)) == list(journal.frames())
        assert state(odd) == journal.tracker().snapshot().to_json()


def test_an_empty_journal_is_a_new_tracker(tmp_path: Path) -> None:
    """And appending nothing is nothing."""
    with Journal.open(tmp_path / "a") as journal:
        assert (0, 0, 0) == (journal.position, journal.begin, journal.append([]))
        assert Tracker().snapshot() == journal.tracker().snapshot()
        assert ([], [], []) == (list(journal.frames()), list(journal.changes()), journal.checkpoints())
        assert 0 == journal.position_at(utc(0))


def test_a_checkpoint_is_never_strict(tmp_path: Path) -> None:
    """A strict tracker's checkpoint restores to one that reports anomalies as changes; else it could not be read on."""
    frames = (Frame.of("mystery", stamp(1)),)
    with Journal.open(tmp_path / "a") as journal:
        journal.checkpoint(Tracker(strict=True))
        journal.append(frames)
        assert ["1.1"] == [at for at, _ in journal.changes()]


def test_a_frame_without_its_text_is_a_mistake(tmp_path: Path) -> None:
    """Nothing of its batch is written."""
    with Journal.open(tmp_path / "a") as journal:
        with pytest.raises(ValueError, match="without its text"):
            journal.append([FRAMES[0], replace(FRAMES[1], raw=b"")])
        assert (0, []) == (journal.position, list(journal.frames()))
        assert 1 == journal.append([FRAMES[0]])


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    """It sees what is durable, as soon as it is, and nothing else."""
    with Journal.open(tmp_path / "a") as journal, Journal.open(tmp_path / "a", read_only=True) as reader:
        for position, frame in enumerate(FRAMES[:20], 1):
            journal.append([frame])
            assert (position, [(position, frame)]) == (reader.position, list(reader.frames(position - 1)))
        with pytest.raises(JournalUnwritable, match="read only"):
            reader.append(FRAMES[:1])


def test_a_journal_may_be_used_from_any_thread(tmp_path: Path) -> None:
    """One call at a time, as from an executor."""
    with Journal.open(tmp_path / "a") as journal:
        thread = threading.Thread(target=journal.append, args=(FRAMES[:10],))
        thread.start()
        thread.join(10)
        assert 10 == journal.position


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    """It holds names and numbers: no one else may read it, nor what SQLite keeps beside it."""
    with Journal.open(tmp_path / "a") as journal:
        journal.append(FRAMES[:10])
        assert {0o600} == {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}


def test_an_end_may_be_said_twice(tmp_path: Path) -> None:
    """By its user and by its opener; the next writer is not harmed by the second."""
    with Journal.open(tmp_path / "journal") as journal:
        journal.append(FRAMES[:3])
        journal.close()
        with Journal.open(tmp_path / "journal") as again:
            journal.close()
            assert 3 == again.position
            with pytest.raises(JournalBusy):
                Journal.open(tmp_path / "journal")
