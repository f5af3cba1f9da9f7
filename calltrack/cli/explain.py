"""`calltrack explain`: one call's whole life."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from calltrack.cli import tables
from calltrack.cli.missing import no_such
from calltrack.cli.terminal import Reader, colourful, recording_argument, strict_option, tz_options
from calltrack.words.values import clock, moment, safe, span

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.core.changes import Change
    from calltrack.core.records import Call
    from calltrack.voicenter.frames import Frame

_WIDTH, _NARROWEST = 64, 17  # columns of the timeline; the two times below it need the fewest
_MARKS = {"Ringing": "░", "Dialing": "▚", "Talking": "█", "Hold": "▒", "Queued": "─", "Spying": "○", "Unknown": "?"}
_PLAIN = {"Ringing": ".", "Dialing": ":", "Talking": "#", "Hold": "=", "Queued": "-", "Spying": "o", "Unknown": "?"}


class _Touch(NamedTuple):
    """One frame that changed the call."""

    line: int
    frame: Frame
    changes: list[Change]


class _Piece(NamedTuple):
    """A stretch of a timeline's row."""

    row: str
    state: str
    since: float | None


@click.command("explain", short_help="Show one call's whole life, and why it went so.")
@recording_argument
@click.argument("call_id")
@tz_options
@strict_option
def command(recording: str, call_id: str, tz: tzinfo | None, strict: bool) -> None:
    """Show the whole life of the call CALL_ID (the start of its id is enough): its legs as a timeline, every frame that
    changed it, what was told, what was inferred, and the anomalies.

    \b
    Example:
      calltrack explain events.jsonl 202311301129476d30fb50a125f19f53
    """
    reader = Reader(recording, strict=strict, zone=tz)
    tracker = reader.recording.tracker()
    touches: list[_Touch] = []
    found: dict[str, None] = {}
    known: set[str] = set()
    wanted, listed = call_id.encode(), 0
    for frame in reader:
        mine: list[Change] = []
        for change in tracker.feed(frame):
            about = getattr(change, "call_id", "")
            known.add(about)
            if about.startswith(call_id):
                mine.append(change)
                found[about] = None
        if mine:
            touches.append(_Touch(reader.recording.line, frame, mine))
        elif wanted in frame.raw:
            listed += 1
    if not found:
        click.echo(no_such("call", call_id, known, reader.recording.name), err=True)
        sys.exit(1)
    if len(found) > 1:
        click.echo(f"{safe(call_id)} is the start of {len(found)} calls:", err=True)
        for about in found:
            click.echo(f"  {safe(about)}", err=True)
        sys.exit(1)
    call = tracker.snapshot().call(next(iter(found)))
    if call is not None:  # else it has left the bounded history again
        _head(call, reader.zone)
    pieces, end = _pieces(touches)
    _timeline(pieces, end if call is None or call.ended_at is not None else tracker.time, reader.zone)
    _frames(touches, listed, reader.zone)
    reader.finish()


def _head(call: Call, zone: tzinfo) -> None:
    _say(f"Call {safe(call.call_id)}: {call.direction}, {safe(call.caller or 'unknown')} {safe(call.caller_name)}")
    started = moment(call.started, zone)
    if call.ended_at is None:
        so_far = f", {call.outcome} so far" if call.outcome is not None else ""
        _say(f"  {call.state} since {moment(call.since, zone)}{so_far}, started {started}")
    else:
        why = f" ({safe(call.cause)})" if call.cause else ""
        inferred = f"; inferred: {safe(call.inferred)}" if call.inferred else ""
        _say(f"  {call.outcome}{why}, {started} to {moment(call.ended_at, zone)}{inferred}")
    _say(
        f"  wait {span(call.wait_s)}, ring {span(call.ring_s)}, talk {span(call.talk_s)}, hold {span(call.hold_s)}"
        + (f", unknown {span(call.unknown_s)}" if call.unknown_s != 0 else "")
    )
    if call.related:
        by = f", transferred by {safe(call.transferred_by)}" if call.transferred_by else ""
        _say(f"  comes from {safe(', '.join(call.related))}{by}")
    click.echo()


def _pieces(touches: list[_Touch]) -> tuple[list[_Piece], float | None]:
    """What each leg and wait was in, from when on; and when the last of them ended."""
    from calltrack.core.changes import LegChange, QueueChange

    pieces: list[_Piece] = []
    end: float | None = None
    for touch in touches:
        for change in touch.changes:
            if isinstance(change, LegChange):
                leg = change.leg
                pieces.append(_Piece(f"{leg.exten_user} #{leg.attempt}", leg.state, leg.since))
                end = leg.ended_at or end
            elif isinstance(change, QueueChange):
                wait = change.wait
                since = wait.joined_at if wait.left_at is None else wait.left_at
                pieces.append(_Piece(f"queue {wait.queue_id}", wait.state, since))
                end = wait.left_at or end
    return pieces, end


def _timeline(pieces: list[_Piece], end: float | None, zone: tzinfo) -> None:
    """The picture: a row for each leg and wait, from the first moment to the last."""
    times = [piece.since for piece in pieces if piece.since is not None]
    if not times:
        return
    start, end = min(times), max([*times, *([end] if end is not None else [])])
    marks = _MARKS if _can_print("".join(_MARKS.values())) else _PLAIN
    name_width = max(len(safe(piece.row)) for piece in pieces)
    columns = tables.width()
    picture = _WIDTH if columns is None else max(_NARROWEST, min(_WIDTH, columns - name_width - 4))
    scale = picture / max(1, end - start)
    rows: dict[str, list[str]] = {}
    for i, piece in enumerate(pieces):
        if piece.since is None:
            continue
        row = rows.setdefault(piece.row, [" "] * picture)
        after = (other.since for other in pieces[i + 1 :] if other.row == piece.row)
        until = next((since for since in after if since is not None), end)
        if piece.state in marks:
            first = min(picture - 1, int((piece.since - start) * scale))
            last = max(first + 1, round((until - start) * scale))
            row[first:last] = marks[piece.state] * (min(last, picture) - first)
    for name, row in rows.items():
        click.echo(f"  {safe(name):<{name_width}} |{''.join(row)}|")
    ruler = f"{clock(start, zone)}{'':{picture - 16}}{clock(end, zone)}"
    click.echo(f"  {'':<{name_width}}  {ruler}")
    _say("  " + "  ".join(f"{mark} {state}" for state, mark in marks.items()))
    click.echo()


def _frames(touches: list[_Touch], listed: int, zone: tzinfo) -> None:
    from calltrack.words.sentences import brief

    colour = colourful()
    for touch in touches:
        body = touch.frame.body
        reason = safe(getattr(body, "reason", None) or "")
        _say(f"{moment(touch.changes[0].at, zone)} line {touch.line}: {safe(touch.frame.event)} {reason}")
        for change in touch.changes:
            click.echo(_indented(brief(change, colour, zone)))
    if listed:
        click.echo(f"{listed} more frames list the call and change nothing")


def _indented(text: str) -> str:
    columns = tables.width()
    return f"    {text}" if columns is None else "    " + tables.folded([], text, columns - 4)


def _say(text: str) -> None:
    """Print a line, over several where the terminal is narrow."""
    columns, bare = tables.width(), text.lstrip()
    indent = text[: len(text) - len(bare)]
    click.echo(text if columns is None else indent + tables.folded([], bare, columns - len(indent)))


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
