from typing import Any

import pytest
from msgspec import Raw

from calltrack.core import observations as seen
from calltrack.voicenter import decode, wire
from calltrack.voicenter.frames import Frame
from calltrack.voicenter.salvage import salvage
from tests.voicenter.wired import call, event, extension, line, only, queue_event

MISSPELLED = ("callStarted", "callstatus", "direction", "ivrid", "extenUser", "calls", "servertime", "reason", "data")


def respelled(value: Any, key: str, other: str) -> Any:
    """JSON with one key written otherwise."""
    if isinstance(value, dict):
        return {other if name == key else name: respelled(item, key, other) for name, item in value.items()}
    return [respelled(item, key, other) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("key", MISSPELLED)
@pytest.mark.parametrize("case", [str.upper, str.swapcase, lambda key: key[:-1] + key[-1].upper()])
def test_a_key_that_every_frame_has_is_found_in_any_case(key: str, case: Any) -> None:
    """It is what the frame would say with the key as documented."""
    expected = Frame.decode(line("ExtensionEvent", event()))
    found = Frame.decode(line("ExtensionEvent", respelled(event(), key, case(key))))

    assert isinstance(found.body, seen.ExtensionEvent)
    assert isinstance(expected.body, seen.ExtensionEvent)
    assert (expected.body.reported, expected.body.stamp) == (found.body.reported, found.body.stamp)
    assert expected.body.extension.listed == found.body.extension.listed
    assert ((), ()) == (found.bad, found.unknown)


@pytest.mark.parametrize("key", ["QueueID", "Calls", "JoinTimeStamp", "ivruniqueid"])
def test_so_is_one_of_a_queue(key: str) -> None:
    """In a QueueEvent."""
    expected = Frame.decode(line("QueueEvent", queue_event())).body
    found = Frame.decode(line("QueueEvent", respelled(queue_event(), key, key.upper()))).body

    assert isinstance(expected, seen.QueueEvent)
    assert isinstance(found, seen.QueueEvent)
    assert (expected.reported, expected.queue.queue_id) == (found.reported, found.queue.queue_id)
    assert expected.queue.listed == found.queue.listed


@pytest.mark.parametrize(
    ("data", "bad"),
    [
        ({"calls": [call(answered="maybe")]}, 'calls[].answered: "maybe"'),
        ({"calls": [call(callerphone=["05"])]}, 'calls[].callerphone: ["05"]'),
        ({"calls": [call(callStarted=1e300)]}, "calls[].callStarted: 1e+300"),
        ({"calls": [call(callStarted="soon")]}, 'calls[].callStarted: "soon"'),
        ({"calls": [call(c2cdirection=1.5)]}, None),
        ({"calls": [call(recording={"IsMuted": 7})]}, "calls[].recording.IsMuted: 7"),
        ({"calls": "none"}, 'calls: "none"'),
        ({"calls": [call(), 5]}, None),
        ({"currentCall": 7}, "currentCall: 7"),
        ({"representativeStatus": "nan"}, 'representativeStatus: "nan"'),
        ({"representativeStatus": "-inf"}, 'representativeStatus: "-inf"'),
        ({"representativeStatus": 1e300}, "representativeStatus: 1e+300"),
        ({"calls": [call(answered="nan")]}, 'calls[].answered: "nan"'),
        ({"calls": [call(callStarted="inf")]}, 'calls[].callStarted: "inf"'),
        ({"onlineUserID": {"x": 1}}, 'onlineUserID: {"x":1}'),
        ({"representativeStatus": "x" * 100}, 'representativeStatus: "' + "x" * 59 + "…"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_is_kept(data: dict[str, Any], bad: str | None) -> None:
    """With its path, and no more than 60 characters of it."""
    frame = Frame.decode(line("ExtensionEvent", event(extension(**data))))

    assert isinstance(frame.body, seen.ExtensionEvent)
    assert ("A", 1701344284) == (frame.body.extension.exten_user, frame.body.stamp)
    if bad is not None:
        assert (f"data.{bad}",) == frame.bad


@pytest.mark.parametrize("calls", ["none", [5], {}, [[]], 0])
def test_a_list_that_cannot_be_read_says_nothing(calls: object) -> None:
    """Least of all that everything has ended."""
    frame = Frame.decode(line("ExtensionEvent", event(extension(calls=calls))))

    assert isinstance(frame.body, seen.ExtensionEvent)
    assert frame.body.extension.listed is None
    assert 1 == len(frame.bad)


def test_a_null_in_a_list_is_nothing() -> None:
    """The other calls are read."""
    frame = Frame.decode(line("ExtensionEvent", event(extension(calls=[None, call()]))))

    assert isinstance(frame.body, seen.ExtensionEvent)
    assert ["2023-1"] == [one.call_id for one in frame.body.extension.listed or ()]
    assert () == frame.bad


@pytest.mark.parametrize("payload", [b"5", b'"x"', b"[1]", b"true"])
def test_a_payload_that_is_not_an_object(payload: bytes) -> None:
    """Is named as a whole; of an event that is not known it may be anything."""
    known = Frame.decode(b'["ExtensionEvent",' + payload + b"]")

    assert ("payload: " + payload.decode(),) == known.bad
    assert () == Frame.decode(b'["mystery",' + payload + b"]").bad


def test_the_documented_spelling_counts_before_any_other() -> None:
    """Whichever comes first."""
    for text in (b'{"EXTENUSER":"B","extenUser":"A"}', b'{"extenUser":"A","EXTENUSER":"B"}'):
        assert "A" == salvage(wire.Extension, Raw(text), []).exten_user


def test_a_hidden_field_has_no_key() -> None:
    """A sender cannot write a state, or a kind of event, under the core's names."""
    for key in ("state", "reported", "custom_data", f"{wire.HIDDEN}reported", f"{wire.HIDDEN}state"):
        payload = event({"extenUser": "A", "calls": [{"ivrid": "1", key: {"x": []}}]}) | {key: ["HANGUP"]}
        found = decode.decode(line("ExtensionEvent", payload))[1]

        assert isinstance(found, seen.ExtensionEvent)
        assert seen.ANSWERS == found.reported.kind
        one = only(found.extension.listed)
        assert (None, "") == (one.state, one.custom_data)
