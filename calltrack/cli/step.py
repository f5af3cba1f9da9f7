"""`calltrack replay --step`: frame by frame, forth and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, TimeParam, colourful
from calltrack.core.errors import BadLine
from calltrack.words.values import moment, safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.recordings.player import Player
    from calltrack.words.statuses import Names

_KEYS = """\
  Enter or n   next frame          n 10   ten frames on
  b            one frame back      b 10   ten frames back
  g 250        go to frame 250
  c ID         on to the next frame that changes this call
  t TIME       on to the first frame at or after this server time
  e ID         the verdict on this call
  s            show the state      f      show the frame as it came
  h            this help           q      quit"""


def step_through(path: str, *, strict: bool, zone: tzinfo | None = None, names: Names | None = None) -> None:
    """Ask for keys until the end; every prompt shows where the player stands, on a zone's clock or the stream's own.

    names: the account's own names of agent statuses.
    """
    import json

    from calltrack.cli.snapshot import show
    from calltrack.recordings.player import Player
    from calltrack.words.sentences import line
    from calltrack.words.statuses import named_changes, named_snapshot

    if path == "-":
        raise click.UsageError("--step goes back too, so it needs a file, not standard input")
    reader = Reader(path, strict=strict, zone=zone, quiet=True, report=_ReportedOnce())
    player = Player(reader)
    colour = colourful()
    click.echo("h shows the keys")
    while True:
        try:
            key, _, value = click.prompt(
                f"frame {player.position}, {moment(player.tracker.time, reader.zone)}", default="n", show_default=False
            ).partition(" ")
        except click.Abort:
            return
        try:
            moved = _go(player, reader, key, value.strip())
        except ValueError:
            click.echo(f"{safe(value)!r} is no number")
            continue
        if key == "q":
            return
        if key == "s":
            show(named_snapshot(player.tracker.snapshot(), names or {}), reader.zone)
        elif key == "e":
            _explain(player, value.strip())
        elif key == "f" and player.frame is not None:
            click.echo(json.dumps(player.frame.payload(), indent=2))
        elif moved is None:
            click.echo(_KEYS)
        else:
            if not moved:
                click.echo("the end")
            elif player.frame is not None:
                click.echo(f"{safe(player.frame.event)} {safe(getattr(player.frame.body, 'reason', '') or '')}")
            for change in named_changes(player.changes, names or {}):
                click.echo(f"  {line(change, colour, reader.zone)}")


def _explain(player: Player, call_id: str) -> None:
    """The verdict on the calls whose id begins so, as they stand at this frame."""
    from calltrack.words.verdict import verdict

    snapshot = player.tracker.snapshot()
    found = [call for call in (*snapshot.calls, *snapshot.ended) if call_id and call.call_id.startswith(call_id)]
    for call in found[:10]:
        click.echo(f"{safe(call.call_id)}: {safe(verdict(call, snapshot.time, changes=player.changes))}")
    if not found:
        click.echo(f"no call {safe(call_id)} is known at this frame")


def _go(player: Player, reader: Reader, key: str, value: str) -> bool | None:
    """Carry out a key that moves; None if it is none."""
    if key == "n":
        return player.go_to(player.position + int(value or 1))
    if key == "b":
        return player.go_to(player.position - int(value or 1))
    if key == "g":
        return player.go_to(int(value))
    if key == "c":
        before = player.position
        found = bool(value) and player.find_call(value)
        if not found:
            click.echo(f"no later frame changes a call {safe(value)}")
            player.go_to(before)
        return True
    if key == "t":
        try:
            return player.find_time(reader.utc(TimeParam().convert(value, None, None)) or 0)
        except click.BadParameter as error:
            click.echo(error.message)
            return True
    return None


class _ReportedOnce:
    """Bad lines to standard error, though going back reads them again."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, bad: BadLine) -> None:
        if bad.line > self._last:
            self._last = bad.line
            click.echo(safe(bad), err=True)
