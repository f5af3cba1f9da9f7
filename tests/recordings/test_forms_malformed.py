"""Malformed captures of every form: nothing crashes, nothing is lost silently, nothing is guessed."""

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from calltrack import read_recording
from calltrack.core.errors import BadLine, CalltrackError, RecordingError
from calltrack.journal.zstd import zstd
from tests.recordings.forms import EVENTS, LINES, PACKETS, TEXTS, iso, polling, pretty, table, tarred, zipped
from tests.recordings.test_forms import read

BINARY: dict[str, bytes] = {
    "gzip": gzip.compress(TEXTS["HAR"].encode(), mtime=0),
    "bzip2": bz2.compress(TEXTS["HAR"].encode()),
    "xz": lzma.compress(TEXTS["HAR"].encode()),
    "zstd": zstd.compress(TEXTS["HAR"].encode()),
    "zip": zipped(day=TEXTS["HAR"].encode()),
    "tar": tarred(TEXTS["HAR"].encode()),
    "UTF-16": TEXTS["a JSON array, indented"].encode("utf-16"),
}
ALL = {name: text.encode() for name, text in TEXTS.items()} | BINARY


@pytest.mark.parametrize("form", ALL)
def test_a_cut_capture_says_so(form: str, tmp_path: Path) -> None:
    """What was read is a beginning of what there was, and at least one thing is reported."""
    content = ALL[form]
    for share in (0.2, 0.5, 0.9):
        _, events, bad = read(tmp_path, content[: int(len(content) * share)])
        assert bad or len(events) == len(EVENTS)
        if "grouped" not in form:
            assert EVENTS[: len(events)] == events


@pytest.mark.parametrize("form", ALL)
def test_a_damaged_capture_does_not_crash(form: str, tmp_path: Path) -> None:
    """Bytes changed, bytes removed: frames and reports, or a refusal with the reason."""
    chance = random.Random(form)
    path = tmp_path / "capture"
    for _ in range(15):
        content = bytearray(ALL[form])
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        if chance.random() < 0.3:
            start = chance.randrange(len(content))
            del content[start : start + chance.randrange(1000)]
        path.write_bytes(content)
        bad: list[BadLine] = []
        try:
            recording = read_recording(path, on_bad=bad.append)
            assert sum(1 for _ in recording) == recording.frames
        except CalltrackError as error:
            assert str(error).startswith(str(path))
        assert all(line.line >= 0 and line.reason for line in bad)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.4 and more than sixteen bytes", "is a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "is a picture"),
        (bytes(1000), "is binary data of no known kind"),
        (b"\xd4\xc3\xb2\xa1" + bytes(40), "is a network capture"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "is a 7z archive; unpack it first"),
        (zipped(**{"xl/workbook.xml": b"<x/>"}), "is an Excel workbook; save the sheet as CSV"),
        (gzip.compress(b"%PDF-1.4 and more than sixteen bytes", mtime=0), "is a PDF document"),
    ],
)
def test_something_else_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    """At once, with what it is."""
    with pytest.raises(RecordingError, match=says):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"event":"ExtensionEvent"}', "ExtensionEvent without a payload"),
        ('["ExtensionEvent"]', "ExtensionEvent without a payload"),
        ('{"event":"ExtensionEvent","type":"QueueEvent","payload":{}}', "several names of events, in event, type"),
        ('{"event":"QueueEvent","payload":{"a":1},"body":{"b":2}}', "several payloads, payload and body"),
        ('{"type":"metric","data":{"value":3}}', "an object without an event's name (its fields: type, data)"),
        ('{"id":1,"0501234567":2}', "an object without an event's name (its fields: id)"),
        ("[]", "an empty list"),
        ("12", "not a frame"),
        ("hello", "not JSON"),
        ("{ event: 'ExtensionEvent', data: [Object] }", "log JSON.stringify"),
        ('451-["ExtensionEvent",{"_placeholder":true,"num":0}]', "a binary event"),
        (f"{iso(0)} {LINES[3][:200]}", "what follows the first 30 characters is broken or cut off"),
        (f"42{LINES[3][:200]}", "not JSON"),
        ('{"log":{"entries":3}}', "not a frame"),
    ],
)
def test_a_line_that_is_no_frame_says_why(line: str, says: str, tmp_path: Path) -> None:
    """In words; never with its text, in which phone numbers may stand."""
    _, events, bad = read(tmp_path, f"{LINES[0]}\n{line}\n{LINES[1]}\n")

    assert EVENTS[:2] == events
    assert [(2, True)] == [(one.line, says in one.reason) for one in bad]
    assert "0501234567" not in bad[0].reason


