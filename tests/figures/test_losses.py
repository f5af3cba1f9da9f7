"""Figures of a damaged stream hold the true ones in their bounds; those of an undamaged one are certain."""

from typing import Any

import pytest
from msgspec.structs import replace

from calltrack import Frame, Tracker
from calltrack.core.changes import Anomaly, AnomalyKind
from calltrack.core.records import Gap, Spell
from calltrack.core.states import Outcome, State
from calltrack.figures import Facts, Options, Part, report
from calltrack.figures.contacts import consulted
from calltrack.figures.ranges import Range, average, share, unseen
from calltrack.figures.rows import CallRow
from calltrack.figures.shapes import FOUND, Figures
from calltrack.testing import frames as made
from tests.figures.losses import LOSSES, cells, counted, day, thinned
from tests.figures.made import ANSWERED, LOST, PICKED_UP, facts, status, talk, wait


@pytest.fixture(scope="module")
def whole() -> list[list[Frame]]:
    """Two simulated days of three hours: an orderly one, and one with the quirks of captures."""
    return [day(2, 3, captured=False), day(3, 3, captured=True)]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_true_figures_lie_in_the_bounds(whole: list[list[Frame]], loss: float) -> None:
    """95 of 100, whatever share of the events is removed; the long run is `python -m tests.figures.losses`."""
    found = [cell for frames in whole for cell in cells(counted(frames), counted(thinned(frames, loss, 1)))]
    missed = [cell for cell in found if not cell.holds]

    assert len(found) > 1000
    assert len(missed) <= 0.05 * len(found), missed[:20]


def test_losses_lower_the_coverage(whole: list[list[Frame]]) -> None:
    """The more events are lost the less is known."""
    covered = [counted(thinned(whole[0], loss, 1)).total.coverage or 0 for loss in (0, *LOSSES)]

    assert covered == sorted(covered, reverse=True)
    assert covered[0] == 1
    assert len(set(covered)) == len(covered)


@pytest.mark.parametrize("seed", range(4))
def test_what_lost_nothing_is_certain(seed: int) -> None:
    """No figure of an undamaged stream has bounds, unless its lists contradict its events."""
    frames, tracker = day(seed, 1, captured=False), Tracker()
    found = counted(frames)
    changes = [change for frame in frames for change in tracker.feed(frame)]
    assert not [one for one in changes if isinstance(one, Anomaly) and one.kind is AnomalyKind.EVENT_MISSED]

    groups = (found.total, *found.queues, *found.agents, *found.extensions, *found.accounts)
    assert all(one.bounds == {} for one in groups)
    assert found.total.unresolved.waits == 0


def test_an_average_with_what_may_belong_to_it() -> None:
    """Each value at its least and most; another counts where it moves the average."""
    assert Range(10, 20) == average([Range(10, 20)])
    assert Range(5, 20) == average([Range(10, 20)], [Range(0, 5)])
    assert Range(10, 25) == average([Range(10, 20)], [Range(10, 30)])
    assert Range(10, None) == average([Range(10, None)])
    assert average([]) is None
    assert Range(10, 30) == average([Range(10, 10), Range(30, 30)], swing=1)


def test_a_share_of_what_is_not_certain() -> None:
    """Least of the part with most of the rest, and the other way round."""
    assert Range(0.25, 0.5) == share(Range(1, 2), Range(2, 3))
    assert share(Range(0, 0), Range(0, 0)) is None
    assert Range(0, 1) == share(Range(0, 1), Range(0, None))


@pytest.mark.parametrize(("expected", "count"), [(0, 0), (0.05, 0), (0.06, 1), (1, 3), (5, 9)])
def test_how_many_may_be_unseen(expected: float, count: int) -> None:
    """The 95th percentile of a Poisson distribution."""
    assert count == unseen(expected)


