"""`calltrack export`: the tables of recordings for pandas, DuckDB and Excel."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import tzinfo
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.account import account_option, account_words
from calltrack.cli.terminal import Reader, strict_option, text_output, tz_options
from calltrack.words.values import safe

if TYPE_CHECKING:
    from msgspec import Struct

_TABLES = [
    "calls",
    "legs",
    "queue_entries",
    "agent_states",
    "contacts",
]  # calltrack.figures.TABLES, which --help need not load
_FORMATS = ["jsonl", "csv", "xlsx", "parquet"]
_BINARY = ("xlsx", "parquet")


@click.command("export", short_help="Write calls, legs, queue entries and agent states as tables.")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True)
@click.option("--table", type=click.Choice(_TABLES), help="Which table; docs/tables.md has the columns.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Default: the ending of OUT; else jsonl. xlsx and parquet need -o.",
)
@click.option("-o", "--output", metavar="OUT", help="Write to this file or folder, not to standard output.")
@click.option(
    "--jobs", type=click.IntRange(1, 1000), help="Recordings to read at once into a folder. Default: one a processor."
)
@account_option
@tz_options
@strict_option
def command(
    recordings: tuple[str, ...],
    table: str | None,
    form: str | None,
    output: str | None,
    jobs: int | None,
    config: Path | None,
    tz: tzinfo | None,
    strict: bool,
) -> None:
    """Write tables of RECORDING: one row per call, leg, stay in a queue, or stretch of an agent's status, in the order
    in which they ended; what still lasts comes last. Contacts (calltrack contacts) come at the end, when all calls are
    known.

    To a folder (OUT is one, or has no ending), all tables of many recordings are written as Parquet, by account and
    local day: OUT/calls/account=7/day=2023-11-30/NAME-0-0.parquet. To an .xlsx file, all tables are written, a sheet
    each, unless --table names one. Any other file has one table.

    CSV and Excel have local times, with the zone in the heading; JSON lines and Parquet have UTC. In CSV, a text that a
    spreadsheet would take for a formula has an apostrophe before it. The table of calls has phone numbers.

    \b
    Examples:
      calltrack export events.jsonl -o monday.xlsx --tz Asia/Jerusalem
      calltrack export events.jsonl --table queue_entries --format csv > waits.csv
      calltrack export recordings/*.jsonl -o tables
      calltrack export kafka://kafka1:9092/acme -o tables
      duckdb -c "select day, count(*) from 'tables/calls/**/*.parquet' group by all"
    """
    own, zone = account_words(config, tz)
    out = None if output in (None, "-") else Path(str(output))
    if out is not None and form is None and (out.is_dir() or not out.suffix):
        _to_folder(recordings, out, table, jobs, zone, own, strict)
        return
    if len(recordings) > 1:
        raise click.UsageError("several recordings go to a folder: -o FOLDER, without --format")
    if jobs is not None:
        raise click.UsageError("--jobs is for a folder: -o FOLDER")
    form = form or (out.suffix.removeprefix(".").lower() if out else "") or "jsonl"
    if form not in _FORMATS:
        raise click.UsageError(f"{safe(output)}: its ending is not one of these formats; add --format")
    if form in _BINARY and out is None:
        raise click.UsageError(f"{form} is not text: write it to a file with -o OUT.{form}")
    if table is None and form != "xlsx":
        raise click.UsageError(f"a {form} file has one table; add --table, one of {', '.join(_TABLES)}")
    _to_file(recordings[0], out, [table] if table else _TABLES, form, zone, own, strict)


def _to_file(
    recording: str,
    out: Path | None,
    tables: Sequence[str],
    form: str,
    zone: tzinfo | None,
    own: dict[int, str],
    strict: bool,
) -> None:
    if form == "parquet":  # before the file is made: its extra may be missing
        import pyarrow  # noqa: F401
    elif form == "xlsx":
        import xlsxwriter  # noqa: F401
    from calltrack.export import all_rows, open_writer, rows, write_rows
    from calltrack.words.statuses import named_rows

    reader = Reader(recording, strict=strict, zone=zone)
    tracker = reader.recording.tracker()
    found = rows(reader, tables[0], tracker) if len(tables) == 1 else all_rows(reader, tracker)
    ready = _begun(named_rows(found, own))  # the stream's own zone is known then
    with (
        out.open("wb") if out else nullcontext(text_output() if form in ("csv", "jsonl") else sys.stdout.buffer) as file
    ):
        count = write_rows(ready, open_writer(form, tables, file, reader.zone))
        file.flush()
    if out:
        click.echo(f"{count} rows of {', '.join(tables)} in {safe(out)}", err=True)
    reader.finish()


def _begun(rows: Iterator[Struct]) -> Iterator[Struct]:
    """The same rows, of which the first has been read."""
    return chain(list(islice(rows, 1)), rows)


def _to_folder(
    recordings: tuple[str, ...],
    out: Path,
    table: str | None,
    jobs: int | None,
    zone: tzinfo | None,
    own: dict[int, str],
    strict: bool,
) -> None:
    if table is not None:
        raise click.UsageError("a folder has all tables; leave --table out")
    import pyarrow.dataset  # noqa: F401 - before the work begins: its extra may be missing

    from calltrack.cli.folder import export_all

    sys.exit(export_all(recordings, out, jobs, zone, own, strict=strict))
