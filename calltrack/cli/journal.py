"""`calltrack journal`: inspect, import, export, prune, back up, restore and repair a journal; erase a caller."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli import tables
from calltrack.cli.terminal import SIZE, SPAN, Reader, strict_option, text_output, tz_options
from calltrack.words.values import moment, safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.core.errors import BadLine
    from calltrack.voicenter.frames import Frame

_BATCH = 1000  # frames that are made durable together
_journal_argument = click.argument("path", metavar="JOURNAL", type=click.Path(dir_okay=False, path_type=Path))


@click.group("journal", short_help="Inspect, import, export, prune, back up, restore and repair a journal.")
def journal() -> None:
    """Inspect, import, export, prune, back up, restore and repair a journal: the file in which calltrack keeps every
    frame it received, and states on the way.

    replay, explain, snapshot and check read a journal as they read a recording.

    \b
    Examples:
      calltrack journal info calls.journal
      calltrack journal prune calls.journal --keep 30d
      calltrack journal import events.jsonl.zst calls.journal
      calltrack journal export calls.journal -o events.jsonl.zst
      calltrack journal backup calls.journal calls.backup
    """


@journal.command("info")
@_journal_argument
@tz_options
def info(path: Path, tz: tzinfo | None) -> None:
    """Show what JOURNAL holds: positions, times, size, checkpoints, and who writes it.

    \b
    Example:
      calltrack journal info calls.journal
    """
    from calltrack.figures.days import zone_of
    from calltrack.journal import Journal
    from calltrack.journal.file import is_clean
    from calltrack.journal.lock import writer

    clean, writing = is_clean(path), writer(path)
    with Journal.open(path, read_only=True) as opened:
        begin, end, size, stored = opened.begin, opened.position, opened.size(), opened.checkpoints()
        times = [frame.at for at in (begin, end - 1) if 0 <= at < end for _, frame in opened.frames(at, at + 1)]
        history = opened.history
        zone = tz or zone_of(opened.tracker().snapshot().resume.offset_s if end else None)
    rows: list[tuple[str, str]] = []
    if end:
        each = f"{size / (end - begin):.0f} bytes each, checkpoints included"
        rows.append(("frames", f"{end - begin}: {begin + 1} to {end}"))
        rows.append(("received", " to ".join(moment(at, zone) for at in times)))
        rows.append(("size", f"{size / 1e6:.1f} MB, {each}"))
    else:
        rows.append(("frames", "none"))
    last = f", the last {end - stored[-1].position} frames before the end" if stored else ""
    rows += [("checkpoints", f"{len(stored)}{last}"), ("ended calls kept", str(history)), ("writer", writing or "none")]
    if not writing:
        rows.append(
            ("closed", "yes" if clean else "no, its writer was stopped; the next one finds all it acknowledged")
        )
    tables.show(str(path), ("", ""), rows)


@journal.command("prune", short_help="Remove the oldest frames.")
@_journal_argument
@click.option("--keep", type=SPAN, metavar="TIME", help="Remove what was received longer ago: 30d, 12h.")
@click.option("--keep-size", type=SIZE, metavar="SIZE", help="Remove until it takes no more than this: 500MB, 20GB.")
def prune(path: Path, keep: float | None, keep_size: float | None) -> None:
    """Remove the oldest frames of JOURNAL, up to a checkpoint, so that the state after it can still be restored.

    \b
    Examples:
      calltrack journal prune calls.journal --keep 30d
      calltrack journal prune calls.journal --keep 90d --keep-size 20GB
    """
    from calltrack.journal import Journal

    if keep is None and keep_size is None:
        raise click.UsageError("say what to keep: --keep 30d, --keep-size 20GB, or both")
    _must_exist(path)
    with Journal.open(path) as opened:
        removed = opened.prune(keep_s=keep, keep_bytes=None if keep_size is None else int(keep_size))
        click.echo(f"{safe(path)}: {removed} frames removed, {opened.position - opened.begin} kept")


@journal.command("import")
@click.argument("recording", metavar="RECORDING")
@_journal_argument
@strict_option
def import_(recording: str, path: Path, strict: bool) -> None:
    """Add the frames of RECORDING to the end of JOURNAL, which is created if it is not there. A line that is no frame
    becomes a `malformed` frame that says which line, and why.

    \b
    Examples:
      calltrack journal import events.jsonl.zst calls.journal
      zcat monday.jsonl.gz tuesday.jsonl.gz | calltrack journal import - calls.journal
    """
    from calltrack.journal import Cadence, Journal
    from calltrack.voicenter.frames import Frame

    batch: list[Frame] = []

    def bad(line: BadLine) -> None:
        batch.append(Frame.of("malformed", {"error": str(line)}))

    reader = Reader(recording, strict=strict, on_bad=bad)
    with Journal.open(path) as opened:
        before, tracker, cadence = opened.position, opened.tracker(), Cadence()

        def keep() -> None:
            opened.append(batch)
            for frame in batch:
                tracker.feed(frame)
            batch.clear()
            if cadence.due(opened.position):
                opened.checkpoint(tracker)

        try:
            for frame in reader:
                batch.append(frame)
                if len(batch) >= _BATCH:
                    keep()
            keep()
            if opened.position > before:
                opened.checkpoint(tracker)
        finally:
            added = f"frames {before + 1} to {opened.position}" if opened.position > before else "nothing"
            click.echo(f"{safe(path)}: {added} added")
    reader.finish()


@journal.command("export", short_help="Write the frames as a recording.")
@_journal_argument
@click.option("-o", "--output", "out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path), help=(
    "Write to this file, compressed if it ends in .gz or .zst. Default: standard output."
))  # fmt: skip
@strict_option
def export(path: Path, out: Path | None, strict: bool) -> None:
    """Write the frames of JOURNAL as a recording: JSON lines, each with the time it was received.

    \b
    Examples:
      calltrack journal export calls.journal -o events.jsonl.zst
      calltrack journal export calls.journal | calltrack redact - > shared.jsonl
    """
    from calltrack.recordings.writer import RecordingFile

    _must_exist(path)
    reader = Reader(str(path), strict=strict)
    if not reader.recording.is_journal:
        raise click.UsageError(f"{path}: is a recording already")
    if out is None:
        output = text_output()
        for frame in reader:
            output.write(_line(frame))
        output.flush()
    else:
        if out.exists() and out.samefile(path):
            raise click.UsageError(f"{out}: is the journal itself; write to another file")
        try:
            with RecordingFile(out) as file:
                for frame in reader:
                    file.write_line(_line(frame))
        except OSError as error:
            raise click.UsageError(f"{out}: cannot be written: {error.strerror}") from None
        click.echo(f"{file.frames} frames in {safe(out)}", err=True)
    reader.finish()


@journal.command("backup")
@_journal_argument
@click.argument("to", metavar="BACKUP", type=click.Path(dir_okay=False, path_type=Path))
def backup(path: Path, to: Path) -> None:
    """Copy JOURNAL as it is now to BACKUP, a new file, while it may be written and read.

    \b
    Example:
      calltrack journal backup calls.journal /backup/calls-2026-01-01.journal
    """
    from calltrack.journal import Journal

    with Journal.open(path, read_only=True) as opened:
        last = opened.backup(to)
    click.echo(f"{safe(to)}: frames up to {last}")


@journal.command("restore", short_help="Put a backup in the place of a journal.")
@click.argument("backup", metavar="BACKUP", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_journal_argument
def restore_(backup: Path, path: Path) -> None:
    """Check BACKUP and put a copy of it in the place of JOURNAL, which is kept as JOURNAL-replaced-1. Stop the service
    first.

    \b
    Example:
      calltrack journal restore /backup/calls-2026-01-01.journal calls.journal
    """
    from calltrack.journal import restore

    kept = restore(backup, path)
    click.echo(f"{safe(path)}: restored" + ("" if kept is None else f"; the one before is {safe(kept.name)}"))


@journal.command("repair", short_help="Replace a damaged journal by a sound one.")
@_journal_argument
def repair_(path: Path) -> None:
    """Replace a damaged JOURNAL by a sound one with everything that can be read; the damaged file is kept as
    JOURNAL-damaged-1. A frame that is lost is a gap: after it nothing is known until it is heard of again.

    \b
    Example:
      calltrack journal repair calls.journal
    """
    from calltrack.journal import repair

    _must_exist(path)
    click.echo(f"{safe(path)}: {safe(repair(path))}")


@journal.command("erase", short_help="Erase a caller from a journal, for good.")
@_journal_argument
@click.option("--number", "numbers", multiple=True, help="A phone number, in any notation. Repeatable.")
@click.option("--name", "names", multiple=True, help="A name, as it stands there, wherever it stands. Repeatable.")
@click.option(
    "--also",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An export or a recording, as text, to erase it from as well; an index of it goes. Repeatable.",
)
def erase_(path: Path, numbers: tuple[str, ...], names: tuple[str, ...], also: tuple[Path, ...]) -> None:
    """Erase a caller from JOURNAL, its checkpoints and what stands beside it, for good; stop the service first.

    Another number of the same length, drawn by lot, stands in the place of each; every frame keeps its position, and
    figures stay what they were. Then every page of the file is searched. Backups and files that a repair set aside are
    not looked at: delete them, or erase from them in the same way.

    \b
    Exit codes: 0 all of it was found and erased; 1 a number or a name was found nowhere, or
    anything is left; 2 nothing was erased.

    \b
    Example:
      calltrack journal erase calls.journal --number 050-123-4567 --name "Dana Cohen" --also calls.csv
    """
    from calltrack.journal.erasing import Erasure, check_text, erase, erase_file, remains

    _must_exist(path)
    erasure = Erasure(numbers, names)
    for file in also:
        check_text(file)
    done = erase(path, erasure)
    click.echo(f"{safe(path)}: erased from {done.frames} frames and {done.others} deliveries")
    for file in also:
        click.echo(f"{safe(file)}: {'erased' if erase_file(file, erasure) else 'had nothing of it'}")
    left = remains(path, erasure)
    click.echo(f"{left} rows still have it" if left else "every page was searched: nothing of it is left")
    if unfound := erasure.unfound:
        click.echo(
            f"{unfound} of {len(numbers) + len(names)} numbers and names were found nowhere: is there a typing error?"
        )
    if left or unfound:
        sys.exit(1)


@journal.command("rebuild")
@_journal_argument
def rebuild(path: Path) -> None:
    """Make the checkpoints of JOURNAL that another version of calltrack stored anew. `calltrack serve` does so when it
    starts.

    \b
    Example:
      calltrack journal rebuild calls.journal
    """
    from calltrack.journal import Journal

    _must_exist(path)
    with Journal.open(path) as opened:
        opened.on_notice = lambda text: None
        click.echo(f"{safe(path)}: {opened.rebuild()} checkpoints made")


def _line(frame: Frame) -> bytes:
    """The frame as it came, if that was one line with its time; else in the notation of recordings."""
    from calltrack.core.errors import NotAFrame
    from calltrack.recordings.writer import encode
    from calltrack.voicenter.frames import Frame

    line = frame.raw.strip()
    try:
        if b"\n" in line or Frame.decode(line).at != frame.at:
            return encode(frame.event, frame.payload(), frame.at)
    except NotAFrame as error:
        return encode(frame.event, {"error": str(error)}, frame.at)
    return line + b"\n"


def _must_exist(path: Path) -> None:
    """So that a misspelled name makes no empty journal."""
    if not path.exists():
        raise click.UsageError(f"{path}: no such file")