def test_a_lost_wait_may_be_of_any_kind() -> None:
    """It was answered or given up, in time or not; and a count says so."""
    held = facts(wait(0, 10, ANSWERED), wait(0, 100, LOST, least_s=5, most_s=100, inferred="gone"))
    found = report(held).total
    assert found.waits is not None

    assert 1.0 == found.waits.service_level.negative
    assert Range(0.5, 1) == found.bounds["waits.service_level.negative"]
    assert Range(1, 2) == found.bounds["waits.answered"]
    assert Range(0, 0.5) == found.bounds["waits.abandonment_rate"]
    assert Range(7.5, 55) == found.bounds["waits.asa_s"]


def test_occupancy_of_an_agent_with_a_gap() -> None:
    """What happened in it is not known: conversation, or idle."""
    held = facts(status(1, 0), talk(100, 200), gaps=(Gap(400, 500, "the connection was lost"),))
    found = report(held).total
    assert found.work is not None

    assert (100, 800) == (found.work.busy_s, found.work.available_s)
    assert Range(100, 200) == found.bounds["work.busy_s"]
    assert Range(100 / 1000, 200 / 1000) == found.bounds["work.occupancy"]
    assert Range(900, 1000) == found.bounds["work.status_1_s"]


def test_silence_alone_is_no_loss() -> None:
    """It counts as not observed, but nothing says that something was lost."""
    found = report(facts(status(1, 0), gaps=(Gap(400, 500, "nothing was received"),))).total

    assert (900, 0.9, {}) == (found.observed_s, found.coverage, found.bounds)


def test_a_missed_retrieval_leaves_talk_or_hold() -> None:
    """Between the two lists it was one of them; the conversation itself is certain."""
    tracker, held = Tracker(), Facts()
    talking = made.call("1", "Talking", answered_at=5, answered=1)
    for frame in (
        made.all_extensions(0, SIP1=[]),
        made.extension(1, "SIP1", "NEWCALL", made.call("1", "Ringing")),
        made.extension(5, "SIP1", "ANSWER", talking),
        made.extension(20, "SIP1", "HOLD", made.call("1", "Hold", answered_at=5, answered=1)),
        made.extension(50, "SIP1", "HOLD", made.call("1", "Hold", answered_at=5, answered=1, later=1)),
        made.extension(60, "SIP1", "HANGUP", made.call("1", "Hold", answered_at=5, answered=1), calls=[]),
    ):
        held.apply(tracker.feed(frame), tracker.time)
    (leg,) = held.legs
    assert (1, 30) == (leg.missed, leg.unsure_s)
    bounds = report(held).total.bounds
    talked, on_hold = bounds["work.talk_s"], bounds["work.hold_s"]

    assert talked.low <= 15 <= 45 <= (talked.high or 0)
    assert on_hold.low <= 10 <= 40 <= (on_hold.high or 0)
    assert "work.aht_s" not in bounds


OTHERS = [talk(n * 5 + 1, n * 5 + 2, exten_user="SIP9", agent_id=9) for n in range(100)]
"""So much is seen that little can have left no trace."""


def of_agent(key: str, *rows: Any) -> dict[str, Range]:
    """The bounds of an agent's figures."""
    return next(one for one in report(facts(*rows, *OTHERS)).agents if one.key == key).bounds


def test_an_end_that_was_not_seen_is_within_the_lag_of_events() -> None:
    """The last list that had the leg, and the first that lacked it, say no moment exactly."""
    gone: dict[str, Any] = {"inferred": "in no list", "missed": 1, "confirmed_at": 200}
    spells = (Spell(State.TALKING, 100, 200), Spell(State.UNKNOWN, 200, 300))
    bounds = of_agent("7", status(1, 0), talk(100, 300, talk_s=100, unknown_s=100, spells=spells, **gone))

    assert Range(82, 218) == bounds["work.talk_s"] == bounds["work.busy_s"] == bounds["work.aht_s"]
    assert Range(782, 918) == bounds["work.available_s"]
    assert Range(0, 118) == bounds["work.hold_s"]


