"""How fast the tracker is, as a ratio in one run: `python -m tests.benchmark RECORDING [--megabytes 100]`.

Reads the recording's lines, repeats them in memory up to the size asked for, and times, turn by turn so that a noisy
machine hits both alike: `orjson.loads` of every line; and decoding plus `Tracker.feed` of every line (bytes in, changes
out). Prints the median ratio of the turns, and how much memory the process holds after a tenth of them and after all.
"""

import resource
import sys
import time
from pathlib import Path
from statistics import median

import click
import orjson

from calltrack import Frame, Tracker

_SLICES = 10


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


@click.command(help=__doc__)
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--megabytes", default=100, show_default=True, help="Repeat the file up to this size.")
@click.option("--limit", default=3.0, show_default=True, help="Exit 1 if the ratio is over this.")
def main(recording: Path, megabytes: int, limit: float) -> None:
    lines = [line for line in recording.read_bytes().splitlines() if line.strip()]
    size = sum(map(len, lines))
    repeats = max(1, megabytes * 1_000_000 // size)
    tracker, decode = Tracker(), Frame.decode
    json_s = feed_s = 0.0
    ratios: list[float] = []
    changes = 0
    early = 0.0
    clock = time.perf_counter
    for turn in range(_SLICES):
        rounds = repeats // _SLICES + (turn < repeats % _SLICES)
        start = clock()
        for _ in range(rounds):
            for line in lines:
                orjson.loads(line)
        middle = clock()
        for _ in range(rounds):
            for line in lines:
                changes += len(tracker.feed(decode(line)))
        end = clock()
        json_s += middle - start
        feed_s += end - middle
        if rounds:
            ratios.append((end - middle) / (middle - start))
        if turn == 0:
            early = _resident_mib()
    frames = repeats * len(lines)
    ratio = median(ratios)
    click.echo(f"{frames} frames, {frames * size // len(lines) // 1_000_000} MB, {changes} changes")
    click.echo(f"orjson.loads  {frames / json_s:10.0f} frames/s  {json_s / frames * 1e6:6.2f} µs each")
    click.echo(f"decode + feed {frames / feed_s:10.0f} frames/s  {feed_s / frames * 1e6:6.2f} µs each")
    click.echo(f"ratio {ratio:.2f} (limit {limit})")
    click.echo(f"resident: {early:.1f} MiB after a tenth, {_resident_mib():.1f} MiB after all")
    sys.exit(ratio > limit)


if __name__ == "__main__":
    main()
