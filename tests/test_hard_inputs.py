"""Inputs that no one should send: every one is a frame or NotAFrame, in linear time and bounded memory."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from calltrack import Frame, Tracker
from calltrack.core.errors import NotAFrame
from calltrack.voicenter.decode import BODIES
from calltrack.voicenter.loose import fields
from calltrack.voicenter.unknown import NAMES, UnknownFields
from tests.frames import all_extensions, call, extension, queue, stamp, waiting
from tests.fuzz_target import check, decoded

pytestmark = pytest.mark.slow

LAWFUL: dict[str, Any] = {
    "extenUser": "A",
    "QueueID": 55,
    "ivrid": "1",
    "callstatus": "Talking",
    "callStarted": 1_767_258_001,
    "reason": "NEWCALL",
    "servertime": 1_767_258_009,
    "servertimeoffset": 120,
}
WRONG = (
    *(
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e300",
        str(2**63),
        str(2**64),
        "1" * 400,
        "1" * 5000,
        "1e400",
        "NaN",
        "-Infinity",
    ),
    *('""', '"x"', '"0"', '"1e400"', '"nan"', r'"\ud800"', r'"\u0000\u202e\u001b"', "[]", "{}", "[[]]", "[null]"),
    *('[{"ivrid":{}}]', '{"calls":[{}]}', '{"":{"":[]}}', "[" * 200 + "]" * 200, "[" * 5000 + "]" * 5000, "["),
)


def spots(kind: type[msgspec.Struct], lawful: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that a class has, at any depth, and a lawful body with `...` where that field's value goes."""
    for field in fields(kind):
        if field.hidden:
            continue
        yield f"{kind.__name__}.{field.key}", {**lawful, field.key: ...}
        if field.nested is not None:
            inside = {one.key: LAWFUL[one.key] for one in fields(field.nested) if one.key in LAWFUL}
            for name, spot in spots(field.nested, inside):
                yield name, {**lawful, field.key: [spot] if field.many else spot}


PLACES: dict[str, list[str]] = {}
"""The bodies in which a field of a class stands, at each place where the class does, with "HERE" for its value."""
for event, kind in {kind: (event, kind) for event, kind in BODIES.items()}.values():
    for name, spot in spots(kind, {"servertime": LAWFUL["servertime"], "servertimeoffset": 120, "reason": "NEWCALL"}):
        PLACES.setdefault(name, []).append(json.dumps([event, spot], default=lambda _: "HERE"))


@pytest.mark.parametrize("number", range(len(WRONG)), ids=lambda number: WRONG[number][:20])
def test_a_wrong_value_in_any_field_breaks_no_law(number: int) -> None:
    """In every field of every class, between lawful frames; each wrong value at another of the class's places."""
    before = [
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)).raw,
        queue(3, "JOIN", "2", [waiting("2", 3)]).raw,
    ]
    after = [extension(12, "A", "HANGUP", call("1", "Talking", 1)).raw, queue(13, "EXIT", "2", []).raw]
    assert len(PLACES) > 150
    for bodies in PLACES.values():
        body = bodies[number % len(bodies)]
        assert '"HERE"' in body
        wrong = body.replace('"HERE"', WRONG[number]).encode()
        if decoded(wrong):
            check(b"\n".join([*before, wrong, *after]))


