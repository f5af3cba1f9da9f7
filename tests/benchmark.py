"""How fast the tracker is, and how much it holds, against its bars: `python -m tests.benchmark [ROW...]`.

Each row compares two things turn by turn in one run, so that a noisy machine hits both alike, and takes the best turn
of each; times are the process's own (CPU), whatever else the machine does. Without --recording the frames are a
simulated half day, the same for everyone. Exit code 1 if a row is over its bar.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
import orjson
from msgspec.structs import astuple

from calltrack import Frame, Tracker
from calltrack.core.errors import NotAFrame
from calltrack.simulate import Plan
from calltrack.simulate.recording import write_recording
from tests.frames import OFFSET_MIN, START, call
from tests.obvious import Obvious
from tests.voicenter.benchmark import costs_of_oddities


class Result(NamedTuple):
    """One row: the figure, the bar that it is to be under (or over), and what it was computed from."""

    row: str
    what: str
    figure: float
    bar: float
    detail: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is on the right side of its bar."""
        return self.figure >= self.bar if self.at_least else self.figure <= self.bar


class Setup(NamedTuple):
    """What the rows are measured on: a recording's lines, and how many live calls are many."""

    lines: list[bytes]
    live: int


def best(turns: int, *measured: Callable[[], object], clock: Callable[[], float] = time.process_time) -> list[float]:
    """The best time (s) of each, turn by turn."""
    times = [float("inf")] * len(measured)
    for _ in range(turns):
        for i, run in enumerate(measured):
            start = clock()
            run()
            times[i] = min(times[i], clock() - start)
    return times


# Frames of a centre of any size


def real_call(i: int, status: str, answered_at: int = 0, started: int = 1) -> dict[str, Any]:
    """A live call as the captures have them, with names and ids of its own."""
    return call(
        f"20260101{i:024x}",
        status,
        started,
        answered_at,
        calldurationinterval=START + started,
        callername=f"Caller {i}",
        callerphone=f"05{i:08d}",
        did=f"07{i % 1000:08d}",
        recording={"Filename": f"recording-{i:012x}.mp3", "Options": "", "ApproximateURL": "", "IsMuted": 0},
        ip="192.0.2.1",
        blcServerID=239,
        isOpensips=False,
        channel=f"SIP/SIP{i:07d}-0000140f",
        channel2="SIP/Trunk02-0000135e",
    )


