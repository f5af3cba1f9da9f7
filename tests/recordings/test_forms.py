"""The forms in which people hold captured events: each is read whole, in order, and called what it is."""

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from calltrack import Recording, read_recording
from calltrack.core.errors import BadLine, RecordingError
from calltrack.journal.zstd import zstd
from calltrack.recordings.forms import lines
from tests.recordings.forms import EVENTS, LINES, PACKETS, RECEIVED, TEXTS, har, iso, objects, polling, tarred, zipped


def read(folder: Path, content: str | bytes) -> tuple[Recording, list[tuple[str, object]], list[BadLine]]:
    """A file of that content: its recording, its events, and what could not be read."""
    path, bad = folder / "capture", list[BadLine]()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    recording = read_recording(path, on_bad=bad.append)
    return recording, [(frame.event, frame.payload()) for frame in recording], bad


@pytest.mark.parametrize("form", TEXTS)
def test_a_form_is_read(form: str, tmp_path: Path) -> None:
    """Every event once, in order, with its payload as it was; nothing is left out."""
    recording, events, bad = read(tmp_path, TEXTS[form])

    assert EVENTS == events
    assert [] == bad
    assert len(EVENTS) == sum(recording.forms.values()) == recording.frames
    assert all(b"\n" not in frame.raw.rstrip(b"\n") for frame in recording)


HALF = r'["AllUsersStatus",{"users":[{"userID":1,"userName":"Dana \ud83d"}]}]'


@pytest.mark.parametrize(
    "content",
    [
        f"[{HALF},{LINES[0]}]",
        f"[\n{HALF},\n{LINES[0]}\n]",
        HALF.replace("[", "[\n", 1).replace(",{", ",\n{", 1)[:-1] + f"\n]\n{LINES[0]}",
        f"{HALF}{LINES[0]}",
        f"42{HALF}\n42{LINES[0]}",
        f"2023-11-30 11:00:00 INFO {HALF}\n{LINES[0]}",
        json.dumps({"time": 1, "message": HALF}) + f"\n{LINES[0]}",
        json.dumps({"event": "AllUsersStatus", "payload": HALF[18:-1]}) + f"\n{LINES[0]}",
    ],
)
def test_half_a_character_stands_in_any_form(content: str, tmp_path: Path) -> None:
    """It is a "?"; the frame is there, and so is what follows it."""
    _, events, bad = read(tmp_path, content)

    assert ("AllUsersStatus", {"users": [{"userID": 1, "userName": "Dana ?"}]}) == events[0]
    assert (EVENTS[:1], []) == (events[1:], bad)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    """What PowerShell and Windows editors write, with and without a byte order mark."""
    _, events, bad = read(tmp_path, (end.join(LINES) + end).encode(encoding))

    assert (EVENTS, []) == (events, bad)


@pytest.mark.parametrize(
    "pack",
    [
        *(gzip.compress, bz2.compress, lzma.compress, zstd.compress, tarred),
        lambda data: gzip.compress(tarred(data)),
        lambda data: zipped(day=data),
        lambda data: zipped(day=gzip.compress(data)),
        lambda data: gzip.compress(zipped(day=data)),
        lambda data: tarred(zipped(day=data)),
        lambda data: zstd.compress(data[:900]) + zstd.compress(data[900:]),
    ],
)
@pytest.mark.parametrize("form", ["HAR", "socket.io", "pretty-printed objects"])
def test_archives_hold_any_form(pack: Callable[[bytes], bytes], form: str, tmp_path: Path) -> None:
    """One inside the other too."""
    recording, events, bad = read(tmp_path, pack(TEXTS[form].encode()))

    assert (EVENTS, [], True) == (events, bad, recording.compressed)


