from typing import Any

import pytest

from calltrack import AnomalyKind, Frame, Outcome, Snapshot, State, Tracker
from calltrack.core.changes import (
    AgentLoggedOn,
    AgentStatusChanged,
    Anomaly,
    CallEnded,
    CallLinked,
    CallResumed,
    CallStarted,
    ConnectionLost,
    ExtensionAppeared,
    ExtensionStateChanged,
    LegAnswered,
    LegBlurred,
    LegEnded,
    LegRevised,
    LegStarted,
)
from calltrack.core.errors import AnomalyFound
from tests.frames import START, all_extensions, all_queues, call, extension, queue, stamp, utc, waiting


def fed(*frames: Frame, **options: Any) -> tuple[Tracker, list[Any]]:
    """A tracker after some frames, and all their changes."""
    tracker = Tracker(**options)
    return tracker, [change for frame in frames for change in tracker.feed(frame)]


def anomalies(changes: list[Any]) -> list[str]:
    return [change.kind for change in changes if isinstance(change, Anomaly)]


def test_a_change_says_which_frame_caused_it_and_when() -> None:
    """Position counts frames from 1, time is the server's in UTC."""
    _, changes = fed(extension(5, "A", "userStatusUpdate"), extension(9, "A", "NEWCALL", call("1", "Ringing", 8)))

    started = next(change for change in changes if isinstance(change, LegStarted))

    assert (2, utc(9), utc(8)) == (started.position, started.at, started.leg.started)


def test_a_frame_fed_twice_changes_nothing() -> None:
    """The second feeding returns no change, and only the counters see it."""
    frames = [
        extension(9, "A", "NEWCALL", call("1", "Ringing", 8)),
        extension(12, "A", "HANGUP", call("1", "Ringing", 8)),
        queue(20, "EXIT", "9", []),
        Frame.of("mystery", {"a": 1}),
        extension(5, "A", "PARK"),
    ]
    tracker = Tracker()
    for frame in frames:
        tracker.feed(frame)
        before = tracker.snapshot()

        assert () == tracker.feed(frame)
        after = tracker.snapshot()
        assert before.calls == after.calls
        assert before.extensions == after.extensions
        assert before.queues == after.queues
        assert before.ended == after.ended
        assert before.counters.anomalies == after.counters.anomalies
    assert 5 == tracker.snapshot().counters.duplicates


def test_a_repeated_hangup_with_another_receive_time_ends_nothing_again() -> None:
    """Two sockets give every event twice, each with a receive time of its own."""
    body = extension(12, "A", "HANGUP", call("1", "Talking", 8, 9)).payload()
    _, changes = fed(Frame.of("ExtensionEvent", body, at=1.0), Frame.of("ExtensionEvent", body, at=2.0))

    assert 1 == sum(isinstance(change, LegEnded) for change in changes)


def test_a_repeated_hangup_without_a_stamp_ends_nothing_again() -> None:
    """It cannot be distinguished from the one before, and opens no leg of its own."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(12, "A", "HANGUP", call("1", "Ringing", callStarted=None)),
        extension(12, "A", "HANGUP", call("1", "Ringing", callStarted=None), outside={"cause": "Unknown"}),
    )

    assert 1 == sum(isinstance(change, LegStarted) for change in changes)


def test_the_list_wins_over_the_reason() -> None:
    """An ANSWER whose call still rings in the list leaves it ringing, and says so."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing")),
        extension(5, "A", "ANSWER", call("1", "Ringing")),
    )

    assert [AnomalyKind.REASON_DISAGREES] == anomalies(changes)
    assert State.RINGING == tracker.snapshot().extensions[0].state


def test_an_impossible_transition_is_believed_and_reported() -> None:
    """A talking leg that rings again in the list rings, with the evidence."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing")),
        extension(5, "A", "ANSWER", call("1", "Talking", 1, 4)),
        extension(8, "A", "userStatusUpdate", calls=[call("1", "Ringing")]),
    )

    anomaly = next(change for change in changes if isinstance(change, Anomaly))

    assert (AnomalyKind.IMPOSSIBLE_TRANSITION, "Ringing") == (anomaly.kind, anomaly.seen)
    assert State.RINGING == tracker.snapshot().calls[0].state


def test_strict_raises_after_the_frame_was_applied() -> None:
    """The error carries the changes, and the tracker can go on."""
    tracker = Tracker(strict=True)
    with pytest.raises(AnomalyFound) as caught:
        tracker.feed(Frame.of("mystery", {}))

    assert AnomalyKind.UNKNOWN_EVENT == caught.value.anomaly.kind
    assert (caught.value.anomaly,) == caught.value.changes
    assert tracker.feed(extension(2, "A", "NEWCALL", call("1", "Ringing")))


def test_a_new_call_after_a_hangup_is_a_new_attempt_in_the_same_second() -> None:
    """A redial can fall in the second of the call before (field guide §3)."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Dialing")),
        extension(2, "A", "HANGUP", call("1", "Dialing"), outside={"cause": "User busy"}),
        extension(2, "A", "NEWCALL", call("1", "Dialing", channel="SIP/A-2")),
    )

    live = tracker.snapshot().calls[0]

    assert 2 == live.attempts
    assert [1, 2] == [change.leg.attempt for change in changes if isinstance(change, LegStarted)]
    assert Outcome.BUSY == live.past_legs[0].outcome


def test_durations_come_from_the_moments_at_the_switch() -> None:
    """telephonyservertime ends what callStarted and callAnswered began; servertime trails it."""
    _, changes = fed(
        extension(20, "A", "HANGUP", call("1", "Talking", 1, 9), outside={"telephonyservertime": START + 15})
    )

    leg = next(change.leg for change in changes if isinstance(change, LegEnded))

    assert (8, 6, utc(15)) == (leg.ring_s, leg.talk_s, leg.ended_at)


