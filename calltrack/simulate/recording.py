"""Write recordings of any length, with the truth beside, in constant memory."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from calltrack.simulate.centre.opening import open_centre
from calltrack.simulate.centre.things import Change
from calltrack.simulate.faults import Faults, Line, garble, received
from calltrack.simulate.plan import Plan
from calltrack.simulate.posting import CdrFaults, Posted, Records
from calltrack.simulate.truth import Truth, truth_after, whole_truth
from calltrack.simulate.vendor import Clocks, Emitted, Vendor

_TRAVEL = 0.08  # s from the vendor's server to a receiver
_SILENCE = 60.0  # s after which a client asks whether the server is still there (sdk)
_REPORT = 2000  # frames between two reports of progress

Notation = Literal["recording", "array"]
"""{"at", "event", "data"} objects, or the plain socket.io arrays (field guide §1)."""


class Written(NamedTuple):
    """What a recording holds: lines, frames that the vendor emitted, bytes; and how many records were posted."""

    lines: int
    frames: int
    size: int
    records: int = 0


def traffic(
    plan: Plan,
    *,
    seed: int = 0,
    hours: float = 8.0,
    faults: Faults | None = None,
    resync: bool = False,
    records: Records | None = None,
) -> Iterator[tuple[list[Line], Truth]]:
    """What a client receives that connects at the start: for every true frame, the lines that arrive with it.

    With `resync` the client asks for the snapshots at the end. The truth counts the lines so far (`Truth.n`).
    The same arguments give the same traffic. `records` sees the changes as well, and makes the CDRs of what has ended.
    """
    faults, n = faults or Faults(), 0
    clocks = Clocks(plan, faults.clock_steps, faults.hour_steps, seed)
    vendor = Vendor(open_centre(plan, seed), clocks)
    see = records.opened(clocks, vendor.world) if records else None
    for lines, truth in received(vendor, _feed(vendor, plan.start + hours * 3600, see), faults, seed):
        n = truth.n
        yield lines, truth
    if resync:
        lists = [vendor.login_status(), vendor.all_extensions_status()]
        yield (
            [Line(frame.at, frame) for frame in lists],
            replace(whole_truth(vendor.world), n=n + len(lists), clock=lists[-1].clock),
        )


def _feed(vendor: Vendor, until: float, see: Callable[[Change], None] | None = None) -> Iterator[tuple[Emitted, Truth]]:
    world = vendor.world
    for greeting in chain(vendor.greeting(), vendor.directory()):
        yield greeting, replace(whole_truth(world), clock=greeting.clock)
    heard = world.now
    for change in world.changes(until):
        if change.at - heard > _SILENCE:
            asked = vendor.keepalive_response()
            yield asked, Truth(0, asked.at, clock=asked.clock)
        heard, frame = change.at, vendor.frame(change)
        if see is not None:
            see(change)
        yield frame, truth_after(change, frame.clock)


def encode(line: Line, random: Random, notation: Notation = "recording") -> bytes:
    """One line of a recording, without its end; `random` breaks a garbled one."""
    _, event, data = line.frame
    if notation == "array":
        text = msgspec.json.encode((event, data))
    else:
        text = msgspec.json.encode({"at": round(line.at + _TRAVEL, 3), "event": event, "data": data})
    return garble(random, text) if line.garbled else text


def write_recording(
    path: Path,
    plan: Plan,
    *,
    seed: int = 0,
    hours: float = 8.0,
    faults: Faults | None = None,
    notation: Notation = "recording",
    truth: bool = True,
    cdrs: CdrFaults | None = None,
    progress: Callable[[float, int], None] | None = None,
) -> Written:
    """Write a recording of `hours` of a call centre, and with `truth` what was so beside it.

    The truth goes to the same name ending in `.truth.jsonl`. `progress` is called with the simulated hours and the
    lines so far, now and then. With `cdrs` the CDR notifications that are received go to a file ending in `.cdr.jsonl`,
    and with `truth` all of them, with what became of each, to one ending in `.cdr.truth.jsonl`. The same arguments
    write the same bytes. Raises OSError.
    """
    random = Random(f"garble {seed}")
    lines = frames = size = 0
    encoder = msgspec.json.Encoder()
    records, posted = (None, 0) if cdrs is None else (Records(cdrs, seed), 0)
    with path.open("wb") as out, truth_path(path).open("wb") if truth else nullcontext() as beside:
        for arrived, true in traffic(plan, seed=seed, hours=hours, faults=faults, records=records):
            frames += 1
            for line in arrived:
                size += out.write(encode(line, random, notation) + b"\n")
                lines += 1
            if beside:
                beside.write(encoder.encode(true) + b"\n")
            if progress and frames % _REPORT == 0:
                progress((true.at - plan.start) / 3600, lines)
    if records is not None:
        posted = _write_records(path, records.finish(), truth=truth)
    return Written(lines, frames, size, posted)


def _write_records(recording: Path, records: list[Posted], *, truth: bool) -> int:
    """The notifications' bodies, a line each, and their truth; returns how many were received."""
    encoder, received = msgspec.json.Encoder(), [one for one in records if one.at is not None]
    path = records_path(recording)
    path.write_bytes(b"".join(encoder.encode(one.body) + b"\n" for one in received))
    if truth:
        truth_path(path).write_bytes(b"".join(encoder.encode(one) + b"\n" for one in records))
    return len(received)


def records_path(recording: Path) -> Path:
    """Where the CDR notifications of a recording are."""
    return recording.with_name(recording.name.removesuffix(".jsonl") + ".cdr.jsonl")


def truth_path(recording: Path) -> Path:
    """Where the truth of a recording is."""
    return recording.with_name(recording.name.removesuffix(".jsonl") + ".truth.jsonl")
