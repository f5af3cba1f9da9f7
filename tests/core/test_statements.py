"""What another account states of a call: an inferred end becomes known, a lost call appears, the record keeps it."""

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from calltrack import Call, Change, Frame, Snapshot, Tracker
from calltrack.core import observations
from calltrack.core.changes import Anomaly, CallEnded, CallRevised, ExtensionAppeared, LegAnswered, LegEnded, LegStarted
from calltrack.core.observations import INCOMING, Stated, Statement
from calltrack.core.replica import Replica
from calltrack.core.stated import STATED
from calltrack.core.states import Outcome, State

NOON = 1_700_000_000
OFFSET = 7200


def said(**more: Any) -> Statement:
    """A record of an incoming call that an agent answered after 10 s and talked to for 60 s."""
    fields: dict[str, Any] = {
        "call_id": "c1", "account": "test", "status": "ANSWER", "outcome": Outcome.ANSWERED, "answered": True,
        "exten_user": "SIP1", "direction": INCOMING, "started": NOON + OFFSET, "total_s": 70, "ring_s": 10,
        "talk_s": 60, "price": 7,
    }  # fmt: skip
    return Statement(**{**fields, **more})


def frame(statement: Statement, offset_min: float | None = 120) -> observations.Frame:
    """A statement as it is fed."""
    body = Stated(offset_min=offset_min, statement=statement)
    return observations.Frame("statement", body, None, repr(statement).encode())


def fed(frames: Iterable[observations.Frame]) -> tuple[Tracker, list[Change]]:
    """A tracker after some frames, and their changes, which lead to its snapshot."""
    tracker, changes, replica = Tracker(), list[Change](), Replica()
    for one in frames:
        made = tracker.feed(one)
        changes += made
        for change in made:
            replica.apply(change)
    assert replica.differences(Replica.of(tracker.snapshot())) == []
    assert replica.faults == 0
    return tracker, changes


def listed(at: int, reason: str, calls: list[dict[str, Any]], **more: Any) -> Frame:
    """An ExtensionEvent at SIP1."""
    data = {"extenUser": "SIP1", "userID": 1, "calls": calls, **more}
    stamp = {"servertime": at + OFFSET, "servertimeoffset": 120, "telephonyservertime": at + OFFSET}
    return Frame.of("ExtensionEvent", {"reason": reason, **stamp, "data": data})


def call(status: str, answered_at: int = 0) -> dict[str, Any]:
    """The call in a list."""
    return {
        "ivrid": "c1", "callstatus": status, "direction": "Incoming", "callStarted": NOON + OFFSET,
        "answered": int(bool(answered_at)), "callAnswered": answered_at + OFFSET if answered_at else 0,
        "callerphone": "0501234567",
    }  # fmt: skip


def the_call(tracker: Tracker) -> Call:
    """What is known of it."""
    found = tracker.snapshot().call("c1")
    assert found is not None
    return found


def test_a_statement_of_next_year_moves_nothing() -> None:
    """It was received before its call: one wrong time must not make every day of now the past."""
    soon, late = said(), said(call_id="c2", started=NOON + OFFSET + 366 * 86_400)
    frames = [observations.Frame("s", Stated(offset_min=120, statement=one), NOON + 90.0, b"%d" % n) for n, one in
              enumerate((soon, late))]  # fmt: skip
    tracker, changes = fed(frames)

    assert NOON + 70 == tracker.time
    assert tracker.snapshot().call("c2") is None
    assert ["wrong_stamp"] == [one.kind for one in changes if isinstance(one, Anomaly)]


def test_a_lost_call_appears_and_is_marked() -> None:
    """From its statement alone, with the changes that a call's life has."""
    tracker, changes = fed([frame(said())])
    found = the_call(tracker)
    (leg,) = found.past_legs

    assert (found.outcome, found.ring_s, found.talk_s, found.started, found.ended_at) == (
        "answered", 10, 60, NOON, NOON + 70,
    )  # fmt: skip
    assert (leg.answered_at, leg.talk_or_hold_s, found.talk_or_hold_s) == (NOON + 10, 60, 60)
    assert leg.inferred.startswith(STATED)
    assert found.statements == (said(),)
    kinds = [type(change) for change in changes]
    assert [kind for kind in kinds if kind in (ExtensionAppeared, LegStarted, LegAnswered, LegEnded)] == [
        ExtensionAppeared, LegStarted, LegAnswered, LegEnded,
    ]  # fmt: skip