@pytest.mark.parametrize("depth", [100, 1_000, 100_000])
@pytest.mark.parametrize(
    "around",
    [
        "%s",
        '["mystery",%s]',
        '{"event":%s}',
        '{"at":%s,"event":"x"}',
        '["ExtensionEvent",{"data":{"extenUser":"A","calls":%s}}]',
        '["ExtensionEvent",{"data":{"extenUser":"A","calls":[{"ivrid":"1","customdata":%s}]}}]',
        '["ExtensionEvent",{"data":{"extenUser":"A","nobody knows this":%s}}]',
    ],
)
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}"), ("[", "")])
def test_deep_nesting_is_no_crash(around: str, depth: int, opened: str, closed: str) -> None:
    """A frame, or not a frame for that reason; its payload can be had."""
    check((around % (opened * depth + "1" + closed * depth)).encode())


def test_of_two_equal_keys_the_last_counts() -> None:
    """As everywhere in JSON."""
    frame = Frame.decode('["ExtensionEvent",{"data":{"extenUser":"A"},"data":{"extenUser":"B"}}]')
    tracker = Tracker()
    tracker.feed(frame)

    assert ["B"] == [known.exten_user for known in tracker.snapshot().extensions]


@pytest.mark.parametrize(
    "around",
    [
        '["%s",{}]',
        '["ExtensionEvent",{"data":{"extenUser":"A"},"reason":"%s"}]',
        '["ExtensionEvent",{"data":{"extenUser":"%s"}}]',
        '["ExtensionEvent",{"data":{"extenUser":"A","representativeStatus":"%s"}}]',
        '["ExtensionEvent",{"data":{"extenUser":"A","%s":1}}]',
        '["ExtensionEvent",{"data":{"extenUser":"A","calls":[{"ivrid":"1","customdata":"%s"}]}}]',
        r'["ExtensionEvent",{"data":{"extenUser":"A","userName":"\ud800%s"}}]',
        '["ExtensionEvent",{"data":{"extenUser":"A","userName":"%s',
    ],
)
def test_a_text_of_50_mb_is_no_crash(around: str) -> None:
    """Wherever it stands."""
    try:
        Tracker().feed(Frame.decode(around % ("x" * 50_000_000)))
    except NotAFrame as error:
        assert len(str(error)) < 100


def calls(count: int) -> list[dict[str, Any]]:
    return [call(f"c{number}", "Talking", 1, 2) for number in range(count)]


def by_extension(count: int) -> dict[str, list[dict[str, Any]]]:
    return {f"e{number}": [one] for number, one in enumerate(calls(count))}


MANY: dict[str, Callable[[int], list[Frame]]] = {
    "calls at one extension": lambda count: [
        extension(5, "A", "userStatusUpdate", None, calls(count)),
        extension(6, "A", "userStatusUpdate", None, calls(count)),
        extension(7, "A", "userStatusUpdate", None, []),
    ],
    "extensions": lambda count: [
        all_extensions(5, **by_extension(count)),
        Frame.of("disconnect"),
        all_extensions(6, **by_extension(count)),
        all_extensions(7),
    ],
    "calls in queues": lambda count: [
        Frame.of(
            "loginStatus",
            {"queues": [{"QueueID": at, "Calls": [waiting(f"c{at}")]} for at in range(count)], **stamp(5)},
        ),
        Frame.of("loginStatus", {"queues": [], **stamp(6)}),
    ],
    "unknown fields": lambda count: [Frame.of("ExtensionEvent", {"data": dict.fromkeys(map(str, range(count)))})],
    "unknown events": lambda count: [Frame.of(f"event {number}") for number in range(count)],
    "related calls": lambda count: [
        extension(5, "A", "NEWCALL", call("1", "Ringing", relatedIvrUniqueIDs=list(map(str, range(count)))))
    ],
}


@pytest.mark.parametrize("what", MANY)
def test_many_take_time_in_proportion(what: str) -> None:
    """Sixteen times as many take at most fifty times as much processor time (square: 256); the best of three."""

    def seconds(count: int) -> float:
        frames, best = MANY[what](count), float("inf")
        for _ in range(3):
            tracker, start = Tracker(), time.process_time()
            for frame in frames:
                tracker.feed(Frame.decode(frame.raw))
            tracker.snapshot()
            best = min(best, time.process_time() - start)
        return best

    assert seconds(4_000) < 50 * seconds(250)


def test_thirty_thousand_calls_in_one_list() -> None:
    """All are there, and all end."""
    tracker = Tracker()
    tracker.feed(extension(5, "A", "userStatusUpdate", None, calls(30_000)))
    assert 30_000 == len(tracker.snapshot().calls)
    tracker.feed(extension(6, "A", "userStatusUpdate", None, []))
    assert (0, 1000) == (len(tracker.snapshot().calls), len(tracker.snapshot().ended))


def test_names_that_strangers_choose_are_kept_in_part() -> None:
    """A thousand unknown events and fields with long names take less memory than a few of them would."""
    tracker, unknown = Tracker(), UnknownFields()
    tracemalloc.start()
    try:
        for number in range(1_000):
            tracker.feed(Frame.of(f"{number}{'x' * 100_000}", {}))
            frame = Frame.of("QueueEvent", {"data": {"QueueID": 55}, f"{number}{'x' * 100_000}": 1})
            tracker.feed(frame)
            unknown.see(frame)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    counters = tracker.snapshot().counters
    assert held < 2_000_000
    assert (201, NAMES) == (len(counters.unknown_events), len(unknown.counts))
    assert 1000 == sum(counters.unknown_events.values()) == unknown.seen["QueueEvent"]