def test_nothing_inside_a_broken_value_is_a_frame(tmp_path: Path) -> None:
    """An inner object may look like a payload; a line that is broken has none."""
    broken = LINES[3].replace('"extenUser"', "extenUser")
    _, events, bad = read(tmp_path, f"{broken}\n{iso(0)} got {broken}\n42{broken}\n")

    assert ([], [1, 2, 3]) == (events, [one.line for one in bad])


def test_a_broken_pretty_printed_value_is_reported_once(tmp_path: Path) -> None:
    """And what follows it is read."""
    texts = [pretty(event, payload) for event, payload in EVENTS]
    texts[4] = texts[4].replace('"reason":', "reason=")
    _, events, bad = read(tmp_path, "\n".join(texts))

    assert EVENTS[:4] + EVENTS[5:] == events
    assert 1 == len(bad)


def test_a_value_that_never_ends_costs_nothing_that_follows(tmp_path: Path) -> None:
    """A recording goes on after a line that was cut where pretty-printing would break it."""
    _, events, bad = read(tmp_path, f'{LINES[0]}\n["ExtensionEvent",{{"data":\n{LINES[1]}\n{LINES[2]}\n')

    assert (EVENTS[:3], [2]) == (events, [one.line for one in bad])


def test_one_bad_packet_of_several(tmp_path: Path) -> None:
    """The others of its payload are read."""
    _, events, bad = read(tmp_path, polling([PACKETS[0], '42["x",{]', PACKETS[1]]))

    assert (EVENTS[:2], 1) == (events, len(bad))


@pytest.mark.parametrize("text", ["id,name\n1,Clark\n2,Lois\n", 'call_id,agents\n1,"[]"\n', "no table\n"])
def test_a_table_without_frames_is_no_capture(text: str, tmp_path: Path) -> None:
    """Its lines are reported; nothing is made up."""
    _, events, bad = read(tmp_path, text)

    assert ([], True) == (events, len(bad) >= 1)


def test_a_row_without_a_frame_is_reported(tmp_path: Path) -> None:
    """With the line on which it ends."""
    rows: list[list[object]] = [["at", "frame"], [iso(0), LINES[0]], [iso(1), "null"], [iso(2), LINES[2][:50]]]
    _, events, bad = read(tmp_path, table(rows))

    assert ([EVENTS[0]], [3, 4]) == (events, [one.line for one in bad])


def test_deep_nesting_is_no_attack(tmp_path: Path) -> None:
    """JSON, archives and strings."""
    deep: Callable[[bytes], bytes] = lambda data: gzip.compress(data, mtime=0)  # noqa: E731
    content = b"x"
    for _ in range(9):
        content = deep(content)
    with pytest.raises(RecordingError, match="archives inside archives"):
        read(tmp_path, content)
    wrapped = LINES[0]
    for _ in range(9):
        wrapped = json.dumps(wrapped)
    for text in ("[" * 100_000 + "]" * 100_000, '{"log":' * 5000 + "1" + "}" * 5000, wrapped):
        assert [] == read(tmp_path, text)[1]


def test_a_member_that_is_something_else_is_named(tmp_path: Path) -> None:
    """The rest of the archive is read."""
    content = zipped(**{"a.png": b"\x89PNG" + bytes(40), "b.jsonl": LINES[0].encode()})
    _, events, bad = read(tmp_path, content)

    assert EVENTS[:1] == events
    assert [f"{tmp_path}/capture/a.png:1: is a picture"] == [str(one) for one in bad]
