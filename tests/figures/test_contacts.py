"""A contact is one matter of one customer, over all of its calls."""

from typing import Any

import pytest

from calltrack.core.states import Outcome
from calltrack.figures import CallRow, ContactRow, LegRow, QueueEntryRow, report
from tests.figures.losses import counted, day
from tests.figures.made import ABANDONED, ANSWERED, facts, talk, wait
from tests.figures.test_facts import gathered


def call(call_id: str, started: float, ended_at: float | None, **more: Any) -> CallRow:
    """An answered call of a customer."""
    base: dict[str, Any] = {"account_id": 1, "direction": "Incoming", "caller": "0501234567", "caller_name": ""}
    base |= {"did": "", "queue_id": "", "answered": True, "outcome": ANSWERED, "ended_at": ended_at}
    return CallRow(call_id, **{**base, "started": started, **more})


def contact(*rows: CallRow | LegRow | QueueEntryRow) -> ContactRow:
    """The only contact of some rows."""
    (found,) = facts(*rows).contacts
    return found


def test_a_transfer_is_one_contact() -> None:
    """The customer's call, the consultation and the call that followed; the receiver resolved it."""
    held = gathered("consult-and-transfer")
    (found,) = held.contacts
    steps = [(step.kind, step.where, step.agent_name, step.seconds) for step in found.journey]

    assert (3, 1, 1, 2) == (len(found.calls), found.transfers, found.consultations, found.agents)
    assert ("Lois Lane", Outcome.ANSWERED) == (found.resolved_by_name, found.outcome)
    assert [
        ("conversation", "SIPSIP1", "Clark Kent", 30),
        ("consultation", "SIPSIP1", "Clark Kent", 12),
        ("consultation", "SIPSIP2", "Lois Lane", 13),
        ("conversation", "SIPSIP2", "Lois Lane", 49),
    ] == steps
    assert (59, 20, 13) == (found.talk_s, found.hold_s, found.consult_s)


def test_the_receivers_part_is_credited_once() -> None:
    """Per contact each agent has it once, with the own part; the consultation is apart."""
    found = report(gathered("consult-and-transfer"))
    agents = {one.name: one.contacts for one in found.agents}
    clark, lois, total = agents["Clark Kent"], agents["Lois Lane"], found.total.contacts
    assert clark is not None and lois is not None and total is not None

    assert (1, 0, 30, 12) == (clark.contacts, clark.resolved, clark.conversation_s, clark.consult_s)
    assert (1, 1, 49, 13) == (lois.contacts, lois.resolved, lois.conversation_s, lois.consult_s)
    assert (1, 1, 1, 1, 79, 2.0) == (
        *(total.contacts, total.resolved, total.transferred, total.consulted),
        *(total.conversation_s, total.agents_per_contact),
    )
    handled = found.total.definitions.handled
    assert {"all": 4, "inbound": 2, "outbound": 0, "internal": 0, "consultation": 2} == handled


def test_a_consultation_without_a_transfer() -> None:
    """A call dialed in a conversation belongs to its contact; one dialed after it does not."""
    customer = call("1", 0, 100), talk(5, 100, call_id="1")
    aside = call("2", 40, 60, direction="Internal"), talk(41, 60, call_id="2", direction="Outgoing", internal=True)
    later = call("3", 150, 160, direction="Outgoing"), talk(151, 160, call_id="3", direction="Outgoing")
    found = list(facts(*customer, *aside, *later).contacts)

    assert [("1", "2"), ("3",)] == [one.calls for one in found]
    assert (95, 19) == (found[0].talk_s, found[0].consult_s)


def test_a_move_between_queues() -> None:
    """Under a new id the queue's list names the old one: one contact that waited in both."""
    found = contact(
        call("1", 0, 50, answered=False, outcome=ABANDONED, queue_id="55"),
        wait(0, 50, ABANDONED, call_id="1"),
        call("2", 50, 200, queue_id="56"),
        wait(50, 80, ANSWERED, call_id="2", queue_id="56", original_call_id="1"),
        talk(80, 200, call_id="2", queue_id="56"),
    )

    assert (("1", "2"), "56", 80, 120) == (found.calls, found.queue_id, found.wait_s, found.talk_s)
    assert ["queue", "queue", "conversation"] == [step.kind for step in found.journey]


def test_a_contact_that_lives_has_no_outcome() -> None:
    """Nor has anyone resolved it yet."""
    found = contact(call("1", 0, 100), call("2", 100, None, related=("1",), outcome=None), talk(5, 100, call_id="1"))

    assert (None, None, None) == (found.outcome, found.ended_at, found.resolved_by)


@pytest.mark.parametrize("seed", range(3))
def test_every_call_is_in_one_contact(seed: int) -> None:
    """But those of listeners; and a customer talks no longer than the contact lasts."""
    from calltrack import Tracker
    from calltrack.figures import Facts

    tracker, held = Tracker(), Facts()
    for frame in day(seed, 1, captured=True):
        held.apply(tracker.feed(frame), tracker.time)
    found = list(held.contacts)

    calls = sorted(row.call_id for row in held.calls if row.direction != "Spy")
    assert calls == sorted(name for one in found for name in one.calls)
    for one in found:
        if one.ended_at is not None and one.started is not None:
            assert one.wait_s + one.talk_s + one.hold_s + one.unknown_s <= one.ended_at - one.started + 1e-6
    total = report(held).total.contacts
    assert total is not None
    assert total.contacts == sum(one.outcome is not None for one in found)


def test_contacts_of_a_day_add_up() -> None:
    """By queue they are those of queues, by account all; agents have each at least one per answered contact."""
    found = counted(day(1, 2, captured=False))
    total = found.total.contacts
    assert total is not None

    assert total.contacts == sum(one.contacts.contacts for one in found.accounts if one.contacts)
    assert total.resolved == sum(one.contacts.resolved for one in found.agents if one.contacts)
