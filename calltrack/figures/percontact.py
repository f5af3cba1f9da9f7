"""Figures per contact, beside those per call and per leg: what a customer's matter took, and of whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from calltrack.core.records import Seconds
from calltrack.figures.agenttime import NOBODY
from calltrack.figures.contactrows import ContactRow, Step
from calltrack.figures.shapes import FOUND, ContactFigures
from calltrack.figures.waits import ratio
from calltrack.figures.window import Window


def ended_contacts(contacts: Iterable[ContactRow], window: Window) -> list[ContactRow]:
    """The contacts that ended in the interval."""
    found = window.options.unseen_ends == FOUND
    return [one for one in contacts if one.outcome and window.has(one.ended_at if found else one.confirmed_at)]


def contact_figures(contacts: list[ContactRow]) -> ContactFigures:
    """The figures of these contacts."""
    return _figures(
        contacts,
        resolved=sum(one.answered and _resolver(one) is not None for one in contacts),
        conversation_s=sum(one.talk_s + one.hold_s for one in contacts),
        consult_s=sum(one.consult_s for one in contacts),
    )


def agents_contacts(contacts: Iterable[ContactRow]) -> dict[str, ContactFigures]:
    """The figures of each agent's part in these contacts; one is counted once, however often the agent had it."""
    mine: defaultdict[str, list[ContactRow]] = defaultdict(list)
    talked: defaultdict[str, Seconds] = defaultdict(int)
    asked: defaultdict[str, Seconds] = defaultdict(int)
    for contact in contacts:
        for step in contact.journey:
            if step.kind == "conversation":
                talked[_who(step)] += step.seconds or 0
            elif step.kind == "consultation":
                asked[_who(step)] += step.seconds or 0
        for name in {_who(step) for step in contact.journey if step.kind == "conversation"}:
            mine[name].append(contact)
    return {
        name: _figures(
            mine[name],
            resolved=sum(_resolver(one) == name for one in mine[name]),
            conversation_s=talked[name],
            consult_s=asked[name],
        )
        for name in {**mine, **asked}
    }


def _figures(
    contacts: list[ContactRow], *, resolved: int, conversation_s: Seconds, consult_s: Seconds
) -> ContactFigures:
    answered = [one for one in contacts if one.answered]
    return ContactFigures(
        contacts=len(contacts),
        answered=len(answered),
        resolved=resolved,
        transferred=sum(one.transfers > 0 for one in contacts),
        consulted=sum(one.consultations > 0 for one in contacts),
        conversation_s=conversation_s,
        consult_s=consult_s,
        average_s=ratio(conversation_s, len(answered)),
        agents_per_contact=ratio(sum(one.agents for one in answered), len(answered)),
    )


def _resolver(contact: ContactRow) -> str | None:
    """Who had the last conversation that was not passed on."""
    last = None
    for step in contact.journey:
        if step.kind == "conversation" and step.outcome != "transferred":
            last = step
    return None if last is None else _who(last)


def _who(step: Step) -> str:
    return f"{NOBODY}{step.where}" if step.agent_id is None else str(step.agent_id)
