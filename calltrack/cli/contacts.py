"""`calltrack contacts`: the matters of customers, over all of their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, put, recording_argument, strict_option, tz_options

if TYPE_CHECKING:
    from datetime import tzinfo


@click.command("contacts", short_help="List contacts: a customer's matter over all of its calls.")
@recording_argument
@click.option("--journey", is_flag=True, help="Below each contact where it was, with whom and how long.")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines: an object a contact, with its journey.")
@tz_options
@strict_option
def command(recording: str, journey: bool, as_json: bool, tz: tzinfo | None, strict: bool) -> None:
    """List the contacts in RECORDING: a call with its transfers, consultations, moves between queues and calls back is
    one contact of one customer. "Resolved by" had the last conversation that was not passed on; consultations are the
    agents' own time. The list has names and phone numbers.

    \b
    Examples:
      calltrack contacts events.jsonl
      calltrack contacts events.jsonl --journey
      calltrack contacts events.jsonl --json | jq 'select(.transfers > 0)'
    """
    import msgspec

    from calltrack.cli.tables import show
    from calltrack.words.journeys import contact_cells, step_cells

    reader = Reader(recording, strict=strict, zone=tz)
    facts = reader.facts()
    found, zone = list(facts.contacts), reader.zone
    if as_json:
        for contact in found:
            put(msgspec.json.encode(contact).decode())
    elif journey:
        for contact in found:
            title = " · ".join(cell for cell in contact_cells(contact, facts.names, zone).values() if cell)
            show(title, *step_cells(contact, facts.names, zone))
    else:
        rows = [contact_cells(contact, facts.names, zone) for contact in found]
        headings = tuple(rows[0]) if rows else ("began",)
        show(f"contacts: {len(found)}", headings, [tuple(row.values()) for row in rows])
    reader.finish()
