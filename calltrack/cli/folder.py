"""Many recordings into one folder of Parquet files, each in a process of its own."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import tzinfo
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import click

from calltrack.core.errors import BadLine, CalltrackError
from calltrack.words.values import safe

_ENDINGS = re.compile(r"(\.(jsonl?|ndjson|log|txt|csv|har|zst|gz|bz2|xz|zip|tar|tgz|journal))+$", re.IGNORECASE)


class _Done(NamedTuple):
    """What became of one recording: rows written, lines that are not frames with the first of them, or an error."""

    rows: int = 0
    bad: int = 0
    first_bad: str = ""
    error: str = ""


def export_all(
    recordings: Sequence[str],
    out: Path,
    jobs: int | None,
    zone: tzinfo | None,
    own: dict[int, str],
    *,
    strict: bool = False,
) -> int:
    """Export every recording, and say what became of each; returns the exit code. own: the account's names of statuses.

    One that cannot be read does not keep the others from being written (exit code 1).
    """
    names = names_of(recordings)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise click.UsageError(f"{safe(out)} is a file; name a folder, or a file with an ending such as .csv") from None
    code = rows = 0
    processes = min(jobs or os.cpu_count() or 1, len(recordings))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        under_way = {
            pool.submit(_export, path, out, name, zone, own, strict): path
            for path, name in zip(recordings, names, strict=True)
        }
        try:
            for number, one in enumerate(as_completed(under_way), 1):
                done, path = one.result(), under_way[one]
                rows += done.rows
                click.echo(
                    f"{number} of {len(recordings)}: {safe(done.error or f'{path}: {done.rows} rows')}", err=True
                )
                if done.bad:
                    click.echo(f"{done.bad} lines are not frames; the first: {safe(done.first_bad)}", err=True)
                code |= bool(done.bad or done.error)
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    click.echo(f"{rows} rows of {len(recordings)} recordings in {safe(out)}", err=True)
    return code


def names_of(recordings: Sequence[str]) -> list[str]:
    """A name for the files of each recording: that of its own file; of two with one name also that of its folder."""
    found = [_ENDINGS.sub("", Path(path).name) or "recording" for path in recordings]
    doubled = {name for name, count in Counter(found).items() if count > 1}
    found = [
        f"{Path(os.path.realpath(path)).parent.name}-{name}" if name in doubled else name
        for path, name in zip(recordings, found, strict=True)
    ]
    again = [name for name, count in Counter(found).items() if count > 1]
    if again:
        raise click.UsageError(f"two recordings would be written as {safe(again[0])}; rename one of them")
    return [re.sub(r"[^\w.-]", "_", name) for name in found]


def _export(path: str, out: Path, name: str, zone: tzinfo | None, own: dict[int, str], strict: bool) -> _Done:
    """In a process of its own: write the tables of one recording."""
    from calltrack.cli.terminal import Reader
    from calltrack.export import Folder, all_rows
    from calltrack.words.statuses import named_rows

    first: list[BadLine] = []
    try:
        reader = Reader(path, strict=strict, zone=zone, quiet=True, report=first.append)
        rows = named_rows(all_rows(reader, reader.recording.tracker()), own)
        begun = list(islice(rows, 1))  # the stream's own zone is known then
        count = Folder(out, name, reader.zone, reader.recording.account).write(chain(begun, rows))
    except (CalltrackError, OSError) as error:
        return _Done(error=str(error))
    if not reader.recording.frames:
        return _Done(
            bad=reader.recording.bad, first_bad=str(first[0]) if first else "", error=f"{path}: contains no frames"
        )
    return _Done(count, reader.recording.bad, str(first[0]) if first else "")
