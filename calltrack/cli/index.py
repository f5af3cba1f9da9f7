"""`calltrack index`: checkpoints of a long recording."""

from __future__ import annotations

import click

from calltrack.cli.terminal import Reader, recording_argument, strict_option
from calltrack.words.values import safe


@click.command("index", short_help="Write checkpoints of a long recording, so that any moment is reached fast.")
@recording_argument
@strict_option
def command(recording: str, strict: bool) -> None:
    """Write checkpoints of RECORDING into RECORDING.index, so that `find`, `explain`, `snapshot --at` and `--line` need
    not read all that was before. RECORDING must be a plain file. It may grow afterwards; what is new is read until you
    index it again. An index that does not fit its recording is not used. It holds names and numbers, as the recording
    does.

    \b
    Examples:
      calltrack index events.jsonl
      calltrack snapshot events.jsonl --at 2023-11-30T10:00:00Z
    """
    from calltrack.recordings.index import index_of, write_index
    from calltrack.words.finding import Calls

    reader = Reader(recording, strict=strict)
    count = write_index(reader.recording, reader, notes=Calls())
    click.echo(f"{safe(index_of(recording))}: {count} checkpoints")
    reader.finish()
