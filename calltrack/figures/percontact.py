"""Figures per contact, beside those per call and per leg: what a customer's matter took, and of whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from calltrack.core.records import Seconds
from calltrack.figures.agenttime import NO_ONE
from calltrack.figures.contactrows import ContactRow, Step
from calltrack.figures.evidence import Evidence
from calltrack.figures.ranges import Range
from calltrack.figures.shapes import FOUND, ContactFigures
from calltrack.figures.waits import ratio
from calltrack.figures.window import Window


def ended_contacts(contacts: Iterable[ContactRow], window: Window) -> list[ContactRow]:
    """The contacts that ended in the interval."""
    found = window.options.unseen_ends == FOUND
    return [one for one in contacts if one.outcome and window.has(one.ended_at if found else one.confirmed_at)]


class Part(NamedTuple):
    """Some contacts, or an agent's part in them, and their figures."""

    contacts: list[ContactRow]
    figures: ContactFigures


def contact_part(contacts: list[ContactRow]) -> Part:
    """Contacts with their figures."""
    figures = _figures(
        contacts,
        resolved=sum(one.answered and _resolver(one) is not None for one in contacts),
        conversation_s=sum(one.talk_s + one.hold_s for one in contacts),
        consult_s=sum(one.consult_s for one in contacts),
    )
    return Part(contacts, figures)


def agents_parts(contacts: Iterable[ContactRow]) -> dict[str, Part]:
    """Each agent's part in these contacts; one is counted once, however often the agent had it."""
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
        name: Part(
            mine[name],
            _figures(
                mine[name],
                resolved=sum(_resolver(one) == name for one in mine[name]),
                conversation_s=talked[name],
                consult_s=asked[name],
            ),
        )
        for name in {**mine, **asked}
    }


def contact_bounds(part: Part, evidence: Evidence) -> dict[str, Range | None]:
    """Ranges of the figures, by name: what was lost may hide a contact, or what ties two calls together."""
    found, contacts = part.figures, part.contacts
    shaky = [one for one in contacts if any(evidence.shaky(name) for name in one.calls)]
    apart = evidence.over(found.contacts + sum(one.consultations for one in contacts))
    hidden = evidence.traceless(found.contacts) + apart
    usual = max((one.talk_s + one.hold_s for one in contacts), default=0)
    unknown = sum(one.unknown_s for one in contacts)
    maybe = sum(not one.answered for one in shaky)
    swing = len(shaky) + hidden
    answered = Range(max(0, found.answered - apart), found.answered + maybe + hidden)
    asides = max((one.consult_s for one in contacts), default=0)
    talked = Range(
        max(0, found.conversation_s - evidence.hidden_in([one.consult_s for one in contacts]) - unknown),
        found.conversation_s + unknown + hidden * usual,
    )
    agents = sum(one.agents for one in contacts if one.answered)
    most = answered.high or 0
    ranges: dict[str, Range | None] = {
        "contacts": Range(max(0, found.contacts - apart), found.contacts + hidden),
        "answered": answered,
        "resolved": Range(max(0, found.resolved - swing), found.resolved + swing),
        "transferred": Range(found.transferred, found.transferred + swing),
        "consulted": Range(max(0, found.consulted - swing), found.consulted + swing),
        "conversation_s": talked,
        "consult_s": Range(max(0, found.consult_s - swing * asides), found.consult_s + unknown + swing * usual),
        "average_s": Range(talked.low / most, (talked.high or 0) / max(1, answered.low)) if most else None,
        "agents_per_contact": Range(max(0, agents - swing) / most, (agents + swing) / max(1, answered.low))
        if most
        else None,
    }
    return {f"contacts.{name}": one for name, one in ranges.items()}


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
    return f"{NO_ONE}{step.where}" if step.agent_id is None else str(step.agent_id)
