"""How fast and how small a journal is: `python -m tests.journal.benchmark [--frames 20000] [--folder .]`.

Writes simulated frames of a call centre of 40 agents to a journal in `--folder` (the disk counts), and prints:
frames per second that are durable, in batches of 1, 10, 100 and 1,000, with the processor's time in it, against
`fsync` of a file that grows as much; bytes on disk per frame, against the text and against zstd without a dictionary;
and how long opening takes with a growing tail after the last checkpoint, which is restored before the tail is fed.
"""

import os
import tempfile
import time
from pathlib import Path

import click

from calltrack import Frame, Tracker
from calltrack.journal import Journal
from calltrack.journal.zstd import zstd
from tests.journal.stream import simulated

_SECONDS = 3.0  # that one size of batch may take


@click.command(help=__doc__)
@click.option("--frames", default=20_000, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
def main(frames: int, folder: Path) -> None:
    stream = simulated(40, 24.0)[:frames]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for batch in (1, 10, 100, 1000):
            _append(Path(scratch), stream, batch)
        path = Path(scratch) / "whole"
        with Journal.open(path) as journal:
            journal.append(stream)
        _size(path.stat().st_size / len(stream), stream)
        _open(path, stream)


def _append(folder: Path, stream: tuple[Frame, ...], batch: int) -> None:
    done = 0
    with Journal.open(folder / f"{batch}") as journal:
        start, busy = time.perf_counter(), time.process_time()
        while (took := time.perf_counter() - start) < _SECONDS and done < len(stream):
            journal.append(stream[done : done + batch])
            done += batch
        busy = time.process_time() - busy
    writes = min(500, max(1, done // batch))
    with (folder / "plain").open("wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(writes):
            file.write(b"x" * 300 * batch)
            os.fsync(file.fileno())
        alone = (time.perf_counter() - start) / writes
    each = took / (done / batch)
    click.echo(
        f"append by {batch:4}: {done / took:8,.0f} frames/s, {busy / done * 1e6:5.0f} µs of processor each, "
        f"{each * 1e3:6.2f} ms a batch; write and fsync alone {alone * 1e3:.2f} ms"
    )


def _size(stored: float, stream: tuple[Frame, ...]) -> None:
    text = sum(len(frame.raw) for frame in stream) / len(stream)
    packed = sum(len(zstd.compress(frame.raw)) for frame in stream) / len(stream)
    click.echo(f"on disk: {stored:.0f} bytes a frame; its text {text:.0f}, by zstd alone {packed:.0f}")


def _open(path: Path, stream: tuple[Frame, ...]) -> None:
    tracker, position = Tracker(), 0
    for tail in (len(stream), *(size for size in (10_000, 1000, 0) if size < len(stream))):
        for frame in stream[position : len(stream) - tail]:
            tracker.feed(frame)
        position = len(stream) - tail
        with Journal.open(path) as journal:
            journal.checkpoint(tracker)
        start = time.process_time()
        with Journal.open(path) as journal:
            journal.tracker()
        busy = time.process_time() - start
        click.echo(f"opening with {tail:6} frames after the checkpoint: {busy * 1e3:6.1f} ms of processor")


if __name__ == "__main__":
    main()
