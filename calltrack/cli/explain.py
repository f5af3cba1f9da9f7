"""`calltrack explain`: one call's whole life, and the verdict on it."""

from __future__ import annotations

import sys
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple

import click

from calltrack.cli.terminal import colourful, recording_argument, strict_option, tz_options
from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.cli.found import Found
    from calltrack.core.changes import Change
    from calltrack.core.records import Call
    from calltrack.voicenter.frames import Frame
    from calltrack.words.finding import Traits
    from calltrack.words.timeline import Stretch

_WIDTH = 64  # columns of the timeline
_FINAL_S = 120  # after its end, s of stream time in which a call can still be revised, and some more


class _Touch(NamedTuple):
    """One frame that changed the call."""

    line: int
    frame: Frame
    changes: list[Change]


class _Life(NamedTuple):
    """What a second reading finds: the frames of a call, and those that list it and change nothing."""

    call: Call | None
    touches: list[_Touch]
    listed: int
    lines: dict[int, int]
    changes: list[Change]


@click.command("explain", short_help="Show one call's whole life, and why it went so.")
@recording_argument
@click.argument("what", nargs=-1, required=True)
@tz_options
@strict_option
def command(recording: str, what: tuple[str, ...], tz: tzinfo | None, strict: bool) -> None:
    """Explain one call: a verdict, its legs and waits as a timeline, and every frame that changed it.

    WHAT names the call: its id or the start or end of it, a phone number in any notation, a name of an agent or a
    caller, an extension, or a time of day such as 12:50 (on the stream's clock). Several words narrow it down. If more
    than one call matches, they are listed.

    \b
    Examples:
      calltrack explain events.jsonl 202311301129476d30fb50a125f19f53
      calltrack explain events.jsonl 050-1234567
      calltrack explain events.jsonl Dana 12:50
      calltrack explain kafka://kafka1:9092/acme 202311301129476d30fb50a125f19f53
    """
    from calltrack.cli.found import Found, listed
    from calltrack.words.timeline import timeline
    from calltrack.words.verdict import verdict

    found = Found(recording, what, strict=strict, zone=tz)
    if len(found.matches) > 1:
        click.echo(f"{safe(' '.join(what))} matches {len(found.matches)} calls; name one of them:", err=True)
        for line in listed(found.matches, found.zone, found.snapshot.time):
            click.echo(f"  {line}", err=True)
        sys.exit(1)
    life = _life(found, found.matches[0])
    if life.call is not None:
        lines, now = life.lines, found.snapshot.time

        def frame(position: int) -> str:
            return f"line {lines[position]}" if position in lines else f"frame {position}"

        said = verdict(life.call, now, changes=life.changes, frame=frame, zone=found.zone)
        click.echo(safe(said))
        _head(life.call)
        _draw(timeline(life.call), now, found.zone)
    _frames(life, found.zone)
    found.reader.finish()


def _life(found: Found, one: Traits) -> _Life:
    """The frames of the call, found by reading again."""
    from calltrack.core.changes import CallEnded, CallRevised

    call_id = one.call_id
    call = found.snapshot.call(call_id)
    tracker, again = found.again(one)
    wanted: set[int] = set()
    if call is not None:
        wanted = {leg.confirmed_position for leg in call.legs} | {wait.confirmed_position for wait in call.waiting}
    touches: list[_Touch] = []
    passed: list[Change] = []
    lines: dict[int, int] = {}
    wanted_id, listed, start = call_id.encode(), 0, tracker.snapshot().position
    for position, (line, frame) in enumerate(again, start + 1):
        changes = tracker.feed(frame)
        mine = [change for change in changes if getattr(change, "call_id", "") == call_id]
        if position in wanted:
            lines[position] = line
            passed += changes
        if mine:
            touches.append(_Touch(line, frame, mine))
            ends = [change.call for change in mine if isinstance(change, CallEnded | CallRevised)]
            if ends and (call is None or call.ended_at is not None):
                call = ends[-1]  # it has left the history of the end, or is about to
        elif wanted_id in frame.raw:
            listed += 1
        ended_at = call.ended_at if call is not None and touches else None
        if ended_at is not None and (tracker.time or 0) > ended_at + _FINAL_S and found.final(call):
            break
    return _Life(call, touches, listed, lines, passed)


def _head(call: Call) -> None:
    click.echo(f"  {safe(call.call_id)}: {call.direction}, {safe(call.caller or 'unknown')} {safe(call.caller_name)}")
    if call.related:
        by = f", transferred by {safe(call.transferred_by)}" if call.transferred_by else ""
        click.echo(f"  comes from {safe(', '.join(call.related))}{by}")
    click.echo()


def _draw(stretches: list[Stretch], now: float | None, zone: tzinfo) -> None:
    """The picture: a row for each leg and wait, from the first moment to the last."""
    from calltrack.words.timeline import MARKS, PLAIN, UNKNOWN, drawn, limits

    if not stretches:
        return
    plain = not _can_print("".join(MARKS.values()))
    rows = drawn(stretches, now, _WIDTH, plain=plain)
    begin, end = (datetime.fromtimestamp(at, zone) for at in limits(stretches, now))
    form = "%H:%M:%S" if begin.date() == end.date() else "%m-%d %H:%M:%S"
    first, last = begin.strftime(form), end.strftime(form)
    width = max(len(safe(name)) for name in rows)
    for name, row in rows.items():
        click.echo(f"  {safe(name):<{width}} |{row}|")
    click.echo(f"  {'':<{width}}  {first}{last:>{_WIDTH - len(first)}}")
    marks = {**(PLAIN if plain else MARKS), "not known": UNKNOWN}
    click.echo("  " + "  ".join(f"{mark} {state}" for state, mark in marks.items()))
    click.echo()


def _frames(life: _Life, zone: tzinfo) -> None:
    from calltrack.words.sentences import brief

    colour = colourful()
    for touch in life.touches:
        body, at = touch.frame.body, touch.changes[0].at
        reason = safe(getattr(body, "reason", None) or "")
        when = "?" if at is None else f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}"
        click.echo(f"{when} line {touch.line}: {safe(touch.frame.event)} {reason}".rstrip())
        for change in touch.changes:
            click.echo(f"    {brief(change, colour, zone)}")
    if life.listed:
        click.echo(f"{life.listed} more frames list the call and change nothing")


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
