"""How fast a call is found in a long recording the second time: `python -m tests.benchmark_find [--megabytes 95]`.

Simulates a recording of that size (with faults), then looks for a phone number and explains a call twice, each with the
commands that a user gives, their start included. Exit code 1 if the second time takes more processor time than the
limit, or gives another answer.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from calltrack.recordings.index import index_of
from tests.benchmark_seek import simulated


def timed(*arguments: str) -> tuple[float, float, str]:
    """How long a command takes, s of clock and of processor, and what it prints."""
    start, before = time.perf_counter(), os.times()
    result = subprocess.run(
        [sys.executable, "-m", "calltrack", *arguments], stdout=-1, stderr=-3, text=True, check=False
    )
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, processor, result.stdout


def one_call(path: Path) -> tuple[str, str]:
    """A caller's number and a call's id, of a call in the middle of the recording."""
    with path.open("rb") as file:
        file.seek(path.stat().st_size // 2)
        file.readline()
        for line in file:
            number = re.search(rb'"callerphone"\s*:\s*"(\d{9,})"', line)
            call = re.search(rb'"ivrid"\s*:\s*"(\w+)"', line)
            if number and call:
                return number[1].decode(), json.loads(b'"' + call[1] + b'"')
    raise SystemExit("the recording has no call with a number")


@click.command(help=__doc__)
@click.option("--megabytes", default=95, show_default=True, help="Size of the recording.")
@click.option("--limit", default=1.0, show_default=True, help="Of processor, s.")
def main(megabytes: int, limit: float) -> None:
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        simulated(path, megabytes * 1_000_000)
        number, call = one_call(path)
        for command, word in (("find", number), ("find", call), ("explain", call)):
            first_s, _, first = timed(command, str(path), word)
            second_s, processor_s, second = timed(command, str(path), word)
            failed |= processor_s > limit or first != second or not second
            same = "the same answer" if first == second else "ANOTHER ANSWER"
            then = f"then {second_s:.2f} s, {processor_s:.2f} s of it processor"
            click.echo(f"{command} {word}: first {first_s:.2f} s, {then}, {same}")
            index_of(str(path)).unlink()
    sys.exit(failed)


if __name__ == "__main__":
    main()
