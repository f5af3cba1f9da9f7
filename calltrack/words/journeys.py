"""Contacts and their journeys in words."""

from __future__ import annotations

from datetime import tzinfo

from calltrack.figures import ContactRow
from calltrack.figures.checkpoint import Names
from calltrack.words.values import moment, span


def contact_cells(contact: ContactRow, names: Names, zone: tzinfo) -> dict[str, str]:
    """A contact as cells of a table, by heading."""
    return {
        "began": moment(contact.started, zone),
        "direction": contact.direction,
        "caller": contact.caller,
        "name": contact.caller_name,
        "queue": names.queues.get(contact.queue_id, contact.queue_id),
        "outcome": "live" if contact.outcome is None else str(contact.outcome),
        "resolved by": contact.resolved_by_name or ("" if contact.resolved_by is None else str(contact.resolved_by)),
        "calls": str(len(contact.calls)),
        "transfers": str(contact.transfers),
        "waited": span(contact.wait_s),
        "talk": span(contact.talk_s),
        "hold": span(contact.hold_s),
        "consulted": span(contact.consult_s),
    }


def step_cells(contact: ContactRow, names: Names, zone: tzinfo) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings and rows of a contact's journey."""
    return (
        ("since", "what", "where", "who", "took", "outcome"),
        [
            (
                moment(step.since, zone),
                step.kind,
                names.queues.get(step.where, step.where) if step.kind == "queue" else step.where,
                step.agent_name or ("" if step.agent_id is None else str(step.agent_id)),
                span(step.seconds) if step.kind != "attempt" else "",
                step.outcome,
            )
            for step in contact.journey
        ],
    )
