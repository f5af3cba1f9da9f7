import pytest

from calltrack.core import observations as seen
from calltrack.voicenter import decode, wire
from calltrack.voicenter.frames import Frame
from calltrack.voicenter.loose import fields, loose
from tests.voicenter.wired import body, call, event, extension, line, only


@pytest.mark.parametrize(
    ("key", "value", "name", "expected"),
    [
        ("callerphone", 501234567, "caller", "501234567"),
        ("callername", None, "caller_name", ""),
        ("did", 722776772.0, "did", "722776772"),
        ("ivrid", 7, "call_id", "7"),
        ("callStarted", "1701344277", "started", 1701344277),
        ("callStarted", 1701344277.5, "started", 1701344277.5),
        ("callAnswered", "1701344277.0", "answered_at", 1701344277.0),
        ("answered", "1", "answered", True),
        ("answered", True, "answered", True),
        ("answered", 1.0, "answered", True),
        ("answered", None, "answered", False),
        ("c2cdirection", "2", "c2c", 2),
        ("c2cdirection", 2.0, "c2c", 2),
        ("queueID", "5001", "queue_id", "5001"),
        ("queueID", None, "queue_id", ""),
        ("queueID", 0, "queue_id", ""),
        ("queueID", 5001.0, "queue_id", "5001"),
        ("isInternal", "true", "internal", True),
        ("actualDialedNumber", "*43", "dialed_number", "*43"),
    ],
)
def test_loose_types_are_taken(key: str, value: object, name: str, expected: object) -> None:
    """Numbers as text and text as numbers, flags in every spelling, null for anything (field guide §1)."""
    found = body(seen.ExtensionEvent, "ExtensionEvent", event(extension(calls=[call() | {key: value}])))
    one = only(found.extension.listed)
    read = getattr(one, name)

    assert (expected, type(expected)) == (read, type(read))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7.0, 7), (1.5, "1.5"), (2**63, 2**63), (10**300, 10**300), ("7", "7"), (None, None)],
)
def test_an_id_is_a_whole_number_or_text(value: object, expected: object) -> None:
    """A fraction, which is neither, becomes text."""
    data = extension(userID=value, onlineUserID=value, accountID=value, representative=None)
    found = body(seen.ExtensionEvent, "ExtensionEvent", event(data)).extension

    assert [expected] * 3 == [found.user_id, found.agent_id, found.account_id]
    assert type(expected) is type(found.user_id)


@pytest.mark.parametrize("key", ["servertime", "servertimeoffset", "telephonyservertime"])
def test_a_frame_without_one_of_its_times_has_the_others(key: str) -> None:
    """Null says that it is not known."""
    found = body(seen.ExtensionEvent, "ExtensionEvent", event() | {key: None})

    assert 1 == [found.stamp, found.offset_min, found.moment].count(None)


def test_a_loose_frame_says_what_the_strict_one_says() -> None:
    """In the same types, whatever the class."""

    def plain(found: object) -> object:
        if hasattr(found, "__struct_fields__"):
            return {name: plain(getattr(found, name)) for name in found.__struct_fields__}
        return [plain(one) for one in found] if isinstance(found, list) else (type(found), found)

    texts, numbers = call(outgoingcallerphone="501"), call(outgoingcallerphone=501)
    strict, loosely = (
        Frame.decode(line("ExtensionEvent", event(extension(calls=[one], currentCall=one)))) for one in (texts, numbers)
    )

    assert type(strict.body) is not type(loosely.body)
    assert isinstance(loosely.body, type(strict.body))
    assert plain(strict.body) == plain(loosely.body)


@pytest.mark.parametrize("event_name", sorted(decode.BODIES))
def test_every_wire_class_has_a_loose_one(event_name: str) -> None:
    """With the same keys, under the same names."""
    kind = decode.BODIES[event_name]
    assert [(one.name, one.key) for one in fields(kind)] == [(one.name, one.key) for one in fields(loose(kind))]


def test_a_field_knows_what_it_is() -> None:
    """What is text, a whole number, or an object follows from the annotation."""
    found = {one.name: one for one in fields(wire.Call)}

    assert (True, False) == (found["status"].is_text, found["started"].is_text)
    assert (True, False) == (found["c2c"].is_whole, found["queue_id"].is_whole)
    assert (wire.Recording, False) == (found["recording"].nested, found["recording"].many)
    assert (True, False) == (found["state"].hidden, found["status"].hidden)
