from typing import Any

import pytest

from calltrack.core import observations as seen
from calltrack.core.states import Outcome, State
from calltrack.voicenter.frames import Frame
from tests.voicenter.wired import NOW, body, call, event, extension, line, only, queue_event


def listed(**changed: Any) -> seen.ListedCall:
    """The one call in an event's list."""
    found = body(seen.ExtensionEvent, "ExtensionEvent", event(extension(calls=[call(**changed)])))
    return only(found.extension.listed)


def test_an_extension_event() -> None:
    """The extension's state, the call that the event is about, and what it says of it."""
    found = body(seen.ExtensionEvent, "ExtensionEvent", event())
    extension_seen, reported = found.extension, found.reported

    assert (NOW, 120, NOW - 2) == (found.stamp, found.offset_min, found.moment)
    assert ("A", 70003, "Dana Katz", 1) == (
        extension_seen.exten_user,
        extension_seen.agent_id,
        extension_seen.agent_name,
        extension_seen.agent_status,
    )
    assert (NOW - 100, 70001, "Amit Raz") == (
        extension_seen.agent_status_since,
        extension_seen.user_id,
        extension_seen.user_name,
    )
    assert (20001, 1001, 1000, None) == (
        extension_seen.number,
        extension_seen.account_id,
        extension_seen.top_account_id,
        extension_seen.peer_status,
    )
    assert (NOW, NOW - 2, NOW - 90) == (
        extension_seen.last_call_at,
        extension_seen.last_answered_at,
        extension_seen.last_hangup_at,
    )
    assert (seen.ANSWERS, "2023-1", "ANSWER") == (reported.kind, reported.call_id, reported.reason)
    assert extension_seen.listed == [reported.call]


def test_a_listed_call() -> None:
    """Every field of a call that captures have."""
    more = {
        "isInternal": True,
        "isSpyed": True,
        "transferExtensionName": "Adi",
        "campaignID": 901,
        "outgoingcallerphone": "03",
        "outgoingcallername": "Shop",
        "originalCallerID": "04",
        "originalCallerName": "Paz",
        "actualDialedNumber": 5,
        "c2cdirection": "1",
    }
    one = listed(**more)

    assert ("2023-1", State.TALKING, "Talking", NOW - 7, NOW - 2, True) == (
        one.call_id,
        one.state,
        one.status,
        one.started,
        one.answered_at,
        one.answered,
    )
    assert (1, seen.INCOMING, "5001", "0501234567", "Dana", "0722776772") == (
        one.c2c,
        one.direction,
        one.queue_id,
        one.caller,
        one.caller_name,
        one.did,
    )
    assert (True, True, "Adi", "901", "03", "Shop") == (
        one.internal,
        one.spied_on,
        one.transferred_by,
        one.campaign_id,
        one.presented_number,
        one.presented_name,
    )
    assert ("04", "Paz", "5", "") == (
        one.original_caller,
        one.original_caller_name,
        one.dialed_number,
        one.custom_data,
    )
    assert ("a.mp3", False, "", "") == (
        one.recording and one.recording.filename,
        one.recording and one.recording.muted,
        one.recording and one.recording.options,
        one.recording and one.recording.url,
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Ringing", State.RINGING),
        ("DIALING", State.DIALING),
        ("talking", State.TALKING),
        ("hold", State.HOLD),
        ("sPyInG", State.SPYING),
        ("Parked", None),
    ],
)
def test_a_status_is_a_state_in_any_case(status: str, state: State | None) -> None:
    """The word itself stays as evidence."""
    one = listed(callstatus=status)

    assert (state, status) == (one.state, one.status)


@pytest.mark.parametrize(
    ("status", "answered", "c2c", "state"),
    [
        ("Talking", 0, 2, State.DIALING),
        ("Talking", 1, 2, State.TALKING),
        ("Talking", 0, 1, State.TALKING),
        ("Hold", 0, 2, State.HOLD),
    ],
)
def test_click2call_leg_2_dials_until_it_is_answered(status: str, answered: int, c2c: int, state: State) -> None:
    """Whatever its status says (field guide §4)."""
    assert state is listed(callstatus=status, answered=answered, c2cdirection=c2c).state


@pytest.mark.parametrize(
    ("word", "direction"),
    [("Click2Call", seen.CLICK2CALL), ("Click2call", seen.CLICK2CALL), ("spy", seen.SPY), ("Sideways", "Sideways")],
)
def test_a_direction_in_any_case(word: str, direction: str) -> None:
    """One that is not known stays as it is."""
    assert direction == listed(direction=word).direction


