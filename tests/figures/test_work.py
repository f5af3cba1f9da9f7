"""Figures of work, one rule at a time."""

from typing import Any

from calltrack.core.records import Gap
from calltrack.core.states import Outcome
from calltrack.figures import CallRow, Facts, Options, WorkFigures, report
from calltrack.figures.checkpoint import Presence
from tests.figures.made import facts, status, talk

WRAPPING = Options(wrap_up=(14,))


def counted(
    held: Facts, since: float | None = None, until: float | None = None, options: Options = WRAPPING
) -> WorkFigures:
    """The figures of all work."""
    found = report(held, since, until, options).total.work
    assert found is not None
    return found


def test_handling_times() -> None:
    """Talk without hold, and all of it with what followed."""
    found = counted(
        facts(talk(100, 200, hold=10), talk(300, 350), status(1, 0, 200), status(14, 200, 230), status(1, 230))
    )

    assert (2, 140, 10, 30) == (found.handled, found.talk_s, found.hold_s, found.wrap_up_s)
    assert (70, 90) == (found.att_s, found.aht_s)


def test_occupancy() -> None:
    """Busy and after-call over these and available; another status is none of them."""
    found = counted(facts(talk(100, 200), status(1, 0, 200), status(14, 200, 250), status(1, 250, 300), status(3, 300)))

    assert (100, 50, 150, 0.5) == (found.busy_s, found.after_call_s, found.available_s, found.occupancy)
    assert [(1, 250), (3, 700), (14, 50)] == [(one.status, one.seconds) for one in found.statuses]


def test_wrap_up_is_no_status_of_the_vendor() -> None:
    """Unless an account names one there is none."""
    found = counted(facts(talk(100, 200), status(14, 0)), options=Options())

    assert (0, 0) == (found.wrap_up_s, found.after_call_s)


def test_wrap_up_belongs_to_the_conversation_before_it() -> None:
    """Not to one that lasts, nor to one of another agent; what is set while talking begins with the end."""
    held = facts(talk(100, 200), talk(210, 300), talk(0, 50, agent_id=8), status(14, 60, 90), status(14, 150))

    assert [10 + 700] == [
        found.work.wrap_up_s for found in report(held, options=WRAPPING).agents if found.key == "7" and found.work
    ]
    assert 10 == counted(held, 200, 201).wrap_up_s


def test_times_are_cut_to_the_interval() -> None:
    """Conversations count whole where they end."""
    held = facts(talk(100, 300), status(1, 0))
    first, second = counted(held, 0, 200), counted(held, 200, 1000)

    assert (0, 0, 100, 100) == (first.handled, first.talk_s, first.busy_s, first.available_s)
    assert (1, 200, 100, 700) == (second.handled, second.talk_s, second.busy_s, second.available_s)


def test_a_conversation_that_lasts_is_busy_so_far() -> None:
    """Up to the last frame; it is not handled yet."""
    found = counted(facts(talk(900, None), status(1, 0)))

    assert (0, 100, 900) == (found.handled, found.busy_s, found.available_s)


def test_two_at_once_are_busy_once() -> None:
    """At one phone, and at two phones of one agent."""
    found = counted(facts(talk(100, 200), talk(150, 250), talk(120, 300, exten_user="SIP2"), status(1, 0)))

    assert (200, 800) == (found.busy_s, found.available_s)


def test_what_was_not_observed_is_no_time() -> None:
    """Neither in a gap nor before an extension's first sight; the coverage says how much there is."""
    held = facts(
        talk(100, 300),
        status(1, 0),
        gaps=(Gap(200, 400, "lost"),),
        presences=(Presence("SIP1", 150),),
    )
    found = report(held)

    assert (50, 600) == (counted(held).busy_s, counted(held).available_s)
    assert (800, 0.8) == (found.total.observed_s, found.total.coverage)
    assert (650, 0.65) == (found.extensions[0].observed_s, found.extensions[0].coverage)
    assert 0.65 == found.agents[0].coverage


