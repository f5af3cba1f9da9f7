import sys

import pytest

from calltrack.voicenter.frames import Frame
from calltrack.voicenter.unknown import NAMES, UnknownFields
from tests.voicenter.wired import call, event, extension, line


def new(name: str, value: object = 1) -> Frame:
    """An event whose one call has a field more."""
    return Frame.decode(line("ExtensionEvent", event(extension(calls=[call(**{name: value})]))))


def test_names_with_their_paths() -> None:
    """Once each, wherever they are; what is inside an unknown field belongs to it."""
    payload = event(extension(calls=[call(a=1), call(a=2, b={"c": 1})], d=[]), e=None, f={}) | {"e": 0}

    found = Frame.decode(line("ExtensionEvent", payload)).unknown

    assert {"data.calls[].a", "data.calls[].b", "data.d", "e", "f"} == set(found)
    assert len(found) == len(set(found))


def test_a_field_that_is_known_and_not_read_is_not_unknown() -> None:
    """Nor is one in a documented spelling, nor anything of a notice."""
    more = {"blcServerID": 1, "blcServerId": 1, "channel 2": "x", "channel2": "x", "callType": "Incoming"}

    assert () == Frame.decode(line("ExtensionEvent", event(extension(calls=[call(**more)])))).unknown
    assert () == Frame.decode(line("mystery", {"x": 1})).unknown
    assert () == Frame.of("ExtensionEvent", object()).unknown


def test_a_frame_with_loose_types_names_the_same() -> None:
    """Whichever way it was decoded."""
    assert ("data.calls[].a",) == new("a").unknown
    loose = event(extension(calls=[call(a=1, did=7)]))
    assert ("data.calls[].a",) == Frame.decode(line("ExtensionEvent", loose)).unknown


def test_every_frame_counts_while_names_are_new() -> None:
    """Until 256 frames of the event had nothing new."""
    counter = UnknownFields()
    for number in range(200):
        counter.see(new("a" if number % 2 else "b"))

    assert {"ExtensionEvent.data.calls[].a": 100, "ExtensionEvent.data.calls[].b": 100} == counter.counts
    assert {"ExtensionEvent": 200} == counter.seen == counter.looked_at


def test_a_steady_stream_is_looked_at_now_and_then() -> None:
    """A new name that stays is found, and makes it look at every frame again."""
    counter, steady, other = UnknownFields(), new("a"), new("b")
    for _ in range(1000):
        counter.see(steady)
    looked_at = counter.looked_at["ExtensionEvent"]
    for _ in range(200):
        counter.see(other)

    assert 260 <= looked_at <= 280
    assert counter.counts["ExtensionEvent.data.calls[].b"] >= 200 - 64
    assert 1200 == counter.seen["ExtensionEvent"]


def test_ever_new_names_stay_bounded() -> None:
    """In number and in length; and in the end they are looked at now and then only."""
    counter = UnknownFields()
    for number in range(2000):
        counter.see(new(f"{number}" + "x" * 1000))

    assert NAMES == len(counter.counts)
    assert max(map(len, counter.counts)) <= 200
    assert counter.others > 0
    assert counter.looked_at["ExtensionEvent"] < 1000


@pytest.mark.parametrize("name", ["__class__", "a.b", "a[]", "\u202e", ""])
def test_a_name_may_be_anything(name: str) -> None:
    """It is text and nothing more."""
    assert (f"data.calls[].{name}",) == new(name).unknown


def test_decoding_keeps_no_name() -> None:
    """New names leave nothing behind: no cache grows with what a stranger sends."""
    before = sys.getallocatedblocks()
    for number in range(3000):
        new(f"never{number}")
        new(f"Ivrid{number}", "x")

    assert sys.getallocatedblocks() - before < 1500