def test_a_statement_again_changes_nothing() -> None:
    """Right away, and after another one."""
    tracker, _ = fed([frame(said()), frame(said(call_id="c2"))])

    assert tracker.feed(frame(said())) == ()


def test_what_frames_reported_stays() -> None:
    """The statement joins the record, and no figure of it is believed."""
    frames = [
        listed(NOON, "NEWCALL", [call("Ringing")], currentCall=call("Ringing")),
        listed(NOON + 12, "ANSWER", [call("Talking", NOON + 12)], currentCall=call("Talking", NOON + 12)),
        listed(NOON + 80, "HANGUP", [], cause="Normal hangup", currentCall=call("Talking", NOON + 12)),
    ]
    before, _ = fed(frames)
    tracker, changes = fed([*frames, frame(said())])
    found = the_call(tracker)

    assert (found.ring_s, found.talk_s, found.ended_at) == (12, 68, NOON + 80)
    assert [type(change) for change in changes[-1:]] == [CallRevised]
    assert found.past_legs == the_call(before).past_legs
    assert found.statements[0].price == 7


@pytest.mark.parametrize(("cause", "dial_status"), [("Normal hangup", ""), ("", "Transfer")])
def test_the_frame_of_an_end_counts_whether_the_record_comes_before_or_after_it(cause: str, dial_status: str) -> None:
    """Frames are the authority, and within a minute nothing is final (ruling 4)."""
    talks = call("Talking", NOON + 10)
    begins = [listed(NOON, "NEWCALL", [call("Ringing")]), listed(NOON + 10, "ANSWER", [talks])]
    end = listed(NOON + 75, "HANGUP", [], currentCall=talks, cause=cause, dialStatus=dial_status, ivruniqueid="c1")
    after, before = (the_call(fed([*begins, *rest])[0]) for rest in ([end, frame(said())], [frame(said()), end]))

    assert after == replace(before, past_legs=after.past_legs)
    assert (NOON + 75, cause, 65) == (before.ended_at, before.cause, before.talk_s)


def lost_end() -> list[Frame]:
    """A conversation whose end fell into a gap."""
    return [
        listed(NOON, "NEWCALL", [call("Ringing")], currentCall=call("Ringing")),
        listed(NOON + 10, "ANSWER", [call("Talking", NOON + 10)], currentCall=call("Talking", NOON + 10)),
        Frame.of("disconnect", {"reason": "transport close"}),
        listed(NOON + 500, "userStatusUpdate", []),
    ]


def test_an_inferred_end_becomes_known() -> None:
    """Its unknown time is talk up to the stated end, of which some may have been hold."""
    before, _ = fed(lost_end())
    assert the_call(before).unknown_s == 490
    tracker, _ = fed([*lost_end(), frame(said())])
    found = the_call(tracker)
    (leg,) = found.past_legs

    assert (found.talk_s, found.unknown_s, found.ended_at, leg.inferred) == (60, 0, NOON + 70, "")
    assert (leg.talk_or_hold_s, leg.outcome) == (60, "answered")


def test_a_live_leg_whose_end_was_lost_ends() -> None:
    """No list after the stated end has it."""
    tracker, _ = fed([*lost_end()[:2], frame(said())])
    snapshot = tracker.snapshot()

    assert snapshot.calls == ()
    assert the_call(tracker).ended_at == NOON + 70
    extension = snapshot.extension("SIP1")
    assert extension is not None
    assert extension.state is State.IDLE


def test_a_statement_may_be_of_a_moment_after_the_last_frame() -> None:
    """A stream that is quiet, or polled, hears of a call from its record first."""
    _, changes = fed([listed(NOON - 300, "userStatusUpdate", []), frame(said())])

    assert not [change for change in changes if isinstance(change, Anomaly)]


