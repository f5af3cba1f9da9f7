"""`calltrack redact`: a recording without names and numbers."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, recording_argument, strict_option, text_output
from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.recordings.redact import Redactor

key_option = click.option(
    "--key-file",
    metavar="F",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Secret bytes, 16 or more, that decide the pseudonyms; the same in every file of one key. "
    "Default: a new key each time, kept nowhere.",
)


def redactor(key_file: Path | None) -> Redactor:
    """The redactor with the key of a file, or with a random one that is not kept; raises ClickException."""
    from calltrack.recordings.redact import LEAST_KEY, Redactor

    try:
        return Redactor(secrets.token_bytes(32) if key_file is None else key_file.read_bytes().strip())
    except OSError as error:
        raise click.UsageError(f"{key_file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        hint = f"make one: head -c {2 * LEAST_KEY} /dev/urandom | base64 > {key_file}"
        raise click.UsageError(f"{key_file}: {error}; {hint}") from None


@click.command("redact", short_help="Replace names and numbers in a recording, so that it can be shared.")
@recording_argument
@click.option("-o", "--output", "out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path), help=(
    "Write to this file, compressed if it ends in .gz or .zst. Default: standard output."
))  # fmt: skip
@key_option
@strict_option
def command(recording: str, out: Path | None, key_file: Path | None, strict: bool) -> None:
    """Replace every name and number of RECORDING by another, always the same for the same one; times, states and
    outcomes stay, so that calltrack reports the same of it. Lines that are no frames are left out.

    \b
    Examples:
      calltrack redact events.jsonl > shared.jsonl
      calltrack redact events.jsonl.gz -o shared.jsonl.zst --key-file secret.key
    """
    from calltrack.recordings.writer import RecordingFile, encode

    replacing = redactor(key_file)
    reader = Reader(recording, strict=strict)
    if out is None:
        output = text_output()
        for frame in reader:
            output.write(encode(*replacing.frame(frame.event, frame.payload()), frame.at))
        output.flush()
    else:
        if out.exists() and recording != "-" and out.samefile(recording):
            raise click.UsageError(f"{out}: is the recording itself; write to another file")
        try:
            with RecordingFile(out) as file:
                for frame in reader:
                    file.write(*replacing.frame(frame.event, frame.payload()), frame.at)
        except OSError as error:
            raise click.UsageError(f"{out}: cannot be written: {error.strerror}") from None
        click.echo(f"{file.frames} frames in {safe(out)}", err=True)
    reader.finish()
