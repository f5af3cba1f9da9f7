"""`calltrack explain`: one call's whole life."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from calltrack.cli.terminal import Reader, colourful, recording_argument, strict_option
from calltrack.words.values import moment, safe, span

if TYPE_CHECKING:
    from calltrack.core.changes import Change
    from calltrack.core.records import Call
    from calltrack.voicenter.frames import Frame

_WIDTH = 64  # columns of the timeline
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
@strict_option
def command(recording: str, call_id: str, strict: bool) -> None:
    """Show the whole life of the call CALL_ID (the start of its id is enough): its legs as a timeline, every frame that
    changed it, what was told, what was inferred, and the anomalies.

    \b
    Example:
      calltrack explain events.jsonl 202311301129476d30fb50a125f19f53
    """
    reader = Reader(recording, strict=strict)
    tracker = reader.recording.tracker()
    touches: list[_Touch] = []
    found: dict[str, None] = {}
    wanted, listed = call_id.encode(), 0
    for frame in reader:
        mine: list[Change] = []
        for change in tracker.feed(frame):
            about = getattr(change, "call_id", "")
            if about.startswith(call_id):
                mine.append(change)
                found[about] = None
        if mine:
            touches.append(_Touch(reader.recording.line, frame, mine))
        elif wanted in frame.raw:
            listed += 1
    if not found:
        click.echo(f"{reader.recording.name}: no call {safe(call_id)} in it", err=True)
        sys.exit(1)
    if len(found) > 1:
        click.echo(f"{safe(call_id)} is the start of {len(found)} calls:", err=True)
        for about in found:
            click.echo(f"  {safe(about)}", err=True)
        sys.exit(1)
    call = tracker.snapshot().call(next(iter(found)))
    if call is not None:  # else it has left the bounded history again
        _head(call)
    pieces, end = _pieces(touches)
    _timeline(pieces, end if call is None or call.ended_at is not None else tracker.time)
    _frames(touches, listed)
    reader.finish()


def _head(call: Call) -> None:
    click.echo(
        f"Call {safe(call.call_id)}: {call.direction}, {safe(call.caller or 'unknown')} {safe(call.caller_name)}"
    )
    if call.ended_at is None and call.outcome is None:
        click.echo(f"  {call.state} since {moment(call.since)}, started {moment(call.started)}")
    elif call.ended_at is None:
        click.echo(f"  {call.state} since {moment(call.since)}, {call.outcome} so far, started {moment(call.started)}")
    else:
        why = f" ({safe(call.cause)})" if call.cause else ""
        inferred = f"; inferred: {safe(call.inferred)}" if call.inferred else ""
        click.echo(f"  {call.outcome}{why}, {moment(call.started)} to {moment(call.ended_at)}{inferred}")
    click.echo(
        f"  wait {span(call.wait_s)}, ring {span(call.ring_s)}, talk {span(call.talk_s)}, hold {span(call.hold_s)}"
        + (f", unknown {span(call.unknown_s)}" if call.unknown_s != 0 else "")
    )
    if call.related:
        by = f", transferred by {safe(call.transferred_by)}" if call.transferred_by else ""
        click.echo(f"  comes from {safe(', '.join(call.related))}{by}")
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


def _timeline(pieces: list[_Piece], end: float | None) -> None:
    """The picture: a row for each leg and wait, from the first moment to the last."""
    times = [piece.since for piece in pieces if piece.since is not None]
    if not times:
        return
    start, end = min(times), max([*times, *([end] if end is not None else [])])
    marks = _MARKS if _can_print("".join(_MARKS.values())) else _PLAIN
    scale = _WIDTH / max(1, end - start)
    rows: dict[str, list[str]] = {}
    for i, piece in enumerate(pieces):
        if piece.since is None:
            continue
        row = rows.setdefault(piece.row, [" "] * _WIDTH)
        after = (other.since for other in pieces[i + 1 :] if other.row == piece.row)
        until = next((since for since in after if since is not None), end)
        if piece.state in marks:
            first = min(_WIDTH - 1, int((piece.since - start) * scale))
            last = max(first + 1, round((until - start) * scale))
            row[first:last] = marks[piece.state] * (min(last, _WIDTH) - first)
    name_width = max(len(safe(name)) for name in rows)
    for name, row in rows.items():
        click.echo(f"  {safe(name):<{name_width}} |{''.join(row)}|")
    ruler = f"{moment(start)[11:19]}{'':{_WIDTH - 16}}{moment(end)[11:19]}"
    click.echo(f"  {'':<{name_width}}  {ruler}")
    click.echo(f"  {'':<{name_width}}  " + "  ".join(f"{mark} {state}" for state, mark in marks.items()))
    click.echo()


def _frames(touches: list[_Touch], listed: int) -> None:
    from calltrack.words.sentences import brief

    colour = colourful()
    for touch in touches:
        body = touch.frame.body
        reason = safe(getattr(body, "reason", None) or "")
        click.echo(f"{moment(touch.changes[0].at)} line {touch.line}: {safe(touch.frame.event)} {reason}")
        for change in touch.changes:
            click.echo(f"    {brief(change, colour)}")
    if listed:
        click.echo(f"{listed} more frames list the call and change nothing")


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