def test_a_leg_of_before_the_stream_whose_end_was_lost_is_uncertain_from_its_last_list() -> None:
    """A frame's moment at the switch can be before the stamp of the first frame."""
    spells = (Spell(State.TALKING, -50, -1), Spell(State.UNKNOWN, -1, 300))
    lost = talk(-50, 300, talk_s=49, unknown_s=301, spells=spells, inferred="in no list", missed=1, confirmed_at=-1)

    assert Range(31, 368) == of_agent("7", lost)["work.talk_s"]


def test_a_ring_that_seems_answered_elsewhere_may_have_been_missed() -> None:
    """Its end was not seen, but an answer nearby."""
    seen = talk(100, 110, answered=False, answered_at=None, talk_s=0, spells=(), outcome=Outcome.ANSWERED_ELSEWHERE)
    bounds = of_agent("7", replace(seen, inferred="in no list", missed=1), replace(seen, call_id="other"))

    assert Range(1, 2) == bounds["work.answered_elsewhere"]
    assert (0, 1) == (bounds["work.not_answered"].low, bounds["work.not_answered"].high)


def test_a_pick_up_that_was_not_seen_to_begin_may_be_a_ring() -> None:
    """Its call rang again later, so it went back to the queue (ruling 8)."""
    back = talk(100, 110, call_id="1", rang=False, started=100, missed=1, ring_s=0)
    bounds = of_agent("7", back, talk(150, 190, call_id="1", attempt=2, exten_user="SIP2", agent_id=8))

    assert Range(0, 1) == bounds["work.handled"] == bounds["work.agents"]
    assert (0, 0) == (bounds["work.talk_s"].low, bounds["work.busy_s"].low)
    assert Range(0, 10) == bounds["definitions.ringing_s"]


def test_conversations_that_left_no_trace_are_in_the_time_of_agents() -> None:
    """As many as may be handled."""
    held = facts(status(1, 0, confirmed_at=1000), *(talk(n * 90 + 10, n * 90 + 20, missed=n % 2) for n in range(10)))
    bounds = report(held).total.bounds
    handled, busy, free = bounds["work.handled"], bounds["work.busy_s"], bounds["work.available_s"]
    more = ((handled.high or 0) - 10) * 10

    assert more > 0
    assert 100 + more == busy.high
    assert 900 - more == free.low


def test_who_is_first_seen_at_a_desk_may_have_been_there_before() -> None:
    """The end of the stretch before may have been another's: the event that says so can be missing."""
    lost = [talk(n * 10 + 1, n * 10 + 2, exten_user="SIP2", agent_id=9, missed=1) for n in range(5)]
    held = facts(status(1, 0, 600, confirmed_at=100), status(1, 600, agent_id=8, agent_name="Clark"), *lost)
    clark = next(one for one in report(held).agents if one.key == "8")

    assert 900 == clark.bounds["definitions.logged_in_s"].high


def test_a_ring_without_a_stay_shows_one_in_its_own_time_and_account() -> None:
    """The far end of a transfer keeps the queue's id, and shows none."""
    stays = [wait(50, 60, ANSWERED, account_id=1), wait(550, 560, ANSWERED, account_id=2)]
    ring = talk(100, 120, call_id="unseen", queue_id="55", missed=1)
    far_end = talk(600, 620, call_id="transferred", queue_id="55", rang=False, account_id=2)
    others = [talk(n, n + 1, account_id=3, exten_user="SIP3") for n in range(700, 750)]
    halves = [Part("first", 0, 500), Part("second", 500, 1000)]
    found = report(facts(*stays, ring, far_end, *others), parts=halves)

    def offered(figures: Figures) -> Any:
        return figures.bounds.get("waits.offered")

    assert Range(2, 3) == offered(found.total) == offered(found.queues[0])
    assert [Range(1, 2), None] == [offered(one) for one in found.parts]
    assert {"1": Range(1, 2), "2": None} == {one.key: offered(one) for one in found.accounts if one.key != "3"}


