"""kill -9 of a writing process, again and again: `python -m tests.journal.kill [--times 100] [--seed 1]`.

A process appends simulated frames to a journal in batches of random size, stores checkpoints, sometimes prunes, and
publishes every change that a batch made once the batch is durable. It is killed at a random moment, and what it left
is compared with an uninterrupted run: every frame whose change was published is there; the restored state is equal,
byte for byte; and a consumer that resumes after the last change it received has, in the end, every change once.
Exit code 1 on any difference.
"""

import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click

from calltrack import Change, Frame, Tracker
from calltrack.journal import Cadence, Journal, JournalError, StreamPosition
from tests.journal.stream import simulated

_STARTING, _WRITING = 1.0, 0.6  # s, at most, from the start or from the first batch to the kill
_AGENTS, _HOURS = 40, 24.0
_SOURCE = "source.jsonl"


class Survived(NamedTuple):
    """What was seen: kills, frames acknowledged before them, changes that a consumer got, differences in words."""

    kills: int
    frames: int
    changes: int
    resumed: int
    differences: list[str]


def write(path: Path, source: Path, seed: int) -> None:
    """The process that is killed: goes on in `source` where the journal ends, and prints what it publishes."""
    chance = random.Random(seed)
    with Journal.open(path) as journal:
        tracker, cadence = journal.tracker(), Cadence(frames=500)
        rest = iter(source.read_bytes().splitlines()[journal.position :])
        while batch := [Frame.decode(line) for line in islice(rest, chance.choice((1, 1, 2, 5, 50)))]:
            last = journal.append(batch)
            said = [f"durable {last}"]
            for position, frame in enumerate(batch, last - len(batch) + 1):
                said += [_line(position, number, made) for number, made in enumerate(tracker.feed(frame), 1)]
            print("\n".join(said), flush=True)
            if cadence.due(last):
                journal.checkpoint(tracker)
            if chance.random() < 0.002:
                journal.prune(keep_bytes=1_000_000)


def _line(position: int, number: int, change: Change) -> str:
    return f"change {StreamPosition(position, number)} {change!r}"


def run(folder: Path, times: int, seed: int, *, tell: bool = False) -> Survived:
    """Kill that often; a new journal is begun when one has all frames."""
    chance = random.Random(seed)
    kills = frames = changes = resumed = 0
    differences: list[str] = []
    stream = simulated(_AGENTS, _HOURS)
    (folder / _SOURCE).write_bytes(b"\n".join(frame.raw for frame in stream))
    while kills < times and not differences:
        reference, published = _Reference(stream), list[str]()
        path = folder / f"{kills}.journal"
        while kills < times and not differences and reference.position < len(reference.frames):
            durable, received = _life_and_death(path, chance)
            published += received[: max(0, len(received) - chance.choice((0, 1, 20, 200)))]  # the rest was on its way
            kills += 1
            before = reference.position
            try:
                opened = Journal.open(path, read_only=True)
            except JournalError as error:
                if durable or before:
                    differences.append(str(error))
                continue  # killed before there was a journal
            with opened as journal:
                differences += reference.compare(journal, durable)
                # The consumer comes back and names the last change that it has.
                last = published[-1].split()[1] if published else "0.0"
                again = [_line(*StreamPosition.parse(at), change) for at, change in journal.changes(last)]
            published += again
            resumed += len(again)
            frames += reference.position - before
            if published != reference.reported:
                differences.append(f"after kill {kills} the changes received are not those of an uninterrupted run")
            if tell:
                click.echo(f"kill {kills}: {reference.position} frames, {len(again)} changes resumed", err=True)
        changes += len(published)
    return Survived(kills, frames, changes, resumed, differences)


def _life_and_death(path: Path, chance: random.Random) -> tuple[int, list[str]]:
    """Let a writer live for a random time; returns what it acknowledged, and the changes that it published in full."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.kill", "--writer", str(path), "--seed", str(chance.randrange(1 << 30))],
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert process.stdout is not None
    out = bytearray()
    with process, process.stdout as pipe:
        if chance.random() < 0.2:
            end = time.monotonic() + chance.uniform(0.0, _STARTING)
        else:
            select.select([pipe], [], [], 60.0)
            end = time.monotonic() + chance.uniform(0.0, _WRITING)
        while (left := end - time.monotonic()) > 0 and select.select([pipe], [], [], left)[0]:
            if not (some := os.read(pipe.fileno(), 1 << 16)):
                break
            out += some
        process.kill()
        out += pipe.read()
    lines = out.decode().split("\n")[:-1]
    durable = max((int(line.split()[1]) for line in lines if line.startswith("durable")), default=0)
    return durable, [line for line in lines if line.startswith("change")]


class _Reference:
    """The uninterrupted run, as far as the journal has come."""

    def __init__(self, frames: tuple[Frame, ...]) -> None:
        self.frames = frames
        self.position = 0
        self.reported: list[str] = []
        self._tracker = Tracker()

    def compare(self, journal: Journal, durable: int) -> Iterator[str]:
        """Go on to where the journal ends, and say in what it differs."""
        end = journal.position
        if end < max(durable, self.position):
            yield f"{durable} was durable, the journal ends with {end}"
        if end > len(self.frames):
            yield f"there are {len(self.frames)} frames, the journal has {end}"
        since = max(self.position, journal.begin)
        if tuple(frame for _, frame in journal.frames(since)) != self.frames[since:end]:
            yield f"the frames after {since} are others"
        for position, frame in enumerate(self.frames[self.position : end], self.position + 1):
            self.reported += [_line(position, number, made) for number, made in enumerate(self._tracker.feed(frame), 1)]
        self.position = end
        if self._tracker.snapshot().to_json() != journal.tracker().snapshot().to_json():
            yield f"the state after frame {end} is another"


@click.command(help=__doc__)
@click.option("--times", default=100, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--writer", type=click.Path(path_type=Path), help="Be the process that is killed.")
def main(times: int, seed: int, writer: Path | None) -> None:
    if writer is not None:
        write(writer, writer.with_name(_SOURCE), seed)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), times, seed, tell=True)
    click.echo(
        f"{found.kills} kills, {found.frames} frames, {found.changes} changes received, {found.resumed} of them by "
        f"resuming; {len(found.differences)} differences"
    )
    for difference in found.differences:
        click.echo(difference)
    sys.exit(bool(found.differences))


if __name__ == "__main__":
    main()
