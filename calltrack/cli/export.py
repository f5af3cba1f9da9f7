"""`calltrack export`: a recording's tables for pandas, DuckDB and Excel."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from calltrack.cli.terminal import Reader, recording_argument, strict_option
from calltrack.words.values import safe

_TABLES = ["calls", "legs", "queue_entries", "agent_states"]  # calltrack.figures.TABLES, which --help need not load
_FORMATS = ["jsonl", "csv", "parquet"]


@click.command("export", short_help="Write calls, legs, queue entries or agent states as a table.")
@recording_argument
@click.option("--table", type=click.Choice(_TABLES), required=True, help="Which table; docs/tables.md has the columns.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Default: what OUT ends with; jsonl if with nothing. parquet needs -o.",
)
@click.option("-o", "--output", metavar="OUT", help="Write to this file, not to standard output.")
@strict_option
def command(recording: str, table: str, form: str | None, output: str | None, strict: bool) -> None:
    """Write a table of RECORDING: one row per call, leg, stay in a queue, or stretch of an agent's status, in the order
    in which they ended; what still lasts comes last. Times are UTC. In CSV, a text that a spreadsheet would take for a
    formula has an apostrophe before it. The table of calls has phone numbers.

    \b
    Examples:
      calltrack export events.jsonl --table calls -o calls.parquet
      calltrack export events.jsonl --table queue_entries --format csv > waits.csv
      duckdb -c "select outcome, count(*) from 'calls.parquet' group by all"
    """
    from calltrack.export import FORMATS, open_writer, rows
    from calltrack.export.writers import write_rows

    form = form or (Path(output).suffix.removeprefix(".").lower() if output else "") or "jsonl"
    if form not in FORMATS:
        raise click.UsageError(f"{safe(output)}: its ending is no format of these; say which with --format")
    if form == "parquet" and (output is None or output == "-"):
        raise click.UsageError("Parquet is no text: write it to a file with -o OUT.parquet")
    if form == "parquet":
        import pyarrow  # noqa: F401 - before the file is made: its extra may be missing
    reader = Reader(recording, strict=strict)
    to_file = output is not None and output != "-"
    with Path(str(output)).open("wb") if to_file else nullcontext(sys.stdout.buffer) as out:
        count = write_rows(rows(reader, table, reader.recording.tracker()), open_writer(form, table, out))
        out.flush()
    if to_file:
        click.echo(f"{count} rows of {table} in {safe(output)}", err=True)
    reader.finish()