@pytest.mark.parametrize("key", ["ivrid", "Ivrid", "IvrUniqueID", "ivruniqueid", "IVRID"])
def test_a_call_has_one_id_whatever_its_key(key: str) -> None:
    """The documented keys, and any other case of them."""
    assert "7" == listed(**{"ivrid": None, key: "7"}).call_id


@pytest.mark.parametrize("value", [["1", 2, "", None], "1, 2,", "1,2"])
def test_related_calls_are_a_list_or_a_text(value: object) -> None:
    """With commas, and blanks between."""
    assert ("1", "2") == listed(relatedIvrUniqueIDs=value).related


@pytest.mark.parametrize("text", ["{}", "[]", "null", '""', "{ }", "[  ]"])
@pytest.mark.parametrize("more", ["", ',"new":1', ',"answered":"maybe"'])
def test_custom_data_that_says_nothing_is_empty(text: str, more: str) -> None:
    """Whichever way the frame is decoded."""
    found = Frame.decode(f'["ExtensionEvent",{{"data":{{"calls":[{{"ivrid":"1","customdata":{text}{more}}}]}}}}]').body

    assert isinstance(found, seen.ExtensionEvent)
    assert found.extension.listed is not None
    assert "" == found.extension.listed[0].custom_data


@pytest.mark.parametrize("more", ["", ',"new":1', ',"answered":"maybe"', ',"did":7', ',"CallStatus":"Hold"'])
def test_custom_data_is_the_text_that_came(more: str) -> None:
    """With its blanks and the order of its keys, whichever way the frame is decoded."""
    text = '{"b" : 1.50, "a":"\\u05d0"}'
    found = Frame.decode(f'["ExtensionEvent",{{"data":{{"calls":[{{"ivrid":"1","customdata":{text}{more}}}]}}}}]').body

    assert isinstance(found, seen.ExtensionEvent)
    assert found.extension.listed is not None
    assert text == found.extension.listed[0].custom_data


@pytest.mark.parametrize(
    ("recording", "muted"),
    [({"IsMuted": 1, "Filename": "a"}, True), ({"IsMuted": "0", "Filename": "a"}, False), ({"IsMuted": "1"}, True)],
)
def test_a_recording_is_muted_or_not(recording: dict[str, Any], muted: bool) -> None:
    """0, 1, "0" and "1" (field guide §7)."""
    one = listed(recording=recording).recording

    assert one is not None
    assert muted is one.muted


@pytest.mark.parametrize("recording", [{}, [], "", {"Filename": "", "IsMuted": 0}])
def test_a_recording_that_says_nothing_is_none(recording: object) -> None:
    """As PHP writes an empty object."""
    assert listed(recording=recording).recording is None


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("NEWCALL", seen.STARTS),
        ("Answer", seen.ANSWERS),
        ("hold", seen.HOLDS),
        ("UNHOLD", seen.RETRIEVES),
        ("HANGUP", seen.ENDS),
        ("userStatusUpdate", seen.STATUS),
        ("PARK", ""),
    ],
)
def test_a_reason_is_a_kind_of_event(reason: str, kind: str) -> None:
    """The word itself stays as evidence."""
    reported = body(seen.ExtensionEvent, "ExtensionEvent", event(reason=reason)).reported

    assert (kind, reason) == (reported.kind, reported.reason)