def test_a_call_may_be_of_another_account_than_it_seems() -> None:
    """Its first leg is one of two that began together; another was answered at a phone that is not seen."""
    rings = [talk(100, 120, call_id="1"), talk(101, 120, call_id="1", attempt=2, account_id=2, missed=1)]
    known: dict[str, Any] = {"answered": True, "outcome": ANSWERED, "talk_s": 20}
    calls = [
        CallRow(call_id, account_id, "Incoming", "", "", "", "", ended - 20, ended_at=ended, **known)
        for call_id, account_id, ended in (("1", 1, 120), ("2", 1, 300), ("3", None, 400))
    ]
    stay = wait(350, 400, PICKED_UP, call_id="3")
    own = [wait(50, 100, ANSWERED, call_id="1", account_id=1), wait(250, 300, ANSWERED, call_id="2", account_id=1)]
    held = facts(*rings, talk(250, 300, call_id="2", missed=1), *calls, *own, stay)
    bounds = {one.key: one.bounds for one in report(held).accounts}

    assert Range(1, 3) == bounds["1"]["calls.all.calls"]
    assert (0, 2) == (bounds["2"].get("waits.answered", Range(0, 2)).low, bounds["2"]["waits.answered"].high)
    assert (1, 3) == (bounds["1"]["waits.answered"].low, bounds["1"]["waits.answered"].high)
    assert 0 == bounds[""]["waits.picked_up"].low


@pytest.mark.parametrize(("late", "direction"), [("caller", "Internal"), ("first ring", "Incoming")])
def test_a_call_begins_with_the_leg_that_began_first(late: str, direction: str) -> None:
    """Though another is seen before it: the event of its start is missing."""
    internal = {"isInternal": True} if late == "caller" else {}
    way = {"direction": "Outgoing" if late == "caller" else "Incoming", **internal}
    rung = made.call("1", "Ringing", 21, **internal)
    tracker, held = Tracker(), Facts()
    for frame in (
        made.all_extensions(0, SIP1=[], SIP2=[]),
        made.extension(20, "SIP2", "NEWCALL", rung, accountID=200),
        made.extension(30, "SIP1", "ANSWER", made.call("1", "Talking", 10 if late != "caller" else 21, 30, **way)),
    ):
        held.apply(tracker.feed(frame), tracker.time)
    (row,) = held.calls

    assert (100, direction) == (row.account_id, row.direction)


def test_a_colleague_s_phone_that_was_seen_first_makes_no_other_call_of_a_consultation() -> None:
    """The event of its start at the agent's own phone is missing, so it is the second leg."""
    asks: dict[str, Any] = {"call_id": "2", "internal": True}
    legs = [
        talk(10, 200, call_id="1"),
        talk(60, 90, exten_user="SIP2", agent_id=8, **asks),
        talk(60, 90, attempt=2, direction="Outgoing", **asks),
    ]

    assert {"2": "1"} == consulted(legs)


def test_an_unseen_end_counts_when_it_was_last_listed() -> None:
    """Not on the day of the reconnect; unless that is asked for, which is what the tables' times say."""
    lost = talk(100, 900, unknown_s=700, inferred="in no list", confirmed_at=200, talk_s=100)
    held = facts(lost, wait(50, 900, LOST, confirmed_at=200, inferred="in no list", least_s=150, most_s=850))
    before, after = report(held, 0, 500).total, report(held, 500, 1000).total
    found = report(held, 500, 1000, Options(unseen_ends=FOUND)).total

    assert before.work is not None and after.work is not None and found.work is not None
    assert (1, 0, 1) == (before.work.handled, after.work.handled, found.work.handled)
    assert (1, 1, 700) == (before.unresolved.legs, before.unresolved.waits, before.unresolved.unknown_s)
    assert 0 == after.unresolved.legs