def test_a_reversed_time_counts_as_nothing_and_is_reported() -> None:
    """A HANGUP before the answer gives talk 0 and an anomaly."""
    _, changes = fed(
        extension(9, "A", "NEWCALL", call("1", "Ringing")),
        extension(10, "A", "ANSWER", call("1", "Talking", 1, 9)),
        extension(11, "A", "HANGUP", call("1", "Talking", 1, 9), outside={"telephonyservertime": START + 2}),
    )

    leg = next(change.leg for change in changes if isinstance(change, LegEnded))

    assert [AnomalyKind.NEGATIVE_DURATION] == anomalies(changes)
    assert 0 == leg.talk_s


def test_times_are_unknown_before_the_first_offset() -> None:
    """Without an offset nothing is assumed; with the first one, later stamps are known. Durations need none."""
    frame = extension(2, "A", "NEWCALL", call("1", "Ringing"), outside={"servertimeoffset": None})
    tracker, changes = fed(frame)

    assert {None} == {change.at for change in changes}
    assert tracker.time is None
    tracker.feed(extension(9, "A", "ANSWER", call("1", "Talking", 1, 8)))
    assert utc(9) == tracker.time
    assert (None, 7) == (tracker.snapshot().calls[0].started, tracker.snapshot().calls[0].ring_s)


def test_what_vanishes_from_all_extensions_ends_once_and_says_why() -> None:
    """A leg that AllExtensionsStatus has no more was lost; its extension too, if that is gone."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing")),
        extension(3, "B", "NEWCALL", call("2", "Ringing", 2)),
        all_extensions(50, A=[]),
    )

    ends = [change for change in changes if isinstance(change, LegEnded)]

    assert [("1", Outcome.LOST), ("2", Outcome.LOST)] == [(end.call_id, end.leg.outcome) for end in ends]
    assert all("list of all extensions" in end.inferred for end in ends)
    assert ["A"] == [known.exten_user for known in tracker.snapshot().extensions]


def test_what_is_new_in_all_extensions_is_adopted() -> None:
    """A call found in a full list exists, with its answer as the stamps tell it."""
    tracker, changes = fed(all_extensions(50, A=[call("1", "Talking", 1, 9)]))

    leg = tracker.snapshot().extensions[0].legs[0]

    assert (State.TALKING, utc(9), 8) == (leg.state, leg.answered_at, leg.ring_s)
    assert [] == anomalies(changes)


def test_a_lost_connection_makes_everything_unknown_until_the_lists_come() -> None:
    """What talked is Unknown since the last frame; the time in between is neither talk nor hold."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing")),
        extension(10, "A", "ANSWER", call("1", "Talking", 1, 10)),
        extension(20, "A", "userStatusUpdate", calls=[call("1", "Talking", 1, 10)]),
        Frame.of("disconnect", {"reason": "transport close"}),
    )

    unknown = tracker.snapshot().extension("A")

    assert any(isinstance(change, LegBlurred) for change in changes)
    assert unknown is not None
    assert (State.UNKNOWN, utc(20)) == (unknown.state, unknown.unknown_since)

    tracker.feed(all_extensions(50, A=[call("1", "Talking", 1, 10)]))
    tracker.feed(extension(60, "A", "HANGUP", call("1", "Talking", 1, 10)))
    over = tracker.snapshot()
    assert (20, 30) == (over.ended[0].talk_s, over.ended[0].unknown_s)
    assert (utc(20), utc(50), "transport close") == (over.gaps[0].since, over.gaps[0].until, over.gaps[0].reason)


def test_a_login_in_mid_stream_is_a_gap() -> None:
    """The loss itself was not seen, but a second loginSuccess shows it."""
    tracker, _ = fed(
        Frame.of("loginSuccess", stamp(0)),
        extension(2, "A", "userStatusUpdate"),
        Frame.of("loginSuccess", stamp(90)),
    )

    assert [(utc(2), utc(90))] == [(gap.since, gap.until) for gap in tracker.snapshot().gaps]


@pytest.mark.parametrize("reported", ["Incoming", "Outgoing", "Click2call", "Spy", "incoming", "spy", "Click2Call"])
def test_a_direction_is_one_in_any_spelling(reported: str) -> None:
    """As states are."""
    _, changes = fed(extension(2, "A", "NEWCALL", call("1", "Ringing", 2, direction=reported)))

    assert [reported.capitalize()] == [change.leg.direction for change in changes if isinstance(change, LegStarted)]


def test_two_logins_with_nothing_between_are_one_gap() -> None:
    """What came before the first of them is not lost a second time."""
    login = [Frame.of("loginSuccess", stamp(at)) for at in (0, 90, 120)]
    tracker, _ = fed(login[0], extension(2, "A", "userStatusUpdate"), *login[1:])

    assert [(utc(2), utc(90))] == [(gap.since, gap.until) for gap in tracker.snapshot().gaps]


def test_after_a_gap_differences_are_no_surprise() -> None:
    """What the list has no more has ended, in the gap; nothing that should have been reported was missed."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
        Frame.of("disconnect", {}),
        extension(9, "A", "userStatusUpdate", calls=[]),
    )

    assert [] == anomalies(changes)
    assert ["gone from the list, its end was not reported"] == [
        change.inferred for change in changes if isinstance(change, LegEnded)
    ]


def test_a_hangup_explains_its_own_leg_alone() -> None:
    """The other one that is gone from the list with it ended too, but no frame reported how."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
        extension(3, "A", "NEWCALL", call("2", "Ringing", 3), calls=[call("1", "Ringing", 2), call("2", "Ringing", 3)]),
        extension(9, "A", "HANGUP", call("1", "Ringing", 2), outside={"cause": "User busy"}),
    )
    ends = {change.call_id: change for change in changes if isinstance(change, LegEnded)}

    assert (Outcome.BUSY, "") == (ends["1"].leg.outcome, ends["1"].inferred)
    assert (Outcome.LOST, "") == (ends["2"].leg.outcome, ends["2"].leg.cause)
    assert "gone from the list" in ends["2"].inferred
    assert [AnomalyKind.EVENT_MISSED] == anomalies(changes)


