"""`calltrack missed`: callers who were not answered, and have not been spoken to since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, put, recording_argument, strict_option, tz_options

if TYPE_CHECKING:
    from datetime import tzinfo


@click.command("missed", short_help="List callers who were missed and not spoken to since.")
@recording_argument
@click.option("--json", "as_json", is_flag=True, help="As JSON: one object.")
@tz_options
@strict_option
def command(recording: str, as_json: bool, tz: tzinfo | None, strict: bool) -> None:
    """List who called in RECORDING, was not answered, and was not spoken to since: they did not call again and get an
    answer, and no call to them was answered. A number is the same in any notation. Who has waited longest comes first.
    The list has names and phone numbers.

    \b
    Examples:
      calltrack missed events.jsonl
      calltrack missed events.jsonl --json | jq -r '.callers[].number'
    """
    import msgspec

    from calltrack.cli.tables import show
    from calltrack.figures.missed import missed
    from calltrack.words.numbers import normal
    from calltrack.words.values import moment, span

    reader = Reader(recording, strict=strict, zone=tz)
    facts = reader.facts()
    found = missed(facts.calls, normal)
    if as_json:
        put(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        zone, now, queues = reader.zone, facts.time, facts.names.queues
        show(
            f"callers to call back: {len(found.callers)}; missed calls without a number: {found.anonymous}",
            ("caller", "name", "missed", "times", "tried", "queue", "waited", "since"),
            [
                (
                    one.number,
                    one.name,
                    moment(one.last, zone),
                    one.calls,
                    one.tried,
                    queues.get(one.queue_id, one.queue_id),
                    span(one.wait_s),
                    span(None if now is None else now - one.first),
                )
                for one in found.callers
            ],
        )
    reader.finish()
