"""What is left of a recording once names and numbers are out of it."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltrack import Frame, Tracker, read_recording
from calltrack.core.errors import NotAFrame
from calltrack.recordings.redact import Redactor
from calltrack.simulate import Faults, Plan, write_recording

FIXTURES = sorted(
    path
    for path in (Path(__file__).parents[2] / "fixtures").rglob("*.jsonl")
    if not path.name.endswith(".changes.jsonl")
)
KEY = b"sixteen bytes or more"
REDACTOR = Redactor(KEY)
# What the vendor says himself, and people cannot be identified by it.
KEPT = {"anonymous", "http", "https", "mp3", "sip", "wav"} | {"code", "dialer", "recording"}  # names of fields


def redacted(frames: Iterable[Frame], redactor: Redactor = REDACTOR) -> list[Frame]:
    return [Frame.of(*redactor.frame(frame.event, frame.payload()), frame.at) for frame in frames]


def reported(frames: Iterable[Frame]) -> tuple[list[Any], Any]:
    """All changes and the last snapshot, in plain values; without what only the tracker reads (sums over frames)."""
    tracker = Tracker()
    changes = [msgspec.to_builtins(change) for frame in frames for change in tracker.feed(frame)]
    snapshot = msgspec.to_builtins(tracker.snapshot())
    return changes, {name: value for name, value in snapshot.items() if name != "resume"}


class Pairs:
    """Walks two values side by side: the same but for texts and ids, which pair off one to one."""

    def __init__(self) -> None:
        self.forth: dict[str, str] = {}
        self.back: dict[str, str] = {}

    def same(self, one: Any, other: Any, where: str = "") -> None:
        """Assert it."""
        assert type(one) is type(other), where
        if isinstance(one, dict):
            assert len(one) == len(other), where
            for (key, item), (name, value) in zip(one.items(), other.items(), strict=True):
                self.paired(key, name, where)
                self.same(item, value, f"{where}.{key}")
        elif isinstance(one, list | tuple):
            assert len(one) == len(other), where
            for item, value in zip(one, other, strict=True):
                self.same(item, value, where)
        elif isinstance(one, str):
            if not where.endswith((".last_frame", ".detail", ".seen")):
                self.paired(one, other, where)
        elif where.endswith(("_id", ".number")):
            self.paired(str(one), str(other), where)
        else:
            assert one == other, where

    def paired(self, one: str, other: str, where: str) -> None:
        """Assert that one text always becomes the same, and no other becomes that."""
        assert other == self.forth.setdefault(one, other), where
        assert one == self.back.setdefault(other, one), where


def words(frames: Iterable[Frame]) -> set[str]:
    """Every name and number of people, phones, calls, queues and accounts: what must not survive."""
    found: set[str] = set()
    fields = {
        *("username", "representative", "answeredagent", "callername", "callerphone", "callerid", "queuename", "name"),
        *("extenuser", "number", "did", "ivrid", "ivruniqueid", "filename", "channel", "channel2", "userid", "code"),
        *("accountid", "queueid", "transferextensionname", "relatedivruniqueids", "actualdialednumber", "key0", "ip"),
    }

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, key.lower())
        elif isinstance(value, list):
            for item in value:
                walk(item, name)
        elif name in fields and not isinstance(value, bool | None):
            found.update(re.findall(r"[^\W_]{3,}", str(value)))

    for frame in frames:
        walk(frame.payload(), "")
    return {word for word in found if word.lower() not in KEPT}


def nothing_survives(before: list[Frame], after: list[Frame]) -> None:
    """Search for each, as a word of its own, and the long ones anywhere.

    Not the short numbers: of those every one is somebody's pseudonym.
    """
    text = b"\n".join(frame.raw for frame in after).decode()
    left, originals = set(re.findall(r"[^\W_]+", text)), words(before)
    kept = {word for word in originals & left if not (word.isdigit() and len(word.lstrip("0")) < 6)}
    assert not kept
    assert not {word for word in originals if len(word) >= 9 and word in text}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_the_story_of_a_fixture_is_the_same(path: Path) -> None:
    """The same changes and the same state, but for names and numbers, of which none is left."""
    before = list(read_recording(path))
    after = redacted(before)
    pairs = Pairs()

    pairs.same(reported(before)[0], reported(after)[0])
    pairs.same(reported(before)[1], reported(after)[1])
    nothing_survives(before, after)


def test_the_story_of_a_day_is_the_same(tmp_path: Path) -> None:
    """A simulated one with everything in it and everything going wrong."""
    path = tmp_path / "day.jsonl"
    write_recording(path, Plan(agents=12), seed=5, hours=6, faults=Faults.all(), truth=False)
    before = list(read_recording(path, on_bad=lambda _: None))
    after = redacted(before)
    pairs = Pairs()

    changes, snapshot = reported(before)
    assert {"CallEnded", "ConnectionRegained", "Anomaly", "QueueLeft"} <= {change["change"] for change in changes}
    pairs.same(changes, reported(after)[0])
    pairs.same(snapshot, reported(after)[1])
    nothing_survives(before, after)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0501234567", "050-123-4567"),
        ("0501234567", "+972-50-1234567"),
        ("0501234567", "972501234567"),
        ("0501234567", "call 050 1234567 now"),
        ("0501234567", "2020120-aws-0501234567-0722776772.mp3"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str) -> None:
    """With separators, from abroad, in a text, in a file's name."""
    number = REDACTOR.text(one).removeprefix("0")

    assert len("501234567") == len(number) and number.isdigit()
    assert number in re.sub(r"[ -]", "", REDACTOR.text(other)) or number in REDACTOR.text(other)