def test_a_hangup_of_what_was_never_seen_is_reported_beside_what_is_gone() -> None:
    """Call 1 is gone from the list without a word; the frame is about call 9."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
        extension(9, "A", "HANGUP", call("9", "Ringing", 3)),
    )
    ends = [(change.call_id, change.leg.outcome) for change in changes if isinstance(change, LegEnded)]

    assert [("1", Outcome.LOST), ("9", Outcome.NOT_ANSWERED_HERE)] == ends
    assert 2 * [AnomalyKind.EVENT_MISSED] == anomalies(changes)


def test_the_hangup_of_a_click2call_leg_is_not_the_other_s() -> None:
    """Both share callStarted; c2cdirection says which one hung up."""
    first, second = call("1", "Ringing", 2, c2cdirection=1), call("1", "Dialing", 2, c2cdirection=2)
    _, changes = fed(
        extension(3, "A", "NEWCALL", second, calls=[first, second]),
        extension(9, "A", "HANGUP", second, outside={"cause": "User busy"}),
    )
    ends = {change.leg.c2c: change for change in changes if isinstance(change, LegEnded)}

    assert (Outcome.BUSY, "") == (ends[2].leg.outcome, ends[2].inferred)
    assert (Outcome.LOST, "gone from the list, its end was not reported") == (ends[1].leg.outcome, ends[1].inferred)


def test_click2call_leg_1_is_only_followed_by_its_own_leg_2() -> None:
    """Without it, or with that of another call, its end is one that no frame reported."""
    first = call("1", "Ringing", 2, c2cdirection=1)
    for then in ([], [call("2", "Dialing", 5, c2cdirection=2)]):
        _, changes = fed(
            extension(2, "A", "NEWCALL", first),
            extension(9, "A", "userStatusUpdate", calls=then),
        )
        assert ["gone from the list, its end was not reported"] == [
            change.inferred for change in changes if isinstance(change, LegEnded)
        ]


def test_a_call_answered_from_the_queue_lives_until_its_leg_comes() -> None:
    """The queue's ANSWER comes before the NEWCALL; in between the call has no leg and waits nowhere."""
    tracker, changes = fed(
        all_queues(0, []),
        queue(1, "JOIN", "1", [waiting("1")]),
        queue(9, "ANSWER", "1", []),
        extension(15, "B", "userStatusUpdate"),
    )

    assert [State.RINGING] == [live.state for live in tracker.snapshot().calls]
    changes += tracker.feed(extension(19, "A", "NEWCALL", call("1", "Talking", 8)))
    changes += tracker.feed(extension(30, "A", "HANGUP", call("1", "Talking", 8)))
    ends = [change.call.outcome for change in changes if isinstance(change, CallEnded)]
    assert [Outcome.ANSWERED] == ends


def test_a_wait_that_vanishes_while_an_agent_has_the_call_was_answered() -> None:
    """A lost EXIT does not make an answered call a lost one."""
    tracker, _ = fed(
        all_queues(0, []),
        queue(1, "JOIN", "1", [waiting("1")]),
        extension(5, "A", "NEWCALL", call("1", "Ringing", 4)),
        extension(8, "A", "ANSWER", call("1", "Talking", 4, 7)),
        queue(20, "JOIN", "2", [waiting("2", 20)]),
    )

    wait = tracker.snapshot().calls[0].past_waits[0]

    assert (Outcome.ANSWERED, 6) == (wait.outcome, wait.wait_s)
    assert "not reported" in wait.inferred


def test_the_history_is_bounded() -> None:
    """Of the ended calls the last ones are kept."""
    frames = [extension(i, "A", "HANGUP", call(str(i), "Talking", i, i)) for i in range(1, 8)]
    tracker, _ = fed(*frames, history=3)

    assert ["5", "6", "7"] == [ended.call_id for ended in tracker.snapshot().ended]


def test_a_call_that_rings_for_ever_keeps_its_last_legs_and_counts_all() -> None:
    """Memory does not follow one call's attempts."""
    tracker = Tracker()
    for i in range(1, 200, 2):
        tracker.feed(extension(i, "A", "NEWCALL", call("1", "Ringing", i)))
        tracker.feed(extension(i + 1, "A", "HANGUP", call("1", "Ringing", i)))

    ended = tracker.snapshot().ended[0]

    assert (100, 50) == (ended.attempts, len(ended.past_legs))


