"""How fast a moment of a long recording is reached: `python -m tests.benchmark_seek [--megabytes 1000]`.

Simulates a recording of that size (with faults), replays all of it, and shows its state at moments of it, each without
and with an index: with the commands that a user gives, their start included. Prints each as a share of the full replay.
Exit code 1 if one takes more than the limit, or shows another state than without the index.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import click

from calltrack.recordings.index import index_of
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.recording import encode


def simulated(path: Path, size: int) -> list[str]:
    """Write a recording of a size (bytes); returns its time (UTC epoch s) after a tenth, a half and all but a tenth."""
    moments, wanted, written = [], [0.1, 0.5, 0.9], 0
    faults, garbler = Faults(lose=0.001, repeat=0.001, corrupt=0.0001, disconnects=0.1), Random(1)
    with path.open("wb") as file:
        for lines, truth in traffic(Plan(agents=100, queues=10), seed=1, hours=1e6, faults=faults):
            written += sum(file.write(encode(line, garbler) + b"\n") for line in lines)
            if wanted and written > wanted[0] * size:
                wanted.pop(0)
                moments.append(str(truth.at))
            if written > size:
                break
    return moments


def timed(*arguments: str) -> tuple[float, bytes]:
    """How long a command takes, s, and what it prints."""
    start = time.perf_counter()
    result = subprocess.run([sys.executable, "-m", "calltrack", *arguments], stdout=-1, stderr=-3, check=False)
    return time.perf_counter() - start, result.stdout


@click.command(help=__doc__)
@click.option("--megabytes", default=1000, show_default=True, help="Size of the recording.")
@click.option("--limit", default=0.1, show_default=True, help="Exit 1 if a share is over this.")
def main(megabytes: int, limit: float) -> None:
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        moments = simulated(path, megabytes * 1_000_000)
        full_s, _ = timed("snapshot", str(path), "--json")
        click.echo(f"full replay of {path.stat().st_size / 1e6:.0f} MB: {full_s:.1f} s")
        without = [timed("snapshot", str(path), "--at", at, "--json") for at in moments]
        index_s, _ = timed("index", str(path))
        size = index_of(str(path)).stat().st_size / 1e6
        click.echo(f"writing the index of {size:.1f} MB: {index_s:.1f} s, {index_s / full_s:.0%} of the replay")
        for at, (before_s, before) in zip(moments, without, strict=True):
            after_s, after = timed("snapshot", str(path), "--at", at, "--json")
            failed |= after_s > limit * full_s or before != after or not after
            same = "the same state" if before == after else "ANOTHER STATE"
            click.echo(
                f"--at {at}: {before_s:.1f} s without index, with it {after_s:.2f} s, "
                f"{after_s / full_s:.1%} of the replay (limit {limit:.0%}), {same}"
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