def test_several_members_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Rotated recordings are numbered; a message names the member and its line."""
    content = zipped(
        **{"day.jsonl": b'["c",{}]\n', "day.0001.jsonl": b'["a",{}]\noops\n', "day.0002.jsonl": b'["b",{}]\n'}
    )
    _, events, bad = read(tmp_path, content)

    assert [("a", {}), ("b", {}), ("c", {})] == events
    assert [f"{tmp_path}/capture/day.0001.jsonl:2"] == [f"{line.file}:{line.line}" for line in bad]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (har(), [RECEIVED + i for i in range(len(EVENTS))]),
        (TEXTS["log lines"], [RECEIVED + i + 0.5 for i in range(len(EVENTS))]),
        (TEXTS["CSV with payloads"], [RECEIVED + i + 0.5 for i in range(len(EVENTS))]),
        ("\n".join(objects(event="event", payload="payload", ts="time")), [RECEIVED + i + 0.5 for i in range(11)]),
        (json.dumps({"event": "x", "payload": {}, "ts": 1767250800123}), [1767250800.123]),
        (f'2026-01-01 09:00:00,123 {LINES[0]}', [None]),
        (f'09:00:00 {LINES[0]}', [None]),
    ],
)  # fmt: skip
def test_the_time_of_receipt(text: str, times: list[float | None], tmp_path: Path) -> None:
    """Is taken where it is clear: an epoch in any unit, ISO 8601 with an offset; a local time is not guessed."""
    recording, _, _ = read(tmp_path, text)

    assert times == [frame.at for frame in recording]


def test_what_is_no_event_is_counted(tmp_path: Path) -> None:
    """Handshakes, heartbeats and what the client sent, whose token is not kept."""
    recording, _, bad = read(tmp_path, har())

    assert {"sent by the client": 11, "handshakes and heartbeats of socket.io": 1} == dict(recording.passed)
    assert [] == bad
    assert b"TOKEN" not in b"".join(frame.raw for frame in recording)


@pytest.mark.parametrize("line", ['["keepalive","TOKEN"]', '{"event":"resync","data":{}}', '42["keepalive","T"]'])
def test_what_the_client_sends_is_no_frame(line: str, tmp_path: Path) -> None:
    """In any notation."""
    recording, events, _ = read(tmp_path, line + "\n")

    assert ([], {"sent by the client": 1}) == (events, dict(recording.passed))


def test_groups_are_merged_by_server_time(tmp_path: Path) -> None:
    """Frames of different events interleave again; within an event their order stays."""
    recording, events, _ = read(tmp_path, TEXTS["grouped by event"])

    assert EVENTS == events
    assert ["payloads grouped by event, ordered by server time"] == list(recording.forms)


def test_payloads_that_say_their_event(tmp_path: Path) -> None:
    """What a client logs that forgets the name: known by the vendor's own fields, and said so."""
    payloads = "\n".join(json.dumps(payload) for event, payload in EVENTS if event != "loginSuccess")
    recording, events, bad = read(tmp_path, payloads)

    assert ([one for one in EVENTS if one[0] != "loginSuccess"], []) == (events, bad)
    assert ["payloads without a name, known by their fields"] == list(recording.forms)


def test_polling_counts_as_javascript_does(tmp_path: Path) -> None:
    """The length is in UTF-16 units: a character beyond the first plane is two."""
    packet = '42["note",{"name":"שלום 🎧"}]'
    _, events, bad = read(tmp_path, polling([packet, packet]))

    assert ([("note", {"name": "שלום 🎧"})] * 2, []) == (events, bad)


def test_a_mixture_is_read_line_by_line(tmp_path: Path) -> None:
    """Each line is recognised on its own."""
    recording, events, bad = read(tmp_path, "\n".join([LINES[0], PACKETS[1], f"{iso(2)} {LINES[2]}", "noise"]))

    assert EVENTS[:3] == events
    assert {"JSON lines": 1, "socket.io packets": 1, "log lines": 1} == recording.forms
    assert [4] == [line.line for line in bad]


def test_pretty_printed_frames_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array of any length is read frame by frame, whatever one document may have at most."""
    monkeypatch.setattr("calltrack.recordings.forms.values.LARGEST", 4000)
    _, events, bad = read(tmp_path, json.dumps(EVENTS * 20, indent=1))

    assert (len(EVENTS) * 20, []) == (len(events), bad)


def test_a_document_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do instead."""
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    monkeypatch.setattr(lines, "LARGEST", 200_000)
    with pytest.raises(RecordingError, match=r"capture:1: a document of more than .* jq"):
        read(tmp_path, json.dumps(EVENTS * 100))


def test_any_form_comes_through_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A zip too, whose table is at its end."""
    path = tmp_path / "piped"
    path.write_bytes(zipped(day=har().encode()))
    with path.open("rb") as file, io.TextIOWrapper(file) as text:
        monkeypatch.setattr("sys.stdin", text)
        assert len(EVENTS) == len(list(read_recording("-")))