def test_names_that_strangers_choose_do_not_grow_the_counters() -> None:
    """After 200 unknown event names the rest is counted together."""
    tracker, _ = fed(*(Frame.of(f"event{i}", {}) for i in range(300)))

    unknown = tracker.snapshot().counters.unknown_events

    assert (201, 100) == (len(unknown), unknown["(others)"])


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (Frame.of("ExtensionEvent", {"data": {"calls": []}, "reason": "NEWCALL"}), AnomalyKind.MISSING_IDENTITY),
        (extension(2, "A", "NEWCALL", call("", "Ringing")), AnomalyKind.MISSING_IDENTITY),
        (extension(2, "A", "userStatusUpdate", calls=[call("1", "Parked")]), AnomalyKind.UNKNOWN_STATUS),
        (extension(2, "A", "PARK"), AnomalyKind.UNKNOWN_REASON),
        (Frame.of("QueueEvent", {"data": {"Calls": []}, "reason": "JOIN"}), AnomalyKind.MISSING_IDENTITY),
        (queue(2, "LEAVE", "1", []), AnomalyKind.UNKNOWN_REASON),
        (queue(2, "JOIN", "1", []), AnomalyKind.REASON_DISAGREES),
        (Frame.of("ExtensionEvent", "text"), AnomalyKind.BAD_VALUE),
        (Frame.of("keepaliveResponse", {"errorCode": 3, "errorDesc": "expired"}), AnomalyKind.SERVER_ERROR),
        (Frame.of("mystery", None), AnomalyKind.UNKNOWN_EVENT),
    ],
)
def test_what_should_not_happen_has_a_name(frame: Frame, kind: AnomalyKind) -> None:
    """Each fault becomes an anomaly of its kind, none an exception."""
    _, changes = fed(frame)

    assert kind in anomalies(changes)


def hangup_alone(**current: Any) -> Any:
    """The leg of a HANGUP that is the first frame of it."""
    _, changes = fed(extension(60, "A", "HANGUP", {**call("1", "Dialing", 1), **current}))
    return next(change.leg for change in changes if isinstance(change, LegEnded))


@pytest.mark.parametrize(
    "current",
    [
        {"callstatus": "Dialing", "answered": 1},
        {"callstatus": "Ringing", "answered": 1},
    ],
)
def test_an_answer_that_only_the_hangup_shows_is_an_answer(current: dict[str, Any]) -> None:
    """Held or not, whatever the status says."""
    current = {**current, "callAnswered": START + 6}
    leg = hangup_alone(**current)
    assert (Outcome.ANSWERED, 5, 54) == (leg.outcome, leg.ring_s, leg.talk_s)

    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(60, "A", "HANGUP", {**call("1", "Ringing", 1), **current}),
    )
    held = next(change.leg for change in changes if isinstance(change, LegEnded))
    assert (Outcome.ANSWERED, 5, 54) == (held.outcome, held.ring_s, held.talk_s)


@pytest.mark.parametrize(
    ("field", "value", "outcome"),
    [("cause", "User busy", Outcome.BUSY), ("dialStatus", "Recheck", Outcome.RECHECKED)],
)
def test_each_field_is_looked_for_in_both_places(field: str, value: str, outcome: Outcome) -> None:
    """Beside `data` first, then in it, one by one (field guide §1)."""
    inside: dict[str, Any] = {field: value}
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Dialing", 1)),
        extension(9, "A", "HANGUP", call("1", "Dialing", 1), outside={field: None}, **inside),
    )

    assert [outcome] == [change.leg.outcome for change in changes if isinstance(change, LegEnded)]


@pytest.mark.parametrize("field", ["reason", "servertime", "servertimeoffset"])
def test_a_queue_s_fields_are_looked_for_in_both_places(field: str) -> None:
    """Those of an event of a queue as well."""
    outside = queue(9, "ABANDONED", "1", []).payload()
    inside = {**outside, field: None, "data": {**outside["data"], field: outside[field]}}
    trackers = [Tracker(), Tracker()]
    for tracker, payload in zip(trackers, (outside, inside), strict=True):
        tracker.feed(queue(1, "JOIN", "1", [waiting("1")]))
        tracker.feed(Frame.of("QueueEvent", payload))

    assert 1 == trackers[1].snapshot().queues[0].abandoned
    assert utc(9) == trackers[1].time
    assert trackers[0].snapshot().calls == trackers[1].snapshot().calls


def test_a_queue_keeps_its_name() -> None:
    """Through an event that does not tell it; another name is taken over."""
    tracker = Tracker()
    names = []
    for at, reported in enumerate(("Support", None, "", "Help")):
        tracker.feed(queue(at, "JOIN", str(at), [], QueueName=reported))
        names.append(tracker.snapshot().queues[0].name)

    assert ["Support", "Support", "Support", "Help"] == names


def test_the_last_hundred_gaps_are_kept() -> None:
    """Memory does not follow a connection that comes and goes."""
    tracker = Tracker()
    for at in range(0, 2 * 150, 2):
        tracker.feed(extension(at, "A", "userStatusUpdate"))
        tracker.feed(Frame.of("disconnect", {}))

    gaps = tracker.snapshot().gaps
    assert 100 == len(gaps)
    assert [None] == [gap.until for gap in gaps if gap.until is None]
    assert utc(298) == gaps[-1].since


def test_a_late_hangup_is_evidence_and_no_second_end() -> None:
    """The leg was given up before; its own HANGUP comes after all."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(5, "A", "userStatusUpdate", calls=[]),
        extension(9, "A", "HANGUP", call("1", "Talking", 1, 4)),
    )

    assert 1 == sum(isinstance(change, LegEnded) for change in changes)
    (revised,) = [change.leg for change in changes if isinstance(change, LegRevised)]
    assert (Outcome.ANSWERED, utc(9), 3, 5, 0) == (
        revised.outcome,
        revised.ended_at,
        revised.ring_s,
        revised.talk_s,
        revised.unknown_s,
    )


def test_a_moment_at_the_switch_must_be_near() -> None:
    """A telephonyservertime of another day is none."""
    leg = hangup_alone(callstatus="Talking", answered=1, callAnswered=START + 6)
    _, changes = fed(
        extension(
            60,
            "A",
            "HANGUP",
            call("1", "Talking", 1, 6),
            outside={"telephonyservertime": START + 86_400},
        )
    )

    assert [leg.talk_s] == [change.leg.talk_s for change in changes if isinstance(change, LegEnded)]


def test_an_answer_is_of_the_wall_clock_that_the_call_began_on() -> None:
    """The offset changes in mid-call; callStarted and callAnswered do not."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(3660, "A", "HANGUP", call("1", "Talking", 1, 6), outside={"servertimeoffset": 180}),
    )

    leg = next(change.leg for change in changes if isinstance(change, LegEnded))
    assert (5, 54) == (leg.ring_s, leg.talk_s)


