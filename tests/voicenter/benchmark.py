"""What decoding costs: `python -m tests.voicenter.benchmark RECORDING`.

Prints the time per frame as a ratio to `orjson.loads` of the same lines, for the recording as it is and with unknown
fields in it; then each oddity of field guide §1 as a ratio to the plain frames. Rounds alternate, times are the
process's own (CPU), and the best counts, so a busy machine moves all numbers alike.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from calltrack.voicenter.frames import Frame

ROUNDS = 40
Change = Callable[[dict[str, Any]], None]
CALLS = {"calls", "Calls", "currentCall"}


def changed(line: bytes, change: Change, *, places: frozenset[str]) -> bytes:
    """A line with a change made to its payload ("frame"), to its extensions ("data") and to its calls ("call")."""
    frame = json.loads(line)
    payload = frame[1] if isinstance(frame, list) else frame.get("data")

    def visit(value: Any, key: str) -> None:
        if isinstance(value, list):
            for one in value:
                visit(one, key)
        elif isinstance(value, dict):
            for name in ("data", "extensions", "queues", *CALLS):
                visit(value.get(name), name)
            place = "frame" if key == "" else "call" if key in CALLS else "data"
            if place in places:
                change(value)

    visit(payload, "")
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False).encode()


def rewritten(key: str, write: Callable[[Any], Any]) -> Change:
    """One field's value written otherwise."""

    def change(value: dict[str, Any]) -> None:
        if value.get(key) is not None:
            value[key] = write(value[key])

    return change


def renamed(key: str, other: str) -> Change:
    """One field under another key, at its place."""

    def change(value: dict[str, Any]) -> None:
        items = [(other if name == key else name, item) for name, item in value.items()]
        value.clear()
        value.update(items)

    return change


def unknown(value: dict[str, Any]) -> None:
    """Three fields that no one knows."""
    value.update({"newFlag": True, "newText": "some text", "newObject": {"a": [1, 2, 3], "b": None}})


FRAME, DATA, CALL = frozenset({"frame"}), frozenset({"data"}), frozenset({"call"})
EVERYWHERE = FRAME | DATA | CALL
ODDITIES: dict[str, tuple[Change, frozenset[str]]] = {
    "unknown fields in every call": (unknown, CALL),
    "unknown fields in every frame, extension and call": (unknown, EVERYWHERE),
    "Ivrid": (renamed("ivrid", "Ivrid"), CALL),
    "ivruniqueid of a call": (renamed("ivrid", "ivruniqueid"), CALL),
    "IvrUniqueID": (renamed("ivrid", "IvrUniqueID"), CALL),
    "Calls of an extension": (renamed("calls", "Calls"), DATA),
    "numeric callerphone": (rewritten("callerphone", lambda _: 501234567), CALL),
    "numeric did": (rewritten("did", lambda _: 722776772), CALL),
    "numeric ivrid": (rewritten("ivrid", lambda _: 20231130), CALL),
    "callername null": (lambda value: value.update(callername=None), CALL),
    "float servertime": (rewritten("servertime", float), FRAME),
    "text servertime": (rewritten("servertime", str), FRAME),
    "text callStarted": (rewritten("callStarted", str), CALL),
    "float answered": (rewritten("answered", float), CALL),
    "text answered": (rewritten("answered", str), CALL),
    "c2cdirection as text": (lambda value: value.update(c2cdirection="1"), CALL),
    "float representativeStatus": (rewritten("representativeStatus", float), DATA),
    "numeric extenUser": (rewritten("extenUser", lambda _: 12), DATA),
    "callstatus in upper case": (rewritten("callstatus", str.upper), CALL),
    "direction in lower case": (rewritten("direction", str.lower), CALL),
    "customdata []": (lambda value: value.update(customdata=[]), CALL),
    "queueID null": (lambda value: value.update(queueID=None), CALL),
    "times and reason inside data": (lambda value: None, FRAME),
    "other case, documented nowhere: CallStarted": (renamed("callStarted", "CallStarted"), CALL),
}


def moved_inside(line: bytes) -> bytes:
    """The event's own fields inside `data`, as in the vendor's examples."""
    frame = json.loads(line)
    payload = frame[1] if isinstance(frame, list) else frame.get("data")
    if isinstance(payload, dict) and isinstance(payload.get("data"), dict):
        data = payload.pop("data")
        inside = {**payload, **data}
        payload.clear()
        payload["data"] = inside
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False).encode()


def best_of(runs: dict[str, Callable[[], None]], rounds: int = ROUNDS) -> dict[str, float]:
    """The least seconds of each run, in alternating rounds."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    return best


def over(decode: Callable[[bytes], object], lines: list[bytes]) -> Callable[[], None]:
    """Decoding all lines once."""

    def run() -> None:
        for line in lines:
            decode(line)

    return run


def costs_of_oddities(plain: list[bytes], rounds: int = ROUNDS) -> Iterator[tuple[str, float]]:
    """Each oddity with its cost as a ratio to the plain frames."""
    for name, (change, places) in ODDITIES.items():
        odd = [moved_inside(line) if "inside" in name else changed(line, change, places=places) for line in plain]
        best = best_of({"plain": over(Frame.decode, plain), "odd": over(Frame.decode, odd)}, rounds)
        yield name, best["odd"] / best["plain"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure what decoding a frame costs, against orjson.loads.")
    parser.add_argument("recording", help="a recording of JSON lines")
    with Path(parser.parse_args().recording).open("rb") as file:
        lines = [line.rstrip(b"\n") for line in file]
    plain = [line for line in lines if b'"ExtensionEvent"' in line]
    variants = {"as recorded": lines, "ExtensionEvents alone": plain}
    for name, places in (("in every call", CALL), ("in every frame, extension and call", EVERYWHERE)):
        variants[f"unknown fields {name}"] = [changed(line, unknown, places=places) for line in lines]
    for name, some in variants.items():
        best = best_of({"orjson": over(orjson.loads, some), "frame": over(Frame.decode, some)})
        us, ratio = best["frame"] / len(some) * 1e6, best["frame"] / best["orjson"]
        print(f"{name:52} {us:6.2f} µs {ratio:5.2f} x orjson.loads")
    for name, cost in costs_of_oddities(plain):
        print(f"{name:52} {cost:5.2f} x a plain frame")


if __name__ == "__main__":
    main()