def real_extension(i: int, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """An extension's whole state as the captures have it."""
    return {
        "calls": calls,
        "userID": 70_000 + i,
        "userName": f"Agent {i}",
        "number": 20_000 + i,
        "extenUser": f"SIP{i:07d}",
        "accountID": 1004,
        "topAccountID": 1004,
        "summery": {"representative": f"Agent {i}"},
        "onlineUserID": 70_000 + i,
        "representative": 70_000 + i,
        "representativeStatus": 1,
        "lastCallEventEpoch": START,
        "lastAnsweredCallEventEpoch": START,
        "lastHangupCallEpoch": START,
        "representativeUpdated": (START - i) * 1000,
        "peerStatus": None,
    }


def event_line(i: int, reason: str, at: int, shown: dict[str, Any]) -> bytes:
    """An ExtensionEvent of extension i, whose one call is `shown`."""
    body = {
        "data": {**real_extension(i, [shown]), "currentCall": shown},
        "eventName": "extension",
        "reason": reason,
        "servertime": START + at,
        "servertimeoffset": OFFSET_MIN,
        "telephonyservertime": START + at,
    }
    return msgspec.json.encode(["ExtensionEvent", body])


def list_line(extensions: int, at: int, status: str, *, busy: int = 1) -> bytes:
    """An AllExtensionsStatus in which every so many-th extension has a call."""
    listed = [real_extension(i, [real_call(i, status, 2)] if i % busy == 0 else []) for i in range(extensions)]
    stamp = {"servertime": START + at, "servertimeoffset": OFFSET_MIN, "errorCode": 0}
    return msgspec.json.encode(["AllExtensionsStatus", {"extensions": listed, **stamp}])


def with_live_calls(count: int) -> Tracker:
    """A tracker of so many calls, each ringing at an extension of its own."""
    tracker = Tracker()
    for i in range(count):
        tracker.feed(Frame.decode(event_line(i, "NEWCALL", 1, real_call(i, "Ringing"))))
    return tracker


def decode_and_feed(lines: list[bytes], tracker: Tracker | None = None) -> Tracker:
    """Bytes to changes."""
    tracker = tracker or Tracker()
    feed, decode = tracker.feed, Frame.decode
    for line in lines:
        feed(decode(line))
    return tracker


# The rows


def memory(setup: Setup) -> Result:
    """Resident bytes for each live call at an extension of its own, with all ids and names; 300 begin in a second."""
    some = 1000
    tracker = with_live_calls(some)
    gc.collect()
    before = _resident()
    for i in range(some, some + setup.live):
        at = 1 + (i - some) // 300
        tracker.feed(Frame.decode(event_line(i, "NEWCALL", at, real_call(i, "Ringing", started=at))))
    gc.collect()
    grown = _resident() - before
    detail = f"{setup.live} calls and as many extensions: {grown / 2**20:.0f} MiB"
    return Result("memory", "bytes for each live call", grown / setup.live, 1800, detail)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def parse(setup: Setup, turns: int = 25) -> Result:
    """Bytes to changes, a fresh tracker each turn, against orjson.loads of the same lines."""

    def only_json() -> None:
        for line in setup.lines:
            orjson.loads(line)

    def only_decode() -> None:
        for line in setup.lines:
            Frame.decode(line)

    tracker = Tracker()
    changes = [change for line in setup.lines for change in tracker.feed(Frame.decode(line))]
    records = [held for change in changes for held in (getattr(change, "leg", None), getattr(change, "call", None))]
    made = [(type(value), astuple(value)) for value in (*changes, *records) if value is not None]

    def only_make_the_changes() -> None:
        for kind, fields in made:
            kind(*fields)

    runs = only_json, only_decode, only_make_the_changes, lambda: decode_and_feed(setup.lines)
    json_s, decode_s, make_s, feed_s = best(turns, *runs)
    count = len(setup.lines)
    detail = (
        f"µs a frame: orjson {json_s / count * 1e6:.2f}, decoding {decode_s / count * 1e6:.2f}, making the changes"
        f" {make_s / count * 1e6:.2f}, decoding and feeding {feed_s / count * 1e6:.2f};"
        f" {count} frames, {len(changes) / count:.1f} changes each"
    )
    return Result("parse", "bytes to changes ÷ orjson.loads", feed_s / json_s, 3.5, detail)


def obvious(setup: Setup, turns: int = 5) -> Result:
    """The obvious way (tests/obvious.py) against bytes to changes."""

    def the_obvious_way() -> None:
        tracker = Obvious()
        for line in setup.lines:
            tracker.feed(line)

    lines, count = setup.lines, len(setup.lines)
    obvious_s, ours_s = best(turns, the_obvious_way, lambda: decode_and_feed(lines))
    detail = f"{_us(obvious_s, count)} and {_us(ours_s, count)} a frame"
    return Result("obvious", "the obvious way ÷ ours", obvious_s / ours_s, 10, detail, at_least=True)


def live(setup: Setup, turns: int = 10) -> Result:
    """A frame with many live calls against one with 100."""
    few, many = with_live_calls(100), with_live_calls(setup.live)
    rounds = []
    for turn in range(turns):
        at = 10 + 10 * turn
        steps = (
            ("ANSWER", "Talking"),
            ("HOLD", "Hold"),
            ("UNHOLD", "Talking"),
            ("HOLD", "Hold"),
            ("UNHOLD", "Talking"),
        )
        lines = [
            event_line(i, reason, at + second, real_call(i, status, 2))
            for second, (reason, status) in enumerate(steps)
            for i in range(100)
        ]
        rounds.append(best(1, lambda: decode_and_feed(lines, few), lambda: decode_and_feed(lines, many)))  # noqa: B023
    few_s, many_s = min(each[0] for each in rounds), min(each[1] for each in rounds)
    detail = f"{_us(few_s, 500)} a frame with 100 live calls, {_us(many_s, 500)} with {setup.live}"
    return Result("live", f"a frame with {setup.live} live calls ÷ with 100", many_s / few_s, 1.15, detail)


def linear(_: Setup, turns: int = 3, few: int = 500) -> Result:
    """Feeding sixteen times as many calls in one list, or attempts under one call id, against few: 16 is linear."""
    growths: dict[str, float] = {}
    for name, lines_of in (("a list in another order", _reordered), ("attempts of one call", _attempts)):
        one, many = (_feeding(*lines_of(count), turns) for count in (few, 16 * few))
        growths[f"{name}: {one * 1e3:.0f} → {many * 1e3:.0f} ms"] = many / one
    detail = f"{few} → {16 * few}: {', '.join(growths)}"
    return Result("linear", "time for sixteen times as many ÷ time", max(growths.values()), 20.0, detail)


def _feeding(before: list[bytes], lines: list[bytes], turns: int) -> float:
    """The best time (s) of feeding decoded frames after those before them, while Python looks for no cycles."""
    frames = [Frame.decode(line) for line in lines]
    times: list[float] = []
    for _ in range(turns):
        tracker = decode_and_feed(before)
        gc.collect()
        gc.disable()
        times += best(1, lambda: [tracker.feed(frame) for frame in frames])  # noqa: B023
        gc.enable()
    return min(times)


def _reordered(count: int) -> tuple[list[bytes], list[bytes]]:
    """One extension's list of so many calls; then the same in the opposite order."""
    calls = [real_call(i, "Ringing") for i in range(count)]
    body = {"servertime": START + 10, "servertimeoffset": OFFSET_MIN, "errorCode": 0}
    lists = [{**body, "extensions": [real_extension(0, listed)]} for listed in (calls, calls[::-1])]
    first, second = (msgspec.json.encode(["AllExtensionsStatus", each]) for each in lists)
    return [first], [second]


def _attempts(count: int) -> tuple[list[bytes], list[bytes]]:
    """Attempt after attempt under one call id, each rung and hung up: half as many pairs of events."""
    lines = []
    for at in range(0, count, 2):
        ringing = {**real_call(0, "Ringing"), "callStarted": START + at}
        ended = {"data": {**real_extension(0, []), "currentCall": ringing}, "eventName": "extension"}
        stamps = {"servertime": START + at + 1, "servertimeoffset": OFFSET_MIN, "telephonyservertime": START + at + 1}
        lines.append(event_line(0, "NEWCALL", at, ringing))
        lines.append(msgspec.json.encode(["ExtensionEvent", {**ended, "reason": "HANGUP", **stamps}]))
    return [], lines


def oddities(setup: Setup) -> Result:
    """The costliest lawful oddity of field guide §1 (case, loose type, unknown field) against the plain frames."""
    plain = [line for line in setup.lines if b'"ExtensionEvent"' in line]
    costs = dict(costs_of_oddities(plain, rounds=5))
    worst = max(costs, key=costs.__getitem__)
    return Result("oddities", "decoding an odd frame ÷ a plain one", costs[worst], 2.0, f"of {len(costs)}: {worst}")


def status(_: Setup, turns: int = 8, extensions: int = 10_000) -> Result:
    """An AllExtensionsStatus that changes nothing, against its decoding."""
    tracker = decode_and_feed([list_line(extensions, 10, "Talking", busy=3)])
    lines = [list_line(extensions, 11 + turn, "Talking", busy=3) for turn in range(turns)]
    decode_s = both_s = float("inf")
    for line in lines:
        once, both = best(1, lambda: Frame.decode(line), lambda: decode_and_feed([line], tracker))  # noqa: B023
        decode_s, both_s = min(decode_s, once), min(both_s, both)
    detail = f"{extensions} extensions: decoding {decode_s * 1e3:.1f} ms, decoding and feeding {both_s * 1e3:.1f} ms"
    return Result("status", "decoding and feeding ÷ decoding", both_s / decode_s, 2.0, detail)


def snapshot(_: Setup, turns: int = 10, calls: int = 10_000) -> Result:
    """snapshot() while a tenth of the calls changes in between; the first one stays what it was."""
    tracker = with_live_calls(calls)
    (first_s,) = best(1, tracker.snapshot)
    kept, before = tracker.snapshot(), tracker.snapshot().to_json()
    next_s = float("inf")
    for turn in range(turns):
        reason, state = ("HOLD", "Hold") if turn % 2 else ("UNHOLD" if turn else "ANSWER", "Talking")
        changed = range(calls // 10)
        decode_and_feed([event_line(i, reason, 10 + turn, real_call(i, state, 2)) for i in changed], tracker)
        next_s = min(next_s, *best(1, tracker.snapshot))
    assert before == kept.to_json(), "a snapshot changed after it was taken"
    detail = f"{calls} calls and extensions, {calls // 10} changed since the last; the first: {first_s * 1e3:.1f} ms"
    return Result("snapshot", "ms for a snapshot", next_s * 1e3, 5.0, detail)


def start(_: Setup, turns: int = 8) -> Result:
    """`calltrack --help` against `python -c "import attrs"`."""

    def run(*command: str) -> None:
        subprocess.run([sys.executable, *command], check=True, capture_output=True, timeout=60)

    helps, attrs = (lambda: run("-m", "calltrack", "--help")), (lambda: run("-c", "import attrs"))
    help_s, attrs_s = best(turns, helps, attrs, clock=time.perf_counter)
    detail = f"{help_s * 1e3:.0f} and {attrs_s * 1e3:.0f} ms"
    return Result("start", "calltrack --help ÷ import attrs", help_s / attrs_s, 2.0, detail)


ROWS: dict[str, Callable[[Setup], Result]] = {
    row.__name__: row for row in (memory, parse, obvious, live, linear, oddities, status, snapshot, start)
}


def _us(seconds: float, count: int) -> str:
    return f"{seconds / count * 1e6:.2f} µs"


def simulated(*, agents: int = 9, hours: float = 12, seed: int = 0) -> list[bytes]:
    """The lines of a simulated recording, as plain socket.io arrays; the same arguments, the same lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "simulated.jsonl")
        plan = Plan(agents=agents)
        write_recording(path, plan, seed=seed, hours=hours, notation="array", truth=False)
        return path.read_bytes().splitlines()


def frames_of(recording: Path) -> Iterator[bytes]:
    """The lines of a recording that are frames."""
    for line in recording.read_bytes().splitlines():
        try:
            Frame.decode(line)
        except NotAFrame:
            continue
        yield line


@click.command(help=__doc__)
@click.argument("rows", nargs=-1, metavar="[ROW]...", type=click.Choice(list(ROWS)))
@click.option("--recording", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Frames to measure on.")
@click.option("--live", default=100_000, show_default=True, help="How many live calls are many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def main(rows: tuple[str, ...], recording: Path | None, live: int, as_json: bool) -> None:
    setup = Setup(list(frames_of(recording)) if recording else simulated(), live)
    failed = False
    for name, row in ROWS.items():  # memory first: what others leave behind would count
        if rows and name not in rows:
            continue
        result = row(setup)
        failed |= not result.holds
        if as_json:
            click.echo(json.dumps({**result._asdict(), "holds": result.holds}))
        else:
            sign = "≥" if result.at_least else "≤"
            held = "" if result.holds else "  MISSED"
            click.echo(
                f"{name:9}{result.what}: {result.figure:.2f} (bar {sign} {result.bar:g}){held}\n{'':9}{result.detail}"
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