def test_who_gives_up_is_not_awaited() -> None:
    """An EXIT whose agent did not answer after all, and then ABANDONED: abandoned."""
    tracker, _ = fed(
        all_queues(0, []),
        queue(1, "JOIN", "1", [waiting("1")]),
        queue(5, "EXIT", "1", []),
        queue(21, "JOIN", "1", [waiting("1", 21)]),
        queue(50, "ABANDONED", "1", []),
    )

    assert () == tracker.snapshot().calls


def test_a_list_that_cannot_be_read_ends_nothing() -> None:
    """It says nothing, least of all that everything is over."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        Frame.of("ExtensionEvent", {"data": {"extenUser": "A", "calls": "oops"}, "reason": "HOLD"}),
        Frame.of("AllExtensionsStatus", {"extensions": [5], **stamp(9)}),
    )

    assert [State.RINGING] == [live.state for live in tracker.snapshot().calls]
    assert 2 == anomalies(changes).count(AnomalyKind.BAD_VALUE)


def test_a_list_of_one_account_does_not_end_another_s_calls() -> None:
    """One stream may carry several accounts (field guide §3)."""
    other = {"extenUser": "Z", "calls": [], "accountID": 999}
    tracker, _ = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        Frame.of("AllExtensionsStatus", {"extensions": [other], **stamp(9)}),
    )

    assert 1 == len(tracker.snapshot().calls)


def test_an_account_s_id_may_be_a_number_or_a_text() -> None:
    """It is the same account: its list is about all of its extensions, and they keep the id that they have."""
    other = {"extenUser": "Z", "calls": [], "accountID": "100"}
    tracker, _ = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1), accountID=100),
        extension(3, "Z", "userStatusUpdate", accountID=100),
        Frame.of("AllExtensionsStatus", {"extensions": [other], **stamp(9)}),
    )

    assert [("Z", 100)] == [(known.exten_user, known.account_id) for known in tracker.snapshot().extensions]
    assert () == tracker.snapshot().calls


@pytest.mark.parametrize("value", ["nan", "inf", 1e400, 10**30, -(10**30)])
def test_a_number_that_json_cannot_hold_is_no_number(value: object) -> None:
    """Else the snapshot could not be restored."""
    hostile = call("1", "Ringing", callStarted=value) if not isinstance(value, int) else call("1", "Ringing")
    hostile["callStarted"] = value
    tracker, _ = fed(
        extension(2, "A", "NEWCALL", hostile, representativeUpdated=value), queue(3, "JOIN", "2", [waiting("2")])
    )
    snapshot = tracker.snapshot()

    assert snapshot == type(snapshot).from_json(snapshot.to_json())


def test_what_a_leg_did_before_its_first_unclear_sight_is_unknown() -> None:
    """It began at 1; at 20 it is in a state that no one knows; its times still add up."""
    _, changes = fed(
        extension(20, "A", "userStatusUpdate", calls=[call("1", "Parked", 1)]),
        extension(30, "A", "HANGUP", call("1", "Parked", 1)),
    )

    leg = next(change.leg for change in changes if isinstance(change, LegEnded))
    assert (0, 0, 0, 29) == (leg.ring_s, leg.talk_s, leg.hold_s, leg.unknown_s)


def test_a_leg_is_not_held_before_it_was_answered() -> None:
    """The frame's own time is earlier than the answer that it reports."""
    tracker, _ = fed(extension(5, "A", "HOLD", call("1", "Hold", 1, 8)))

    leg = tracker.snapshot().extensions[0].legs[0]
    assert (utc(8), 7, 0) == (leg.since, leg.ring_s, leg.talk_s)


def test_callers_wait_in_the_order_of_the_list() -> None:
    """The first one's JOIN was lost; he is not the last because he was seen last."""
    tracker, _ = fed(
        all_queues(0, []),
        queue(5, "JOIN", "2", [waiting("2", 5)]),
        queue(9, "JOIN", "3", [waiting("1", 1), waiting("2", 5), waiting("3", 9)]),
    )

    assert ["1", "2", "3"] == [wait.call_id for wait in tracker.snapshot().waiting_in(55)]


def test_another_owner_of_a_phone_is_taken_over() -> None:
    """Even if nothing else about its agent is new."""
    tracker, _ = fed(extension(1, "A", "userStatusUpdate"), extension(2, "A", "userStatusUpdate", userID=9))

    assert 9 == tracker.snapshot().extensions[0].user_id


def test_an_agent_is_seen_without_a_status() -> None:
    """Log-on and log-off do not need representativeStatus."""
    _, changes = fed(
        extension(1, "A", "userStatusUpdate", representativeStatus=None, onlineUserID=1),
        extension(2, "A", "userStatusUpdate", representativeStatus=None, onlineUserID=2, number=1002),
        extension(3, "A", "userStatusUpdate", representativeStatus=None, onlineUserID=0, number=1002),
    )

    assert ["AgentLoggedOn", "AgentLoggedOff"] == [
        type(change).__name__ for change in changes if type(change).__name__.startswith("Agent")
    ]