def test_a_list_within_the_lag_denies_nothing() -> None:
    """The switch ended the call 12 s before the event came; lists of that time still had it."""
    frames = lost_end()[:3]
    frames += [
        listed(NOON + 60, "userStatusUpdate", [call("Talking", NOON + 10)]),
        listed(NOON + 79, "userStatusUpdate", [call("Talking", NOON + 10)]),
    ]
    gone = Frame.of("ExtensionEvent", {
        "reason": "HANGUP", "servertime": NOON + 82 + OFFSET, "telephonyservertime": NOON + 70 + OFFSET,
        "data": {"extenUser": "SIP1", "calls": [], "currentCall": call("Talking", NOON + 10)},
    })  # fmt: skip
    tracker, changes = fed([*frames, gone, frame(said())])
    found = the_call(tracker)

    assert (found.unknown_s, found.past_legs[0].unknown_s) == (0, 0)
    assert not [change for change in changes if isinstance(change, Anomaly) and change.kind == "contradiction"]


def test_a_later_list_is_believed() -> None:
    """It has the call after the stated end."""
    late = listed(NOON + 300, "userStatusUpdate", [call("Talking", NOON + 10)])
    tracker, changes = fed([*lost_end()[:2], late, frame(said())])

    assert len(tracker.snapshot().calls) == 1
    assert [change.kind for change in changes if isinstance(change, Anomaly)] == ["contradiction"]


def test_a_queues_record() -> None:
    """A wait and the leg that ended it, from one statement."""
    record = said(queue_id="55", queue_name="Support", total_s=100, wait_s=40)
    tracker, _ = fed([frame(record)])
    found = the_call(tracker)
    (wait,), (leg,) = found.past_waits, found.past_legs

    assert (wait.wait_s, wait.outcome, leg.started, leg.answered_at) == (40, "answered", NOON + 30, NOON + 40)
    queue = tracker.snapshot().queue("55")
    assert queue is not None
    assert (queue.queued, queue.answered, queue.name) == (1, 1, "Support")


def test_an_abandoned_caller() -> None:
    """No agent was reached."""
    record = said(
        queue_id="55", exten_user="", total_s=40, wait_s=40, answered=False, outcome=Outcome.ABANDONED, talk_s=0,
        ring_s=0,
    )  # fmt: skip
    tracker, _ = fed([frame(record)])
    found = the_call(tracker)

    assert (found.outcome, found.wait_s, found.past_legs) == ("abandoned", 40, ())


def test_an_unknown_offset_leaves_durations_right() -> None:
    """Times of the account's clock cannot be UTC then; it is never assumed (ruling 3)."""
    tracker, _ = fed([frame(said(), None)])
    found = the_call(tracker)

    assert (found.started, found.talk_s) == (None, 60)


def test_an_account_of_utc_needs_no_offset() -> None:
    """Alone, it says the time by itself."""
    tracker, _ = fed([frame(said(started=None, started_utc=NOON), None)])

    assert the_call(tracker).started == NOON
    assert tracker.time == NOON + 70


def test_a_call_that_is_gone_is_not_counted_twice() -> None:
    """It left the history; one that was never seen is new, however late it comes, also after a restart."""
    tracker = Tracker(history=2)
    for n in range(4):
        tracker.feed(frame(said(call_id=f"old{n}", started=NOON + OFFSET + 1000 * n)))
    tracker = Tracker.restore(Snapshot.from_json(tracker.snapshot().to_json()))
    made = tracker.feed(frame(said(call_id="old0", price=8)))
    late = tracker.feed(frame(said(started=NOON + OFFSET - 1000)))

    assert [type(change) for change in made] == [Anomaly]
    assert CallEnded in [type(change) for change in late]


def test_a_statement_without_an_id_or_times() -> None:
    """An anomaly each, and nothing else."""
    for record in (said(call_id=""), said(started=None), said(exten_user="")):
        made = Tracker().feed(frame(record))
        assert [type(change) for change in made] == [Anomaly]


def test_a_restored_tracker_goes_on() -> None:
    """Statements and what they made are in the snapshot."""
    frames = [*lost_end(), frame(said())]
    whole = Tracker()
    for one in frames:
        whole.feed(one)
    for cut in range(len(frames)):
        tracker = Tracker()
        for one in frames[:cut]:
            tracker.feed(one)
        again = Tracker.restore(Snapshot.from_json(tracker.snapshot().to_json()))
        for one in frames[cut:]:
            again.feed(one)
        assert again.snapshot() == whole.snapshot()
