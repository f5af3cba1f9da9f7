"""Rows and figures of small recordings, as a person reads them out of the frames."""

from pathlib import Path
from typing import Any

import pytest

from calltrack import Frame, Tracker, read_recording
from calltrack.figures import Facts, Figures, WorkFigures, report
from tests.frames import START, call, extension, queue, stamp, utc, waiting

SCENARIOS = Path(__file__).parent.parent.parent / "fixtures" / "scenarios"


def gathered(name: str) -> Facts:
    """The facts of a scenario."""
    tracker, facts = Tracker(), Facts()
    for frame in read_recording(SCENARIOS / f"{name}.jsonl"):
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return facts


def test_a_queue_that_rings_again() -> None:
    """Three rings, two of them again; answered after 34 s."""
    found = report(gathered("queue-rings-again"))

    waits = found.queues[0].waits
    assert waits is not None
    assert (1, 1, 0, 34) == (waits.offered, waits.answered, waits.abandoned, waits.asa_s)
    assert (3, 2, 3) == (waits.rings, waits.re_rings, waits.most_rings)


def work(found: Figures) -> WorkFigures:
    """The work of a group, which is there."""
    assert found.work is not None
    return found.work


def test_a_pick_up_never_rang() -> None:
    """The agent chose it: answered, picked up, and no ring at the extension."""
    found = report(gathered("picked-up-from-queue"))

    waits = found.queues[0].waits
    assert waits is not None
    assert (1, 1) == (waits.answered, waits.picked_up)
    assert (0, 1, 1, 55, 5) == (
        *(work(found.total).rang, work(found.total).picked_up, work(found.total).handled),
        *(work(found.total).talk_s, work(found.total).hold_s),
    )
    assert "55" == next(iter(gathered("picked-up-from-queue").legs)).queue_id


def test_a_ring_group_has_one_winner() -> None:
    """The others' phones rang too, but they missed nothing."""
    found = work(report(gathered("answered-elsewhere")).total)

    assert (3, 1, 0, 2) == (found.rang, found.answered, found.not_answered, found.answered_elsewhere)


def test_a_transfer_is_the_agents_who_passed_it_on() -> None:
    """Not the consulted one's, and once, though three legs end as transferred."""
    found = report(gathered("consult-and-transfer"))

    assert {"SIPSIP1": 1, "SIPSIP2": 0} == {one.key: work(one).transfers for one in found.extensions}
    assert (1, 1) == (work(found.total).transfers, found.total.calls[0].transferred)


def test_a_listener_is_no_caller() -> None:
    """Neither a call nor a conversation, and no busy time."""
    found = report(gathered("spy"))

    assert (1, 1, 30) == (found.total.calls[0].calls, work(found.total).handled, work(found.total).talk_s)
    assert 30 == work(found.total).busy_s


@pytest.mark.parametrize(
    ("name", "direction", "answered", "handled"),
    [
        ("click2call", "Click2call", 1, 1),
        ("click2call-customer-does-not-answer", "Click2call", 0, 0),
        ("internal-call", "Internal", 1, 2),
        ("outgoing-answered", "Outgoing", 1, 1),
    ],
)
def test_directions(name: str, direction: str, answered: int, handled: int) -> None:
    """A click2call talks when the customer does; an internal call is handled at both ends."""
    found = report(gathered(name)).total

    (calls,) = found.calls[1:]
    assert (direction, 1, answered, handled) == (calls.direction, calls.calls, calls.answered, work(found).handled)


def feed(*frames: Frame) -> Facts:
    """The facts of some frames."""
    tracker, facts = Tracker(), Facts()
    for one in frames:
        facts.apply(tracker.feed(one), tracker.time)
    return facts


def test_a_status_begins_when_it_was_set() -> None:
    """Not when a frame reported it, a logout neither; that ends the agent's time."""
    set_at = (START + 50) * 1000
    gone: Any = {"onlineUserID": 0, "representativeStatus": 2, "representativeUpdated": (START + 90) * 1000}
    facts = feed(
        extension(0, "A", "userStatusUpdate"),
        extension(60, "A", "userStatusUpdate", representativeStatus=3, representativeUpdated=set_at),
        extension(100, "A", "userStatusUpdate", **gone),
        extension(160, "A", "userStatusUpdate", **gone),
    )
    found = report(facts)

    assert [(1, 50), (3, 40)] == [(one.status, one.seconds) for one in work(found.agents[0]).statuses]
    assert [(1, 50), (3, 40)] == [(one.status, one.seconds) for one in work(found.extensions[0]).statuses]
    assert [(utc(-60), utc(50)), (utc(50), utc(90)), (utc(90), None)] == [
        (row.since, row.until) for row in facts.agent_states
    ]


def test_a_stamp_from_the_future_shows_nothing() -> None:
    """Then the frame's time does."""
    future = (START + 9000) * 1000
    facts = feed(
        extension(0, "A", "userStatusUpdate"),
        extension(60, "A", "userStatusUpdate", representativeStatus=3, representativeUpdated=future),
    )

    assert [utc(60), None] == [row.until for row in facts.agent_states]