def test_a_leg_of_unknown_status_is_unknown_from_its_start() -> None:
    """So that its times are its whole life."""
    tracker = Tracker()
    started = tracker.feed(extension(9, "A", "NEWCALL", call("1", "Parked", 1)))
    ended = tracker.feed(extension(20, "A", "HANGUP", call("1", "Parked", 1)))

    assert utc(1) == next(change.leg.since for change in started if isinstance(change, LegStarted))
    assert 19 == next(change.leg.unknown_s for change in ended if isinstance(change, LegEnded))


def test_a_status_of_unknown_name_is_reported_once_also_of_a_leg_that_is_known() -> None:
    """With the word, whatever else the frame says (field guide §1)."""
    parked, talks = call("1", "Parked", 1, 5), call("1", "Talking", 1, 5)
    for event in (
        extension(9, "A", "userStatusUpdate", calls=[parked]),
        extension(9, "A", "HOLD", parked),
        all_extensions(9, A=[parked]),
    ):
        again = extension(15, "A", "userStatusUpdate", calls=[parked])
        changes = fed(extension(5, "A", "ANSWER", talks), event, again)[1]
        words = [one.seen for one in changes if isinstance(one, Anomaly) and one.kind is AnomalyKind.UNKNOWN_STATUS]
        assert ["Parked"] == words


def test_a_leg_on_hold_before_it_was_answered_took_no_time() -> None:
    """Stamps that are after the frame are not of its clock."""
    changes = Tracker().feed(extension(2, "A", "HOLD", call("1", "Hold", 60, 70)))

    leg = next(change.leg for change in changes if isinstance(change, LegStarted))
    assert (utc(2), 0, 0) == (leg.since, leg.ring_s, leg.talk_s)


def test_a_user_s_id_that_is_reported_later_is_taken() -> None:
    """Though nothing else of the agent is new."""
    tracker = Tracker()
    for user_id in (7, 7, 8):
        tracker.feed(extension(2, "A", "userStatusUpdate", userID=user_id))

    known = tracker.snapshot().extension("A")
    assert known is not None
    assert 8 == known.user_id


def test_an_agent_s_name_that_is_not_reported_stays() -> None:
    """Whether the object that should hold it is empty or missing."""
    tracker = Tracker()
    for summery in ({"representative": "Lois Lane"}, {}, None):
        tracker.feed(extension(2, "A", "userStatusUpdate", summery=summery))

        known = tracker.snapshot().extension("A")
        assert known is not None
        assert "Lois Lane" == known.agent_name


def test_the_hangup_of_a_call_that_nothing_is_known_of_opens_nothing() -> None:
    """There is no currentCall to open it from: it is an anomaly, and no call."""
    tracker, changes = fed(
        extension(2, "A", "userStatusUpdate"), extension(5, "A", "HANGUP", outside={"ivruniqueid": "1"})
    )

    assert [AnomalyKind.EVENT_MISSED] == anomalies(changes)
    assert ((), ()) == (tracker.snapshot().calls, tracker.snapshot().ended)


def test_a_second_loss_of_the_connection_is_the_same_gap() -> None:
    """Nothing was known since the first."""
    tracker, changes = fed(
        extension(2, "A", "userStatusUpdate"),
        Frame.of("disconnect", {"reason": "transport close"}),
        Frame.of("disconnect", {"reason": "ping timeout"}),
    )

    assert 1 == [type(change) for change in changes].count(ConnectionLost)
    assert ["transport close"] == [gap.reason for gap in tracker.snapshot().gaps]


@pytest.mark.parametrize("event", ["connect", "malformed"])
def test_what_the_socket_says_has_no_server_time(event: str) -> None:
    """It is not the server's word, whatever it carries."""
    tracker, changes = fed(extension(2, "A", "userStatusUpdate"), Frame.of("disconnect"), Frame.of(event, stamp(60)))

    assert utc(2) == tracker.time
    assert tracker.snapshot().gaps[0].until is None
    assert [] == anomalies(changes)


def test_a_step_before_the_last_one_took_no_time() -> None:
    """It is reported, and the state begins when the last one did."""
    tracker, changes = fed(
        extension(9, "A", "ANSWER", call("1", "Talking", 1, 9)),
        extension(10, "A", "HOLD", call("1", "Hold", 1, 9), outside={"telephonyservertime": START + 2}),
    )

    assert [AnomalyKind.NEGATIVE_DURATION] == anomalies(changes)
    assert utc(9) == tracker.snapshot().calls[0].legs[0].since


def test_the_calls_that_a_call_comes_from_are_reported_once() -> None:
    """Every frame repeats them."""
    linked = call("1", "Talking", 1, 2, relatedIvrUniqueIDs="8, 9")
    tracker, changes = fed(extension(5, "A", "ANSWER", linked), extension(6, "A", "userStatusUpdate", None, [linked]))

    assert 1 == [type(change) for change in changes].count(CallLinked)
    assert ("8", "9") == tracker.snapshot().calls[0].related


def test_the_hangup_of_one_extension_is_not_that_of_another() -> None:
    """A's is reported; B's leg of the same call was never seen, and is opened to be closed."""
    tracker, _ = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(5, "A", "HANGUP", call("1", "Ringing", 1)),
        extension(6, "B", "HANGUP", call("1", "Ringing", 2)),
    )

    assert [("A", 1), ("B", 2)] == [(leg.exten_user, leg.attempt) for leg in tracker.snapshot().ended[0].past_legs]


@pytest.mark.parametrize(("first", "second"), [(0, START + 1), (START + 1, 0)])
def test_a_call_without_a_stamp_is_the_leg_that_is_there(first: int, second: int) -> None:
    """Whichever of the two frames lacks it."""
    tracker, _ = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", callStarted=first)),
        extension(8, "A", "ANSWER", call("1", "Talking", 1, 8, callStarted=second)),
    )

    assert [1] == [leg.attempt for leg in tracker.snapshot().calls[0].legs]


