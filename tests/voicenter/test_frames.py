import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltrack import Frame
from calltrack.core.errors import NotAFrame
from calltrack.testing.strategies import frames, json_values
from calltrack.voicenter.events import AllExtensionsStatus, ExtensionEvent, LoginStatus, Notice, QueueEvent
from calltrack.voicenter.frames import _Notes, _tolerant
from tests.frames import call, extension


@pytest.mark.parametrize(
    "text",
    [
        '["QueueEvent", {"reason": "JOIN"}]',
        '{"name": "QueueEvent", "data": {"reason": "JOIN"}}',
        '{"at": 1606908124.318, "event": "QueueEvent", "data": {"reason": "JOIN"}}',
        '["QueueEvents", {"reason": "JOIN"}]',
    ],
)
def test_the_notations_are_one_frame(text: str) -> None:
    """Array, name and recording say the same; an alias is its event."""
    frame = Frame.decode(text)

    assert ("QueueEvent", QueueEvent(reason="JOIN")) == (frame.event, frame.body)
    assert {"reason": "JOIN"} == frame.payload()


def test_a_recording_keeps_when_it_was_received() -> None:
    """`at` is UTC epoch seconds, None in the other notations."""
    assert 1606908124.318 == Frame.decode('{"at": 1606908124.318, "event": "x"}').at
    assert Frame.decode('["x"]').at is None


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
        ('["QueueEvent",{"CallerName":"John Doe”,"x":1}]'.encode(), "typographic quote"),
        (b"[" * 100_000, "nested too deeply"),
        (b'["x"] y', "not JSON: trailing characters"),
    ],
)
def test_what_is_no_frame_says_why(text: bytes, reason: str) -> None:
    """The reason is in words, and without the text itself."""
    with pytest.raises(NotAFrame, match=reason):
        Frame.decode(text)


def test_loose_types_are_taken() -> None:
    """Numbers as strings and strings as numbers, flags in every spelling, fields in any case (field guide §1)."""
    loose = call("1", "Ringing", c2cdirection="1", answered="0", callerphone=501234567, customdata=[], queueID=None)
    loose["Ivrid"] = loose.pop("ivrid")
    frame = Frame.of("ExtensionEvent", {"data": {"extenUser": 42, "calls": [loose]}, "servertime": "1606908124"})

    assert isinstance(frame.body, ExtensionEvent)
    assert frame.body.data is not None
    assert frame.body.data.calls is not None
    info = frame.body.data.calls[0]
    assert ("1", 1, False, "501234567") == (info.ivrid, info.c2cdirection, info.answered, info.callerphone)
    assert b"[]" == bytes(info.customdata)
    assert ("42", 1606908124) == (frame.body.data.extenUser, frame.body.servertime)
    assert ((), ()) == (frame.unknown, frame.bad)


def test_what_is_not_understood_is_named_and_reachable() -> None:
    """Unknown fields and unusable values keep their path; the payload has them as they came."""
    strange = call("1", "Ringing", answered="maybe", somethingNew={"x": 1})
    frame = extension(2, "A", "NEWCALL", None, [strange])

    assert ("data.calls[].somethingNew",) == frame.unknown
    assert ('data.calls[].answered: "maybe"',) == frame.bad
    assert {"x": 1} == frame.payload()["data"]["calls"][0]["somethingNew"]


def test_a_payload_that_is_no_json_is_a_bad_value() -> None:
    """A lone surrogate cannot be written; the frame says so instead of failing."""
    frame = Frame.of("ExtensionEvent", {"data": "\ud800"})

    assert 1 == len(frame.bad)
    assert frame.payload() is None


def test_a_name_that_was_cut_is_no_failure() -> None:
    """Half a character in the event's own name becomes "?", as in any text."""
    frame = Frame.of("caf\ud800", {})

    assert ("caf?", ("caf?",)) == (frame.event, (Frame.decode(frame.raw).event,))
    assert 1 == len(frame.bad)


@given(frames())
def test_the_tolerant_decoder_agrees_with_the_strict_one(frame: Frame) -> None:
    """Field by field or all at once, the same is understood."""
    kinds: dict[str, Any] = {
        "ExtensionEvent": ExtensionEvent,
        "QueueEvent": QueueEvent,
        "AllExtensionsStatus": AllExtensionsStatus,
        "loginStatus": LoginStatus,
    }
    payload = frame.payload()
    notes = _Notes([], [])

    tolerant = _tolerant(kinds.get(frame.event, Notice), payload, "", notes)

    def used(body: object) -> object:
        """Without the fields that are skipped."""
        if hasattr(body, "__struct_fields__"):
            names = [name for name in body.__struct_fields__ if type(getattr(body, name)).__name__ != "Raw"]
            return {name: used(getattr(body, name)) for name in names}
        return [used(one) for one in body] if isinstance(body, list) else body

    assert used(frame.body) == used(tolerant)
    assert [] == notes.unknown + notes.bad


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_frame_or_a_reason(text: bytes) -> None:
    """Nothing but NotAFrame comes out."""
    try:
        assert Frame.decode(text).event
    except NotAFrame as error:
        assert str(error)


@pytest.mark.parametrize(
    "name", [r"\ud800", r"\udc00 and more", r"\ud800\ud800", r"\uD83D", r"a long name cut at \ud83d"]
)
@pytest.mark.parametrize("line", ['["x",{"nobody reads this":"%s"}]', '["ExtensionEvent",{"data":{"extenUser":"%s"}}]'])
def test_a_character_cut_in_half_costs_no_frame(line: str, name: str) -> None:
    """Neither in a field that is read nor in one that is skipped; in its place stands a question mark."""
    frame = Frame.decode(line % name)

    assert "?" in json.dumps(frame.payload())


def test_what_only_looks_like_half_a_character_is_an_error_of_its_own() -> None:
    """The reason is that of the line as it came."""
    with pytest.raises(NotAFrame, match="ends in the middle"):
        Frame.decode(r'["x",{"a":"\\ud800"}')
    with pytest.raises(NotAFrame, match="not JSON"):
        Frame.decode(r'["x",{"a":"\ud800","b":' + "[" * 100_000)
    assert r"\ud800" == Frame.decode(r'["x",{"a":"\\ud800"}]').payload()["a"]


@pytest.mark.parametrize(
    ("number", "expected"), [("1e400", float("inf")), ("7" * 5000, float("inf")), ("7" * 300, int("7" * 300))]
)
def test_a_payload_can_be_had_whatever_a_skipped_field_holds(number: str, expected: float) -> None:
    """A number beyond what a float can hold is infinite."""
    frame = Frame.decode(f'["x",{{"nobody reads this":{number},"nor this":1e400}}]')

    assert expected == frame.payload()["nobody reads this"]


def test_what_a_notice_carries_beside_is_no_unknown_field() -> None:
    """Nobody knows what belongs into a frame whose event nobody knows."""
    frame = Frame.decode('["mystery",{"servertime":"soon","more":1}]')

    assert ((), ('servertime: "soon"',)) == (frame.unknown, frame.bad)