def test_another_agent_at_the_same_desk() -> None:
    """A leg is of the agent who was logged on when it began."""
    facts = feed(
        extension(0, "A", "NEWCALL", call("1", "Ringing")),
        extension(10, "A", "userStatusUpdate", calls=[call("1", "Ringing")], onlineUserID=8),
        extension(20, "A", "HANGUP", call("1", "Ringing"), onlineUserID=8),
        extension(30, "A", "NEWCALL", call("2", "Ringing", 30), onlineUserID=8),
    )

    assert [7, 8] == [leg.agent_id for leg in facts.legs]


@pytest.mark.parametrize(("silence", "observed"), [(600, 1.0), (601, 0.0)])
def test_a_long_silence_was_not_observed(silence: int, observed: float) -> None:
    """A live stream is asked for a sign of life every minute."""
    facts = feed(
        extension(0, "A", "userStatusUpdate"),
        extension(silence, "A", "userStatusUpdate"),
        extension(silence, "B", "userStatusUpdate"),  # one stamp alone, far ahead, is not believed
    )

    assert observed == report(facts).total.coverage


def test_an_outage_is_one_gap() -> None:
    """However long, and however many reasons there are for it; while it lasts nothing is observed."""
    facts = feed(
        extension(0, "A", "userStatusUpdate"),
        extension(100, "A", "userStatusUpdate"),
        Frame.of("disconnect", {"reason": "transport close"}),
        Frame.of("loginSuccess", stamp(1000)),
        extension(1100, "A", "userStatusUpdate"),
    )

    assert [(utc(100), utc(1000), "transport close")] == [(gap.since, gap.until, gap.reason) for gap in facts.gaps]
    assert 200 == report(facts).total.observed_s


def test_a_login_in_between_was_a_loss_too() -> None:
    """One gap, though it was silent for long."""
    facts = feed(
        extension(0, "A", "userStatusUpdate"),
        Frame.of("loginSuccess", stamp(1000)),
        extension(1100, "A", "userStatusUpdate"),
    )

    assert [(utc(0), utc(1000))] == [(gap.since, gap.until) for gap in facts.gaps]
    assert 100 == report(facts).total.observed_s


def test_an_extension_that_moves_to_another_account() -> None:
    """Its running status is the new account's; a leg says so, or the snapshot."""
    frames = (
        extension(0, "A", "userStatusUpdate"),
        extension(20, "A", "userStatusUpdate", representativeStatus=3, accountID=77),
    )
    ring = extension(30, "A", "NEWCALL", call("1", "Ringing", 30), representativeStatus=3, accountID=77)
    tracker, facts = Tracker(), Facts()
    for one in frames:
        facts.apply(tracker.feed(one), tracker.time)
    facts.learn(tracker.snapshot())

    for found in (facts, feed(*frames, ring)):
        first, last = found.agent_states
        assert (True, 77) == (first.account_id != 77, last.account_id)


def test_what_answers_a_wait_rang_in_it() -> None:
    """Though another server, whose clock is behind, stamps its end before the ring."""
    facts = feed(
        queue(1, "JOIN", "1", [waiting("1")]),
        extension(9, "A", "NEWCALL", call("1", "Ringing", 9)),
        queue(8, "EXIT", "1", []),
        extension(12, "A", "ANSWER", call("1", "Talking", 9, 12)),
    )

    assert [1] == [row.rings for row in facts.queue_entries]


def test_a_call_that_is_dialed_again_is_one_row() -> None:
    """The same id, after it had ended."""
    facts = gathered("dialed-again")

    assert 1 == len(list(facts.calls)) < len(list(facts.legs))
    assert 1 == report(facts).total.calls[0].calls


def test_facts_that_begin_in_the_middle() -> None:
    """Know what lives from its stamps; what is observed begins there."""
    tracker = Tracker()
    for one in (
        queue(1, "JOIN", "1", [waiting("1")]),
        extension(2, "A", "NEWCALL", call("2", "Ringing", 2)),
        extension(10, "A", "ANSWER", call("2", "Talking", 2, 10)),
    ):
        tracker.feed(one)
    facts = Facts.of(tracker.snapshot())
    for one in (
        queue(40, "ABANDONED", "1", []),
        extension(70, "A", "HANGUP", call("2", "Talking", 2, 10)),
    ):
        facts.apply(tracker.feed(one), tracker.time)
    found = report(facts).total

    assert found.waits is not None
    assert (1, 39, 60, 60) == (found.waits.abandoned, found.waits.longest_wait_s, found.observed_s, work(found).talk_s)
    assert (60, 1) == (work(found).busy_s, work(found).rang)


def test_the_beginning_is_the_middle_of_nothing() -> None:
    """A new tracker's snapshot holds nothing."""
    assert Facts().checkpoint() == Facts.of(Tracker().snapshot()).checkpoint()