def test_a_current_call_without_c2cdirection_is_the_one_of_the_list() -> None:
    """As one without a stamp is."""
    listed = call("1", "Dialing", 1, c2cdirection="1")

    _, changes = fed(extension(1, "A", "NEWCALL", call("1", "Dialing", 1), [listed]))

    assert [] == anomalies(changes)
    assert [""] == [change.inferred for change in changes if isinstance(change, LegStarted)]


def test_a_list_of_all_moves_a_leg_without_an_anomaly() -> None:
    """Its event was missed, which the change says; a list of all is there to tell of it."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)), all_extensions(9, A=[call("1", "Talking", 1, 8)])
    )

    answered = next(change for change in changes if isinstance(change, LegAnswered))
    assert "in the list of all extensions" == answered.inferred
    assert [] == anomalies(changes)


def test_calls_without_an_id_are_reported_and_passed_over() -> None:
    """At an extension as in a queue."""
    for frame in (
        extension(2, "A", "userStatusUpdate", None, [{"callstatus": "Talking"}]),
        queue(2, "JOIN", "", [{"CallerID": "0501234567"}]),
    ):
        tracker, changes = fed(frame)
        assert [AnomalyKind.MISSING_IDENTITY] == anomalies(changes)
        assert () == tracker.snapshot().calls


def test_a_queue_s_event_ends_a_gap() -> None:
    """What it lists is known again, and what it does not say so of is no surprise."""
    tracker, changes = fed(
        queue(2, "JOIN", "1", [waiting("1")]),
        Frame.of("disconnect"),
        queue(60, "JOIN", "3", [waiting("2", 50), waiting("3", 60)]),
    )

    assert utc(60) == tracker.snapshot().gaps[0].until
    assert ["2", "3"] == [wait.call_id for wait in tracker.snapshot().waiting_in(55)]
    assert [] == anomalies(changes)


def test_a_join_that_was_missed_is_reported() -> None:
    """The wait is there all the same."""
    tracker, changes = fed(
        queue(2, "JOIN", "1", [waiting("1")]), queue(9, "JOIN", "3", [waiting("1"), waiting("2", 5), waiting("3", 9)])
    )

    assert [AnomalyKind.EVENT_MISSED] == anomalies(changes)
    assert 3 == len(tracker.snapshot().waiting_in(55))


def test_a_queue_that_the_list_of_all_has_no_more_is_unknown() -> None:
    """Who waited there is gone; a list that is missing says nothing."""
    tracker, _ = fed(queue(2, "JOIN", "1", [waiting("1")]), Frame.of("loginStatus", stamp(3)))
    assert 1 == len(tracker.snapshot().waiting_in(55))

    tracker.feed(Frame.of("loginStatus", {"queues": [], **stamp(4)}))
    known = tracker.snapshot().queue(55)
    assert known is not None
    assert (True, 1, ()) == (known.unknown, known.lost, known.waiting)


def test_an_agent_s_id_may_be_a_number_or_a_text() -> None:
    """It is the same person."""
    _, changes = fed(extension(2, "A", "userStatusUpdate"), extension(3, "A", "userStatusUpdate", onlineUserID="7"))

    assert [ExtensionAppeared] == [type(change) for change in changes if not isinstance(change, ExtensionStateChanged)]


def test_an_absurd_time_is_not_the_time() -> None:
    """The one before stands; the moment at the switch counts, if it makes sense."""
    tracker, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(
            0, "A", "HANGUP", call("1", "Ringing", 1), outside={"servertime": 5, "telephonyservertime": START + 9}
        ),
    )

    assert utc(2) == tracker.time
    assert utc(9) == next(change.leg.ended_at for change in changes if isinstance(change, LegEnded))


def test_two_legs_of_a_call_in_one_list_make_one_call() -> None:
    """At two extensions, and at one."""
    tracker, changes = fed(
        all_extensions(5, A=[call("1", "Talking", 1, 2)], B=[call("1", "Ringing", 3), call("1", "Ringing", 4)])
    )

    assert 1 == [type(change) for change in changes].count(CallStarted)
    assert [1, 2, 3] == [leg.attempt for leg in tracker.snapshot().calls[0].legs]
    assert () == tracker.feed(
        all_extensions(6, B=[call("1", "Ringing", 4), call("1", "Ringing", 3)], A=[call("1", "Talking", 1, 2)])
    )


def test_a_call_may_wait_again_after_it_ended_and_in_two_queues() -> None:
    """It is the same call; a lost connection blurs all of its waits."""
    both = [{"QueueID": at, "Calls": [waiting("1", 9)]} for at in (55, 56)]
    tracker, changes = fed(
        queue(2, "JOIN", "1", [waiting("1")]),
        queue(5, "ABANDONED", "1", []),
        Frame.of("loginStatus", {"queues": both, **stamp(9)}),
        Frame.of("disconnect"),
    )

    assert 1 == [type(change) for change in changes].count(CallResumed)
    (again,) = tracker.snapshot().calls
    assert [("55", State.UNKNOWN), ("56", State.UNKNOWN)] == [(wait.queue_id, wait.state) for wait in again.waiting]


def test_an_awaited_winner_that_came_is_not_given_up() -> None:
    """Only the call whose winner never came ends, also in a tracker that was stored in between."""
    elsewhere = {"cause": "Answered elsewhere"}
    tracker, _ = fed(
        *(extension(2, name, "NEWCALL", call(name, "Ringing", 1)) for name in "AB"),
        *(extension(3, name, "HANGUP", call(name, "Ringing", 1), outside=elsewhere) for name in "AB"),
        extension(4, "C", "NEWCALL", call("A", "Talking", 4, 4)),
    )
    again = Tracker.restore(Snapshot.from_json(tracker.snapshot().to_json()))
    for each in (tracker, again):
        each.feed(extension(60, "D", "userStatusUpdate"))
        assert (["A"], ["B"]) == ([one.call_id for one in each.snapshot().calls], [each.snapshot().ended[0].call_id])
    assert tracker.snapshot() == again.snapshot()


def test_a_current_call_without_a_stamp_is_the_one_in_the_list() -> None:
    """So the event explains its leg; with another stamp it would not."""
    listed = call("1", "Ringing", 1)
    for stamp_of_current, inferred in ((0, ""), (START + 9, "in the list, its start was not reported")):
        _, changes = fed(
            extension(1, "A", "userStatusUpdate"),
            extension(2, "A", "NEWCALL", call("1", "Ringing", callStarted=stamp_of_current), [listed]),
        )
        assert [inferred] == [change.inferred for change in changes if isinstance(change, LegStarted)]


def test_a_listener_who_hangs_up_after_a_lost_connection_has_not_talked() -> None:
    """Its HANGUP says answered 1, and that it was Spying: a listener's leg counts in no talk time."""
    spy = call("1", "Spying", 1, 2)

    tracker, changes = fed(
        extension(1, "A", "NEWCALL", spy),
        Frame.of("disconnect"),
        extension(30, "A", "HANGUP", spy),
    )

    leg = next(change.leg for change in changes if isinstance(change, LegEnded))
    assert (Outcome.SPIED, False, 0) == (leg.outcome, leg.answered, leg.talk_s)
    ended = tracker.snapshot().call("1")
    assert ended is not None and not ended.answered


