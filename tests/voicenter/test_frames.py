import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltrack.core.errors import NotAFrame
from calltrack.core.observations import ExtensionEvent, Notice, QueueEvent
from calltrack.testing.strategies import json_values
from calltrack.voicenter.frames import Frame
from tests.voicenter.wired import event, extension, line

LINES = (
    '["QueueEvent", {"reason": "JOIN"}]',
    '{"name": "QueueEvent", "data": {"reason": "JOIN"}}',
    '{"at": 1606908124.318, "event": "QueueEvent", "data": {"reason": "JOIN"}}',
    ' [ "QueueEvents" , {"reason": "JOIN"} ] ',
    '{"event": "QueueEvent", "data": {"reason": "JOIN"}, "at": 5}\n',
    '{"data": {"reason": "JOIN"}, "event": "QueueEvent", "at": {"no": "time"}}',
    '{"event": "QueueEvent", "data": {"reason": "JOIN"}, "at": 1e999}',
)


@pytest.mark.parametrize("text", LINES)
def test_the_notations_are_one_frame(text: str) -> None:
    """Array, name and recording say the same; an alias is its event."""
    frame = Frame.decode(text)

    assert "QueueEvent" == frame.event
    assert isinstance(frame.body, QueueEvent)
    assert ("JOIN", "starts") == (frame.body.reported.reason, frame.body.reported.kind)
    assert {"reason": "JOIN"} == frame.payload()
    assert Frame.decode(LINES[0]).fingerprint() == frame.fingerprint()


def test_fingerprints_differ_where_frames_do() -> None:
    """In the event's name or in the payload."""
    prints = {Frame.decode(text).fingerprint() for text in (LINES[0], '["QueueEvent",{}]', '["x",{}]', '["x"]')}

    assert 4 == len(prints)


