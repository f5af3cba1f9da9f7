"""A caller is erased: from everything, for good, and nothing else is another than before."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack import Frame, Recording, Tracker
from calltrack.cli import commands
from calltrack.figures import Facts, Options, report
from calltrack.journal import Journal, JournalBusy
from calltrack.journal.erasing import CannotErase, Erasure, erase, remains
from calltrack.serve.hooks.outbox import _SCHEMA
from calltrack.words.numbers import same

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
NUMBER, NAME = "0501234567", "Caller"


@pytest.fixture
def frames() -> list[Frame]:
    """Several calls of the one, in several notations, and a call of another."""
    found = [
        frame
        for name in sorted(one for one in SCENARIOS.glob("*.jsonl") if "changes" not in one.name)[:40]
        for frame in Recording(str(name))
    ]
    notations = ("+972501234567", "972501234567", "050-123-4567", NUMBER)
    return [
        Frame.decode(frame.raw.replace(NUMBER.encode(), notations[index % 4].encode()))
        for index, frame in enumerate(found)
    ]


def kept(path: Path, frames: list[Frame]) -> Path:
    with Journal.open(path) as journal:
        tracker = Tracker()
        for index in range(0, len(frames), 10):
            journal.append(frames[index : index + 10])
            for frame in frames[index : index + 10]:
                tracker.feed(frame)
            journal.checkpoint(tracker)
    return path


def figures(path: Path) -> object:
    with Journal.open(path, read_only=True) as journal:
        tracker, facts = Tracker(history=journal.history), Facts()
        for _, frame in journal.frames():
            facts.apply(tracker.feed(frame), tracker.time)
        facts.learn(tracker.snapshot())
        return report(facts, 0, None, Options())


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.items() for text in texts(list(one))]
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts(one)]
    return [str(value)]


def test_nothing_is_left_and_nothing_else_is_another(tmp_path: Path, frames: list[Frame]) -> None:
    """Frames, positions and figures as before; the checkpoints say what the frames say; no page has it any more."""
    path = kept(tmp_path / "calls.journal", frames)
    before, erasure = figures(path), Erasure([NUMBER], [NAME])
    assert remains(path, erasure) > 100
    done = erase(path, erasure)

    assert done.frames > 50 and done.checkpoints > 5
    assert 0 == remains(path, erasure)
    assert before == figures(path)
    with Journal.open(path, read_only=True) as journal:
        assert len(frames) == journal.position
        after = [frame for _, frame in journal.frames()]
        assert [(frame.event, frame.at) for frame in frames] == [(frame.event, frame.at) for frame in after]
        said = [text for frame in after for text in texts(frame.payload())]
        assert not [text for text in said if same(text, NUMBER) or NAME in text.split()]
        tracker = Tracker(history=journal.history)
        for position, frame in journal.frames():
            tracker.feed(frame)
            if position % 10 == 0:
                assert tracker.snapshot().to_json() == journal.tracker(position).snapshot().to_json()


def test_what_stands_beside_it(tmp_path: Path, frames: list[Frame]) -> None:
    """Deliveries and dead letters; what was counted goes; exports and recordings are named, and an index goes."""
    path = kept(tmp_path / "calls.journal", frames)
    with closing(sqlite3.connect(tmp_path / "calls.journal-webhooks")) as database:
        database.executescript(_SCHEMA)
        database.execute("INSERT INTO pending VALUES ('w', '1', 'c', 'e', ?)", (f'"{NUMBER}"'.encode(),))
        database.execute("INSERT INTO dead VALUES (NULL, 'w', '1', 'e', 0, 1, 'r', ?)", (f'"{NUMBER}"',))
        database.commit()
    counted = [tmp_path / f"calls.journal-{name}" for name in ("figures", "figures-wal", "figures-new", "today")]
    for file in counted:
        file.write_text(NUMBER)
    (tmp_path / "calls.csv").write_text(f"caller,name\n{NUMBER},{NAME}\n97250-1234567,{NAME} B\n0501234568,Other\n")
    (tmp_path / "calls.csv.index").write_text(NUMBER)
    (tmp_path / "calls.parquet").write_bytes(b"PAR1\0")
    also = [part for name in ("calls.csv", "calls.parquet") for part in ("--also", str(tmp_path / name))]
    arguments = ["journal", "erase", str(path), "--number", NUMBER, "--name", NAME]
    refused = CliRunner().invoke(commands, [*arguments, *also])
    done = CliRunner().invoke(commands, [*arguments, *also[:2]])

    assert "is no text" in str(refused.exception)
    assert 0 == done.exit_code, done.output
    assert "nothing of it is left" in done.output
    assert NUMBER not in done.output and NAME not in done.output
    for left in tmp_path.iterdir():
        assert NUMBER.encode() not in left.read_bytes(), left
    assert not any(file.exists() for file in (tmp_path / "calls.csv.index", *counted))
    lines = (tmp_path / "calls.csv").read_text().splitlines()
    assert "0501234568,Other" == lines[3]
    assert lines[1][1:10] == lines[2].replace("-", "")[3:12]  # the same person is the same


def test_who_is_not_there_is_reported(tmp_path: Path, frames: list[Frame]) -> None:
    """A typing error is no success; another spelling of the same number is no error, nor what only a file has."""
    path = kept(tmp_path / "calls.journal", frames[:50])
    (tmp_path / "calls.csv").write_text("0529999999\n")
    also = ["--also", str(tmp_path / "calls.csv"), "--number", "052-999-9999"]
    arguments = ["journal", "erase", str(path), "--number", NUMBER, "--number", f"{NUMBER[:3]}-{NUMBER[3:]}"]
    wrong = CliRunner().invoke(commands, ["journal", "erase", str(path), "--number", "0529999998"])
    right = CliRunner().invoke(commands, [*arguments, *also])
    again = CliRunner().invoke(commands, [*arguments, *also])

    assert (1, True) == (wrong.exit_code, "1 of 1 numbers and names were found nowhere" in wrong.output)
    assert 0 == right.exit_code, right.output
    assert (1, True) == (again.exit_code, "3 of 3 numbers and names were found nowhere" in again.output)


def test_what_is_erased_and_what_is_not() -> None:
    """Every notation, escapes of JSON in JSON; no id, no other number, no longer word."""
    erasure = Erasure(["+972 50-123-4567"], ["דנה"])
    for text in (
        "0501234567",
        "972501234567",
        "00972 50 123 4567",
        "rec-0501234567.wav",
        "+972(0)501234567",
        "972-50-1234567",
        "050\u2013123\u20134567",
        "050/1234567",
        "050\u200e-\u200e1234567",
        "٠٥٠١٢٣٤٥٦٧",
        "+９７２ ５０ １２３４５６７",
    ):
        left = "".join(str(int(one)) for one in erasure.text(text) if one.isdecimal())
        assert "1234567" not in left, text
    for text in ("050/1234567", "050\u2013123\u20134567", "٠٥٠١٢٣٤٥٦٧", "tel:+972501234567"):
        assert "1234567" not in Erasure([text]).text("+972 50 123 4567").replace(" ", ""), text
    for text in (json.dumps("דנה כהן"), json.dumps(json.dumps("דנה כהן")), "דנה"):
        assert erasure.text(text) != text
    assert '{"caller":"Dana"}' == Erasure([], ["caller"]).text('{"caller":"Dana"}')
    for text in ("2026050123456789", "0501234568", "10501234567", "דנהב"):
        assert text == erasure.text(text)
    for numbers, names in ((["123"], []), ([], ["x"]), ([], [])):
        with pytest.raises(CannotErase):
            Erasure(numbers, names)


def test_a_name_that_is_a_word_of_the_protocol(tmp_path: Path, frames: list[Frame]) -> None:
    """Changes nothing, and says so."""
    path = kept(tmp_path / "calls.journal", frames[:50])
    before = figures(path)
    with pytest.raises(CannotErase, match="a word of the protocol"):
        erase(path, Erasure([], ["Talking"]))

    assert before == figures(path)


def test_a_journal_that_is_written_is_refused(tmp_path: Path, frames: list[Frame]) -> None:
    """The service has it in memory as well."""
    path = kept(tmp_path / "calls.journal", frames[:20])
    with Journal.open(path), pytest.raises(JournalBusy):
        erase(path, Erasure([NUMBER]))