@pytest.mark.parametrize(("offset_min", "turned"), [(180, 3600), (60, -3600)])
def test_an_answer_after_the_clocks_have_changed_is_of_the_new_wall_clock(offset_min: int, turned: int) -> None:
    """It rang before the change and was answered after it: UTC = value - the frame's own offset (field guide §2)."""
    outside = {"servertimeoffset": offset_min}
    talking = call("1", "Talking", 1, turned + 6)

    _, changes = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(turned + 6, "A", "ANSWER", talking, outside=outside),
        extension(turned + 60, "A", "HANGUP", talking, outside=outside),
    )

    leg = next(change.leg for change in changes if isinstance(change, LegEnded))
    assert (5, 54) == (leg.ring_s, leg.talk_s)
    assert [] == anomalies(changes)


def test_an_agent_without_a_name_has_not_the_name_of_the_one_before() -> None:
    """Two agents at one desk (field guide §4), and a frame without summery; his own name is kept."""
    tracker, changes = fed(
        extension(1, "A", "userStatusUpdate", onlineUserID=7),
        extension(2, "A", "userStatusUpdate", onlineUserID="7", summery=None, representativeStatus=3),
        extension(3, "A", "userStatusUpdate", onlineUserID=8, summery=None),
    )

    assert "Clark Kent" == next(change.agent_name for change in changes if isinstance(change, AgentStatusChanged))
    (logged_on,) = [change for change in changes if isinstance(change, AgentLoggedOn)]
    assert (8, "") == (logged_on.agent_id, logged_on.agent_name)
    assert "" == tracker.snapshot().extensions[0].agent_name


BACK_IN_THE_QUEUE = (
    queue(1, "JOIN", "1", [waiting("1")]),
    extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
    extension(5, "A", "ANSWER", call("1", "Talking", 2, 5)),
    queue(6, "EXIT", "1", []),
    extension(20, "A", "HANGUP", call("1", "Talking", 2, 5), outside={"dialStatus": "Recheck"}),
    queue(22, "JOIN", "1", [waiting("1", 22)]),
)


def test_a_call_that_comes_back_to_the_queue_is_alive_until_its_next_agent_is_seen() -> None:
    """A talked, and sent it back to the IVR; B picks it up: that A had answered it before says nothing of B."""
    picked_up = call("1", "Talking", 35)
    tracker, _ = fed(*BACK_IN_THE_QUEUE)

    changes = tracker.feed(queue(30, "ANSWER", "1", []))
    assert not any(isinstance(change, CallEnded) for change in changes)
    assert [State.RINGING] == [live.state for live in tracker.snapshot().calls]

    changes = (
        *tracker.feed(extension(35, "B", "NEWCALL", picked_up)),
        *tracker.feed(extension(60, "B", "HANGUP", picked_up)),
    )
    assert not any(isinstance(change, CallResumed) for change in changes)
    assert [(True, 40)] == [
        (change.call.answered, change.call.talk_s) for change in changes if isinstance(change, CallEnded)
    ]


def test_a_second_wait_that_vanishes_was_not_answered_by_the_agent_of_the_first() -> None:
    """Its end was not seen, and no agent has had the call since it joined: lost."""
    tracker, _ = fed(*BACK_IN_THE_QUEUE, all_queues(40, []))

    known = tracker.snapshot().queue(55)
    assert known is not None
    assert (1, 1) == (known.answered, known.lost)


def test_the_end_of_a_wait_that_was_concluded_in_that_second_is_not_a_second_wait() -> None:
    """The list after a login had it no more; its EXIT, which comes later, says how it ended (ruling 4)."""
    tracker, changes = fed(
        queue(1, "JOIN", "1", [waiting("1")]),
        all_queues(9, []),
        queue(9, "EXIT", "1", [], telephonyservertime=START + 7),
    )

    known = tracker.snapshot().queue(55)
    assert known is not None
    assert (1, 1, 0) == (known.queued, known.answered, known.lost)
    assert [] == anomalies(changes)