def test_what_is_no_conversation() -> None:
    """A listener's leg, and the agent's own phone of a click2call."""
    found = counted(
        facts(
            talk(100, 200, direction="Spy", outcome=Outcome.SPIED, rang=False),
            talk(100, 200, c2c=1, rang=False),
            talk(200, 300, c2c=2, direction="Click2call", rang=False, attempt=2),
        )
    )

    assert (1, 1, 1, 0) == (found.handled, found.dialed, found.reached, found.rang)


def test_what_became_of_rings() -> None:
    """A ring group's losers have not missed anything."""
    missed: Any = {"answered": False, "answered_at": None, "spells": (), "talk_s": 0}
    found = counted(
        facts(
            talk(100, 200),
            talk(100, 101, outcome=Outcome.ANSWERED_ELSEWHERE, exten_user="SIP2", **missed),
            talk(110, 120, outcome=Outcome.NOT_ANSWERED_HERE, **missed),
            talk(130, 140, outcome=Outcome.REJECTED, **missed),
            talk(300, 400, picked_up=True, rang=False),
        )
    )

    assert (4, 1, 2, 1) == (found.rang, found.answered, found.not_answered, found.answered_elsewhere)
    assert (1, 2) == (found.picked_up, found.handled)


def test_a_conversation_of_unknown_length_is_in_no_average() -> None:
    """It is counted."""
    found = counted(facts(talk(100, 200), talk(300, 900, unknown_s=100)))

    assert (2, 1, 100, 100) == (found.handled, found.unmeasured, found.talk_s, found.att_s)


def test_a_phone_without_an_agent_is_not_available() -> None:
    """A phone that works with no one logged on is busy, but waits for no call."""
    held = facts(talk(100, 200, agent_id=None, agent_name=""), status(1, 0, agent_id=None))
    found = report(held)

    assert (100, 0) == (counted(held).busy_s, counted(held).available_s)
    assert ["at SIP1"] == [one.key for one in found.agents]
    assert () == (found.extensions[0].work.statuses if found.extensions[0].work else None)


def test_a_transfer_is_the_transferring_agents() -> None:
    """Of three legs that end as transferred, it is one of the agent's whom the new call names."""
    passed: Any = {"outcome": Outcome.TRANSFERRED}
    held = facts(
        talk(100, 200, call_id="1", **passed),
        talk(150, 200, call_id="2", direction="Outgoing", **passed),
        talk(150, 200, call_id="2", attempt=2, exten_user="SIP2", agent_id=8, agent_name="Clark", **passed),
        CallRow("3", 1, "Incoming", "", "", "", "", 200, related=("1", "2"), transferred_by="Lois"),
    )

    assert 1 == counted(held).transfers
    assert {"7": 1, "8": 0} == {one.key: one.work.transfers for one in report(held).agents if one.work}


def test_the_new_call_names_the_extension_of_the_transferrer() -> None:
    """Clark works at Lois' phone, and so the consulted Lois is not who transferred."""
    passed: Any = {"outcome": Outcome.TRANSFERRED}
    held = facts(
        talk(100, 200, call_id="1", agent_id=8, agent_name="Clark", **passed),
        talk(150, 200, call_id="2", attempt=2, exten_user="SIP2", agent_name="Lois", **passed),
        CallRow("3", 1, "Incoming", "", "", "", "", 200, related=("1", "2"), transferred_by="Lois"),
        extensions={"SIP1": "Lois", "SIP2": "Clark"},
    )

    assert {"7": 0, "8": 1} == {one.key: one.work.transfers for one in report(held).agents if one.work}


def test_calls_per_agent() -> None:
    """Agents are those who handled any."""
    found = counted(
        facts(talk(100, 200), talk(300, 400), talk(500, 600), talk(100, 200, agent_id=8), status(1, 0, agent_id=9))
    )

    assert (4, 2, 2.0) == (found.handled, found.agents, found.calls_per_agent)