def test_ids_stay_joinable() -> None:
    """A number and its text, a SIP name and the channel it is in, a word wherever it is."""
    _, data = REDACTOR.frame(
        "ExtensionEvent",
        {
            "extenUser": "SIP00003",
            "channel": "SIP/SIP00003-0000076c",
            "userID": 70003,
            "onlineUserID": "70003",
            "UserID": 12345678.0,
            "number": "12345678",
            "representative": 0,
            "queueID": 12,
            "userName": "Dana Katz",
            "AnsweredAgent": "DANA Katz",
        },
    )

    assert data["channel"].startswith(f"SIP/{data['extenUser']}-")
    assert str(data["userID"]) == data["onlineUserID"] != "70003"
    assert data["UserID"] == int(data["number"]) != 12345678
    assert (0, 12) == (data["representative"], data["queueID"])
    assert data["userName"].lower() == data["AnsweredAgent"].lower() != "dana katz"
    assert data["AnsweredAgent"].split()[0].isupper()


def test_what_is_not_known_is_replaced() -> None:
    """Texts and numbers of unknown fields, e-mails, tokens, addresses, and the names of an account's own fields."""
    secret = {
        "customdata": {"Cohen": "vip", "reason": "HANGUP", "servertime": 501234567, "note": ["call 03-5550001", 7.25]},
        "email": "dana@clinic.example",
        "token": "eyJhbGciOi.J9-x_y==",
        "newThing": {"phone": 501234567, "0501234567": True, "Dana": 32.0853, "level": 7},
        "ip": "10.0.0.5",
        "reason": "Dana called",
        "servertime": "dana",
        "answered": "true",
        "callstatus": "talking",
    }
    name, data = REDACTOR.frame("ExtensionEvent", secret)
    shown = json.dumps(data)

    assert "ExtensionEvent" == name
    for gone in ("Cohen", "vip", "HANGUP", "501234567", "5550001", "dana", "Dana", "clinic", "eyJ", "32.0853", "10.0."):
        assert gone not in shown
    assert ("true", "talking", 7) == (data["answered"], data["callstatus"], list(data["newThing"].values())[3])
    assert "@" in data["email"] and "." in data["email"]
    assert "Cohen called" != REDACTOR.frame("Cohen called", None)[0]