def test_a_recording_keeps_when_it_was_received() -> None:
    """`at` is UTC epoch seconds, None in the other notations."""
    assert 1606908124.318 == Frame.decode(LINES[2]).at
    assert Frame.decode('["x"]').at is None
    assert Frame.of("x", {}, 7.5) == Frame.decode('{"at":7.5,"event":"x","data":{}}')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON: it ends in the middle"),
        (b'["ExtensionEvent", {"data"', "not JSON: it ends in the middle"),
        (b"5", "not a frame: neither"),
        (b"[]", "not a frame: the event's name is missing"),
        (b"[7, {}]", "not a frame: the event's name is missing"),
        (b'{"data": {}}', "not a frame: the event's name is missing"),
        (b'["Extension\xff"]', "not UTF-8"),
        (b'["ExtensionEvent",{"data":{"recording":{"Filename":"\xff"}}}]', "not UTF-8"),
        ("\ud800", "not UTF-8"),
        ('["QueueEvent",{"CallerName":"John Doe”,"x":1}]'.encode(), "typographic quote"),
        (b"[" * 100_000, "nested too deeply"),
        (b'["x"] y', "not JSON: trailing characters"),
        (r'["x",{"a":"\\ud800"}', "ends in the middle"),
        (r'["x",{"a":"\ud800","b":' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_a_frame_says_why(text: bytes | str, reason: str) -> None:
    """The reason is in words, and without the text itself."""
    with pytest.raises(NotAFrame, match=reason):
        Frame.decode(text)


def test_what_is_not_understood_is_named_and_reachable() -> None:
    """Unknown fields and unusable values keep their path; the payload has them as they came."""
    data = extension(calls=[{"ivrid": "1", "answered": "maybe", "somethingNew": {"x": 1}}])
    frame = Frame.decode(line("ExtensionEvent", event(data)))

    assert ("data.calls[].somethingNew",) == frame.unknown
    assert ('data.calls[].answered: "maybe"',) == frame.bad
    assert {"x": 1} == frame.payload()["data"]["calls"][0]["somethingNew"]


@pytest.mark.parametrize("payload", [b'{"reason":"JOIN"}', '{"reason":"JOIN"}', {"reason": "JOIN"}])
def test_a_payload_may_be_json_text(payload: object) -> None:
    """What the transport hands on need not be parsed first."""
    assert {"reason": "JOIN"} == Frame.of("QueueEvent", payload).payload()


@pytest.mark.parametrize(
    ("payload", "expected"),
    [("hello", "hello"), (b"\xff", "\ufffd"), ({"x": "a\ud800"}, {"x": "a?"}), ({"x": 10**30}, {"x": 10**30})],
)
def test_what_is_not_json_text_is_kept_as_text(payload: object, expected: object) -> None:
    """So is half a character, as "?", and a number of more than 64 bits."""
    frame = Frame.of("mystery", payload)

    assert (expected, ()) == (frame.payload(), frame.bad)


def test_a_payload_that_has_no_json_is_a_bad_value() -> None:
    """The frame says so instead of failing, and reads again as what it is."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for payload in (object(), deep):
        frame = Frame.of("ExtensionEvent", payload)

        assert isinstance(frame.body, ExtensionEvent)
        assert 1 == len(frame.bad)
        assert frame.payload() is None


def test_a_name_that_was_cut_or_is_missing_is_a_name_all_the_same() -> None:
    """Half a character in the event's own name becomes "?", as in any text."""
    for name, expected in (("caf\ud800", "caf?"), ("", "(no name)")):
        frame = Frame.of(name, {})

        assert (expected, expected) == (frame.event, Frame.decode(frame.raw).event)
        assert isinstance(frame.body, Notice)
        assert not frame.body.known


@pytest.mark.parametrize("name", [r"\ud800", r"\udc00 and more", r"\ud800\ud800", r"\uD83D", r"cut at \ud83d"])
@pytest.mark.parametrize("text", ['["x",{"skipped":"%s"}]', '["ExtensionEvent",{"data":{"extenUser":"%s"}}]'])
def test_a_character_cut_in_half_costs_no_frame(text: str, name: str) -> None:
    """Neither in a field that is read nor in one that is skipped; the text stays as it came."""
    frame = Frame.decode(text % name)

    assert "?" in json.dumps(frame.payload())
    assert (text % name).encode() == frame.raw
    assert () == frame.bad


@pytest.mark.parametrize(
    ("number", "expected"), [("1e400", float("inf")), ("7" * 5000, float("inf")), ("7" * 300, int("7" * 300))]
)
def test_a_payload_can_be_had_whatever_a_skipped_field_holds(number: str, expected: float) -> None:
    """A number beyond what a float can hold is infinite."""
    frame = Frame.decode(f'["x",{{"skipped":{number},"this too":1e400}}]')

    assert expected == frame.payload()["skipped"]


_EVENTS = st.sampled_from(["ExtensionEvent", "QueueEvents", "loginStatus", "DialerEvent", "AllDialersStatus", "tick"])
_KEYS = st.sampled_from(
    [
        *("data", "calls", "Calls", "currentCall", "ivrid", "Ivrid", "recording", "IsMuted", "summery", "queues"),
        *(
            "callStarted",
            "answered",
            "customdata",
            "relatedIvrUniqueIDs",
            "servertime",
            "reason",
            "extenUser",
            "\ufdd0reported",
        ),
    ]
)
_PAYLOADS = st.recursive(
    json_values | st.integers() | st.floats() | st.text(st.characters(categories=["L", "Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_frame_or_a_reason(text: bytes) -> None:
    """Nothing but NotAFrame comes out."""
    try:
        assert Frame.decode(text).event
    except NotAFrame as error:
        assert str(error)


@given(_EVENTS, _PAYLOADS)
def test_any_payload_is_a_frame(name: str, payload: Any) -> None:
    """`Frame.of` never fails, and everything that can be asked of its frame has an answer."""
    frame = Frame.of(name, payload)

    frame.payload()
    assert len(frame.unknown) == len(set(frame.unknown))
    again = Frame.decode(frame.raw)
    assert (frame.event, frame.body, frame.fingerprint()) == (again.event, again.body, again.fingerprint())


@given(st.text() | st.text(st.characters(categories=["Cs", "L"])), json_values)
def test_any_name_is_a_frame(name: str, payload: object) -> None:
    """Whatever a peer calls its event."""
    assert Frame.of(name, payload).event
