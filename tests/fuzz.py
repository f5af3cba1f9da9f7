"""A coverage-guided fuzzer over bytes → frames → changes → snapshot → JSON: `python -m tests.fuzz --seconds 3600`.

Begins with the fixtures, changes their bytes or their JSON, and keeps what reaches new code. What breaks a law (see
tests/fuzz_target.py), hangs or takes too much memory is written to fixtures/fuzz/, where a test replays it ever after:
give the file a name that says what it is. Exit code 0 if nothing was found.
"""

from __future__ import annotations

import json
import sys
import tempfile
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import atheris
import click

with atheris.instrument_imports(include=["calltrack"]):
    from tests.fuzz_target import check

FIXTURES = Path(__file__).parent.parent / "fixtures"
_LONGEST = 20_000  # bytes of an input
_SLOWEST_S = 10
_MOST_MIB = 1024

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 2, -1, 1.5, 1e300, 2**53, 2**63, 2**64, 10**30, float("nan"), float("inf")),
    *("", "0", "1", "2", "nan", "NEWCALL", "ANSWER", "HOLD", "UNHOLD", "HANGUP", "userStatusUpdate", "JOIN", "EXIT"),
    *("ABANDONED", "Ringing", "Dialing", "Talking", "Hold", "Spying", "Parked", "Transfer", "Recheck", "disconnect"),
    *("Answered elsewhere", "Call Rejected", "loginSuccess", "\ud800", "\x1b[31m\u202e\n", "SIPSIP1", "x" * 300),
    *([], {}, [None], [[]], {"calls": []}, [{}], {"ivrid": "1"}),
)


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value that can be given another one: container and key."""
    found, todo = [], [value]
    while todo:
        one = todo.pop()
        for key in list(one) if isinstance(one, dict) else range(len(one)):
            found.append((one, key))
            if isinstance(one[key], dict | list):
                todo.append(one[key])
    return found


def _otherwise(random: Random, frame: Any) -> None:
    """Change one thing in a frame: a value, a key's case, or whether it is there; or copy one from elsewhere in it."""
    spots = _spots(frame)
    container, key = random.choice(spots)
    donor, its_key = random.choice(spots)
    how = random.randrange(6)
    if how == 0 and isinstance(container, dict):
        del container[key]
    elif how == 1 and isinstance(container, dict):
        container[key.swapcase()] = container.pop(key)
    elif how == 2 and isinstance(container, list) and isinstance(frame, list):
        container.append(deepcopy(donor[its_key]))
    elif how == 3 and isinstance(container[key], int):
        container[key] += random.choice((-1, 1, 10, -3600, 60))
    elif how == 4:
        container[key] = deepcopy(donor[its_key])
    else:
        container[key] = deepcopy(random.choice(_VALUES))


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """The input with its frames in another order, or one of them changed as JSON; or with other bytes."""
    random = Random(seed)
    lines = data.split(b"\n")
    place = random.randrange(len(lines))
    how = random.randrange(10)
    if how == 0:
        lines.insert(place, random.choice(lines))
    elif how == 1:
        del lines[place]
    elif how == 2:
        random.shuffle(lines)
    elif how == 3:
        lines.insert(place, b'["disconnect",{"reason":"transport close"}]')
    elif how < 9:
        try:
            frame = json.loads(lines[place])
            for _ in range(random.randrange(1, 4)):
                _otherwise(random, frame)
            lines[place] = json.dumps(frame).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError, LookupError, TypeError, OverflowError, AttributeError):
            return bytes(atheris.Mutate(data, max_size))
    else:
        return bytes(atheris.Mutate(data, max_size))
    return b"\n".join(lines)[:max_size]


@click.command(help=__doc__)
@click.option("--seconds", default=15, show_default=True)
@click.option("--corpus", type=click.Path(file_okay=False, path_type=Path), help="More inputs; what is new goes there.")
@click.option("--finds", type=click.Path(file_okay=False, path_type=Path), default=FIXTURES / "fuzz", show_default=True)
@click.option("--seed", default=0, help="0: another every time.")
def main(seconds: int, corpus: Path | None, finds: Path, seed: int) -> None:
    finds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        begin = Path(folder)
        for path in FIXTURES.rglob("*.jsonl"):
            if not path.name.endswith(".changes.jsonl"):
                (begin / path.stem).write_bytes(path.read_bytes())
        grown = begin if corpus is None else corpus
        grown.mkdir(parents=True, exist_ok=True)
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={_LONGEST}",
            f"-timeout={_SLOWEST_S}",
            f"-rss_limit_mb={_MOST_MIB}",
            f"-artifact_prefix={finds}/",
            f"-seed={seed}",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        atheris.Setup([sys.argv[0], *options, str(grown), str(begin), str(finds)], check, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