@pytest.mark.parametrize(
    ("cause", "dial_status", "means"),
    [
        ("Normal hangup", "", None),
        ("Unknown", "", None),
        ("Answered elsewhere", "", Outcome.ANSWERED_ELSEWHERE),
        ("call rejected", "", Outcome.REJECTED),
        ("User busy", "", Outcome.BUSY),
        ("No user responding", "", Outcome.NO_ANSWER),
        ("User alerting, no answer", "", Outcome.NO_ANSWER),
        ("Unallocated (unassigned) number", "", Outcome.UNALLOCATED),
        ("", "Transfer", Outcome.TRANSFERRED),
        ("Normal hangup", "recheck", Outcome.RECHECKED),
        ("User busy", "Dial", Outcome.BUSY),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_what_a_hangup_means(cause: str, dial_status: str, means: Outcome | None, inside: bool) -> None:
    """dialStatus counts before the cause; the cause stays as it came, outside `data` or inside."""
    said = {"cause": cause, "dialStatus": dial_status}
    data = extension(currentCall=call()) | (said if inside else {})
    reported = body(
        seen.ExtensionEvent, "ExtensionEvent", event(data, reason="HANGUP", **({} if inside else said))
    ).reported

    assert (seen.ENDS, cause, means) == (reported.kind, reported.cause, reported.means)
    assert (means is Outcome.TRANSFERRED) is reported.transferred


def test_an_answer_means_no_outcome() -> None:
    """Only an end has one."""
    assert body(seen.ExtensionEvent, "ExtensionEvent", event(cause="User busy")).reported.means is None


def test_fields_outside_data_count_before_those_inside() -> None:
    """Each for itself (field guide §1)."""
    inside = {"reason": "HANGUP", "servertime": 1, "servertimeoffset": 180, "telephonyservertime": 2}
    both = event(extension(**inside), servertimeoffset=None, reason=None)
    found = body(seen.ExtensionEvent, "ExtensionEvent", both)

    assert (NOW, 180, NOW - 2, "HANGUP") == (found.stamp, found.offset_min, found.moment, found.reported.reason)


@pytest.mark.parametrize("key", ["ivruniqueid", "ivrUniqueId", "ivrid", "IvrUniqueID"])
@pytest.mark.parametrize("inside", [False, True])
def test_an_event_without_a_current_call_names_it(key: str, inside: bool) -> None:
    """Outside `data` or inside; the call's own id counts before it."""
    data = extension() | ({key: "9"} if inside else {})
    outside = {} if inside else {key: "9"}
    named = body(seen.ExtensionEvent, "ExtensionEvent", event(data, **outside)).reported
    both = body(seen.ExtensionEvent, "ExtensionEvent", event(data | {"currentCall": call()}, **outside)).reported
    filled = body(
        seen.ExtensionEvent, "ExtensionEvent", event(data | {"currentCall": call(ivrid=None)}, **outside)
    ).reported

    assert ("9", None) == (named.call_id, named.call)
    assert "2023-1" == both.call_id
    assert ("9", "9") == (filled.call_id, filled.call and filled.call.call_id)


@pytest.mark.parametrize(
    ("online", "representative", "expected"), [(7, 8, 7), (None, 8, 8), (0, 8, 0), (None, None, None), ("7", 8, "7")]
)
def test_the_agent_is_who_is_logged_on(online: object, representative: object, expected: object) -> None:
    """onlineUserID first; 0 is no one, and that is said."""
    data = extension(onlineUserID=online, representative=representative)

    assert expected == body(seen.ExtensionEvent, "ExtensionEvent", event(data)).extension.agent_id


@pytest.mark.parametrize(
    ("updated", "since"), [(1_701_344_270_123, 1_701_344_270.123), ("1701344270000", 1_701_344_270), (0, 0)]
)
def test_a_status_time_is_in_seconds(updated: object, since: float) -> None:
    """representativeUpdated alone comes in milliseconds."""
    data = extension(representativeUpdated=updated)

    assert since == body(seen.ExtensionEvent, "ExtensionEvent", event(data)).extension.agent_status_since


@pytest.mark.parametrize(("calls", "expected"), [(None, None), ([], [])])
def test_no_list_is_not_an_empty_list(calls: object, expected: object) -> None:
    """An absent or null list says nothing (ruling 6)."""
    data = extension(calls=calls)

    assert expected == body(seen.ExtensionEvent, "ExtensionEvent", event(data)).extension.listed


def test_a_queue_event() -> None:
    """The waiting list, and who joined."""
    found = body(seen.QueueEvent, "QueueEvents", queue_event())
    waits = only(found.queue.listed)

    assert ("55", "Sales") == (found.queue.queue_id, found.queue.name)
    assert ("1", NOW, "0501234567", "Dana", False) == (
        waits.call_id,
        waits.started,
        waits.caller,
        waits.caller_name,
        waits.distributed,
    )
    assert (seen.STARTS, "1", "JOIN", None) == (
        found.reported.kind,
        found.reported.call_id,
        found.reported.reason,
        found.reported.means,
    )


@pytest.mark.parametrize(
    ("reason", "means"),
    [("EXIT", Outcome.ANSWERED), ("ANSWER", Outcome.PICKED_UP), ("abandoned", Outcome.ABANDONED)],
)
def test_how_a_wait_ends(reason: str, means: Outcome) -> None:
    """By the event's reason; AnsweredAgent names who answered."""
    data = {"QueueID": "55", "Calls": [], "AnsweredAgent": "Dana"}
    reported = body(seen.QueueEvent, "QueueEvent", queue_event(reason=reason, data=data)).reported

    assert (seen.ENDS, means, "Dana", reason) == (reported.kind, reported.means, reported.agent_name, reported.reason)


def test_a_wait_that_was_moved_names_its_former_id() -> None:
    """In the call's custom data (field guide §7)."""
    waiting = {"ivrid": "2", "isDistributedQueue": 1, "customdata": {"OriginalIvrUniqueID": "1"}}
    found = body(seen.AllQueues, "loginStatus", {"Queues": [{"QueueID": 5, "calls": [waiting]}], "servertime": NOW})
    queue = only(found.queues)
    waits = only(queue.listed)

    assert ("5", "1", True) == (queue.queue_id, waits.original_call_id, waits.distributed)
    assert '{"OriginalIvrUniqueID":"1"}' == waits.custom_data


def test_full_lists() -> None:
    """Every extension; the server's error."""
    found = body(
        seen.AllExtensions,
        "AllExtensionStatus",
        {"extensions": [extension(calls=[call()])], "errorCode": 0, "errorDesc": "OK"},
    )
    one = only(found.extensions)

    assert ("A", ["2023-1"], "") == (one.exten_user, [each.call_id for each in one.listed or ()], found.error)
    assert "5: too many" == body(seen.AllQueues, "loginStatus", {"errorCode": "5", "errorDesc": "too many"}).error
    assert body(seen.AllQueues, "loginStatus", {}).queues is None


CAMPAIGN = {
    "campaignID": 901,
    "name": "Spring",
    "typeID": 5,
    "type": "automatic",
    "code": 77,
    "userID": 7,
    "accountID": 8,
    "calls": [{"ivrid": "1"}, "2", 3, None],
}
COUNTS = {"TotalCalls": 4, "TotalPendingCalls": "3", "TotalLeg2AnswerCalls": 1.0, "TotalLeg1RingingCalls": -1}
STRATEGY = {"TypeName": "Progressive", "Queue": 5001, "CurrentFreeAgents": 2}


@pytest.mark.parametrize(
    "said",
    [{"data": {"CallStatistics": COUNTS, "DialerStrategy": STRATEGY}}, {"statistics": COUNTS | STRATEGY, "data": {}}],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_campaign(said: dict[str, Any], whole: bool) -> None:
    """With its calls and statistics, in a list and alone, in newer frames and in older."""
    if whole:
        found = only(body(seen.AllCampaigns, "AllDialersStatus", {"dialers": [CAMPAIGN | said]}).campaigns)
    else:
        event_seen = body(seen.CampaignEvent, "DialerEvent", {"data": CAMPAIGN | said, "dialStatus": "x"})
        found = event_seen.campaign
        assert "x" == event_seen.reason

    assert ("901", "Spring", "Automatic", 5, "77", 7, 8, ("1", "2", "3")) == (
        found.campaign_id,
        found.name,
        found.kind,
        found.kind_id,
        found.code,
        found.user_id,
        found.account_id,
        found.call_ids,
    )
    assert {"total_calls": 4, "pending_calls": 3, "leg2_answered": 1, "free_agents": 2} == found.statistics
    assert ("Progressive", "5001") == (found.strategy, found.queue_id)


def test_the_other_events() -> None:
    """A login, the live side's facts, and notices, known or not."""
    assert (5, "7") == (
        body(seen.Login, "loginSuccess", {"servertime": 5}).stamp,
        body(seen.Login, "loginSuccess", {"errorCode": 7}).error,
    )
    assert "closed" == body(seen.Lost, "disconnect", {"reason": "closed"}).reason
    assert 2.5 == body(seen.Tick, "tick", {"elapsed_s": 2.5}).elapsed_s
    for name in ("closeme", "keepaliveResponse", "connect", "malformed", "AllUsersStatus"):
        assert body(seen.Notice, name, {"servertime": 5}).known
        assert body(seen.Notice, name, None).known
    assert not body(seen.Notice, "mystery", {"servertime": 5}).known
    assert 5 == body(seen.Notice, "mystery", {"servertime": 5}).stamp


@pytest.mark.parametrize("elapsed", [-1, 1e300, 2**63, "long", {}])
def test_a_tick_that_cannot_be_passes_no_time(elapsed: object) -> None:
    """Backwards, or for more than a year."""
    found = Frame.decode(line("tick", {"elapsed_s": elapsed})).body

    assert isinstance(found, seen.Tick)
    assert 0 == found.elapsed_s


def test_an_event_without_a_payload_says_nothing() -> None:
    """Whatever its name."""
    for name in (
        "ExtensionEvent",
        "QueueEvent",
        "DialerEvent",
        "AllExtensionsStatus",
        "loginStatus",
        "AllDialersStatus",
    ):
        frame = Frame.decode(line(name, None))

        assert (None, ()) == (frame.body.stamp, frame.bad)
