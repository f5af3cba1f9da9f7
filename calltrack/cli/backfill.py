"""`calltrack backfill`: the Call Log for the gaps of a journal."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.service import AddressParam
from calltrack.cli.terminal import TimeParam
from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.journal import Journal
    from calltrack.rest.backfill import Part, Progress
    from calltrack.rest.calllog import CallLog

_VARIABLE = "CALLTRACK_CODE"
_TOGETHER = 500  # records in one write


@click.command("backfill", short_help="Fill the gaps of a journal from the vendor's Call Log.")
@click.argument("journal", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--from", "since", type=TimeParam(), help="Only calls from this time on. Default: the journal's first.")
@click.option("--to", "until", type=TimeParam(), help="Only calls up to this time. Default: the journal's last.")
@click.option("--all", "everything", is_flag=True, help="The whole time, not only the gaps.")
@click.option("--url", metavar="URL", type=AddressParam(), help="The Call Log's address, if it is not the vendor's.")
@click.option(
    "--ca", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Certificates (PEM) to trust as well."
)
@click.option("--dry-run", is_flag=True, help="Only list what would be asked for.")
def command(
    journal: Path,
    since: float | None,
    until: float | None,
    everything: bool,
    url: str | None,
    ca: Path | None,
    dry_run: bool,
) -> None:
    """Read the vendor's Call Log for the time that JOURNAL has not seen, and append its records: an end that was
    concluded becomes known, and calls that fell into a gap appear. Day by day and within the vendor's limit of 30
    requests a minute; interrupted, it goes on where it was. The code comes from the environment: CALLTRACK_CODE. No
    other program may write the journal meanwhile: stop `calltrack serve` first.

    \b
    Examples:
      calltrack backfill calltrack.journal
      calltrack backfill calltrack.journal --from 2023-11-30T00:00Z --to 2023-12-02T00:00Z --all
    """
    import asyncio

    from calltrack.core.records import Gap
    from calltrack.journal import Journal
    from calltrack.live.network import Network
    from calltrack.rest.backfill import Progress, parts
    from calltrack.rest.calllog import URL, CallLog

    code = os.environ.get(_VARIABLE, "").strip()
    if not code and not dry_run:
        raise click.UsageError(f"set {_VARIABLE} to the code of the account's Call Log")
    with Journal.open(journal, read_only=dry_run) as opened:
        snapshot = opened.tracker().snapshot()
        first = next((frame.at for _, frame in opened.frames(opened.begin)), None)
        begin = since if since is not None else first
        end = until if until is not None else snapshot.time
        if begin is None or end is None:
            raise click.UsageError("the journal has no times; say --from and --to")
        if end <= begin:
            said = "--from is not before --to" if since is not None and until is not None else "no time is left between"
            raise click.UsageError(f"{said}; say both --from and --to, of the calls that are missing")
        gaps = (Gap(begin, end, ""),) if everything else snapshot.gaps
        wanted = parts(gaps, begin, end)
        progress = Progress(journal.with_name(f"{journal.name}-backfill.json"))
        left = [part for part in wanted if part not in progress]
        if not left:
            click.echo("nothing is missing" if not wanted else "everything was read already")
            progress.finish()
            return
        if dry_run:
            for part in left:
                click.echo(_named(part))
            return
        log = CallLog(code, url or URL, network=Network(ca), on_wait=_waits)
        total = asyncio.run(_fill(opened, log, left, progress))
        progress.finish()
    click.echo(f"{total} records were added")


async def _fill(journal: Journal, log: CallLog, left: list[Part], progress: Progress) -> int:
    """Read each part, and note it when its records are durable."""
    from calltrack.core.observations import Stated
    from calltrack.voicenter.frames import Frame
    from calltrack.voicenter.spellings import CDR

    known = {frame.body.statement for _, frame in journal.frames(gaps=True) if isinstance(frame.body, Stated)}
    total = 0
    for number, part in enumerate(left, 1):
        batch: list[Frame] = []
        count = 0
        async for record in log.records(part.since, part.until):
            frame = Frame.of(CDR, record, round(time.time(), 3))
            if not isinstance(frame.body, Stated) or frame.body.statement in known:
                continue
            known.add(frame.body.statement)
            batch.append(frame)
            count += 1
            if len(batch) >= _TOGETHER:
                journal.append(batch)
                batch = []
        journal.append(batch)
        progress.note(part)
        total += count
        click.echo(f"{number} of {len(left)}: {_named(part)}, {count} records", err=True)
        sys.stderr.flush()
    return total


def _waits(why: str, seconds: float) -> None:
    click.echo(f"waiting {seconds:g} s: {safe(why)}", err=True)


def _named(part: Part) -> str:
    from datetime import UTC, datetime

    begin, end = (datetime.fromtimestamp(at, UTC) for at in part)
    return f"{begin:%Y-%m-%d %H:%M:%SZ} to {end:%H:%M:%SZ}"