@pytest.mark.parametrize("field", ["price", "callStarted", "c2cdirection", "representativeStatus", "servertime"])
@pytest.mark.parametrize(
    "number", ["0543623990", 543623990, 972543623990, 543623990.0, "3623990", "0543-62-39 90:12:34"]
)
def test_a_number_of_somebody_stays_in_no_field(field: str, number: object) -> None:
    """What cannot be a time, a duration or a state is replaced."""
    _, found = REDACTOR.frame("ExtensionEvent", {"data": {"currentCall": {field: number}}})

    assert number != found["data"]["currentCall"][field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("callStarted", value) for value in (0, 1701344218, "1701344218", 1701344218.25, "2023-11-30 11:29:47")),
        *(("duration", value) for value in (0, -1, 86400, "86400", 0.5)),
        *(("price", "0.25"), ("isAnswer", "true"), ("representativeStatus", 12)),
    ],
)
def test_times_durations_and_states_stay(field: str, value: object) -> None:
    """As numbers and as texts."""
    assert value == REDACTOR.frame("ExtensionEvent", {"data": {field: value}})[1]["data"][field]


def test_the_key_decides() -> None:
    """The same in every run with it, another with another one; a short one is refused."""
    assert REDACTOR.text("Dana 0501234567") == Redactor(KEY).text("Dana 0501234567")
    assert REDACTOR.text("Dana 0501234567") != Redactor(b"another key of 16 bytes").text("Dana 0501234567")
    with pytest.raises(ValueError, match="too short"):
        Redactor(b"fifteen bytes!!")


def test_three_digits_trade_places() -> None:
    """None stays, no two meet; beginnings that say where a number is stay."""
    numbers = [f"{number:03}" for number in range(1000)]
    found = [REDACTOR.text(number) for number in numbers]

    assert sorted(found) == numbers
    assert numbers[:100] == found[:100]
    assert not [pair for pair in zip(numbers[100:], found[100:], strict=True) if pair[0] == pair[1]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.text(min_size=1))
def test_whatever_comes_is_redacted(payload: Any, event: str) -> None:
    """It never fails, is a frame again, and twice the same."""
    try:
        frame = Frame.decode(msgspec.json.encode([event, payload]))
    except NotAFrame:
        return
    assert Frame.of(*REDACTOR.frame(frame.event, frame.payload())).raw == redacted([frame])[0].raw


@given(st.lists(st.from_regex(r"[0-9]{3,15}|[a-z][0-9a-zA-Z]{2,9}[0-9]|\+[0-9]{7,15}", fullmatch=True), unique=True))
def test_different_ones_stay_different(texts: list[str]) -> None:
    """Numbers and names with digits: one to one."""
    assert len(texts) == len({REDACTOR.text(text) for text in texts})


def test_too_deep_and_binary_leave_nothing() -> None:
    """Rather than a failure or the original."""
    payload: Any = "0501234567"
    for _ in range(100_000):
        payload = [payload]

    assert ("e", None) == REDACTOR.frame("e", payload)
    assert ("e", [None, "0"]) == REDACTOR.frame("e", [b"0501234567", "0"])


def test_what_the_live_side_adds_stays() -> None:
    """Ticks keep their time, losses their reason; the text of a packet that was not understood is replaced."""
    assert ("tick", {"elapsed_s": 1234.5}) == REDACTOR.frame("tick", {"elapsed_s": 1234.5})
    lost = {"reason": "no answer to a ping for 4 s"}
    assert ("disconnect", lost) == REDACTOR.frame("disconnect", lost)
    _, broken = REDACTOR.frame("malformed", {"error": "truncated", "text": '["ExtensionEvent",{"callername":"Dana'})
    assert "Dana" not in broken["text"]
