"""The frames have the fields of captured traffic, in its order, and never contradict themselves."""

from collections import defaultdict
from typing import Any

import msgspec
import pytest

from tests.simulate.frames import Json, events, frames


def _words(text: str) -> list[str]:
    return text.split()


CALL = _words(
    "callStarted calldurationinterval callAnswered answered callername callerphone callstatus customdata "
    "direction ivrid recording did ip blcServerID isOpensips channel channel2"
)
MORE = _words("queueID c2cdirection isInternal isSpyed relatedIvrUniqueIDs transferExtensionName campaignID")
EXTENSION = _words(
    "calls userID userName number extenUser accountID topAccountID summery onlineUserID representative "
    "representativeStatus lastCallEventEpoch lastAnsweredCallEventEpoch lastHangupCallEpoch "
    "representativeUpdated peerStatus"
)
STATUS_EVENT = _words("data eventName reason servertime servertimeoffset")
CALL_EVENT = [*STATUS_EVENT, "telephonyservertime"]
HANGUP_EVENT = [*CALL_EVENT, "callerID", "ivruniqueid", "dialStatus", "cause"]
QUEUE_EVENT = [*CALL_EVENT, "ivruniqueid"]
WAITING = _words("CallerID CallerName IvrUniqueID JoinTimeStamp calldurationinterval ivrid")
QUEUE = _words("QueueID QueueName UserID DistributorID IsDistributedQueue Calls")
RING_GROUP = 5004  # the last queue
TAIL = _words("servertime servertimeoffset errorCode errorDesc")


@pytest.fixture(scope="module")
def day() -> list[tuple[str, Json]]:
    """A day of a centre that is big enough for everything to happen."""
    return list(frames(8, agents=40))


def test_an_extension_event_has_the_captured_fields_in_order(day: list[tuple[str, Json]]) -> None:
    """The fields beside and in `data`, of every call in it too."""
    for event, body in day:
        if event != "ExtensionEvent":
            continue
        reason, data = body["reason"], body["data"]
        beside = {"userStatusUpdate": STATUS_EVENT, "HANGUP": HANGUP_EVENT}.get(reason, CALL_EVENT)
        inside = EXTENSION if reason == "userStatusUpdate" else [*EXTENSION, "currentCall"]
        assert (list(body), list(data)) == (beside, inside)
        for call in [*data["calls"], *filter(None, [data.get("currentCall")])]:
            names = list(call)
            assert names[: len(CALL)] == CALL
            assert names[len(CALL) :] == [name for name in MORE if name in call]


def test_a_queue_event_has_the_captured_fields_in_order(day: list[tuple[str, Json]]) -> None:
    """AnsweredAgent comes with EXIT alone."""
    for event, body in day:
        if event == "QueueEvent":
            agent = ["AnsweredAgent"] if body["reason"] == "EXIT" else []
            assert (list(body), list(body["data"])) == (
                QUEUE_EVENT,
                ["QueueID", "Calls", "QueueName", *agent],
            )
            assert all(list(call) == WAITING for call in body["data"]["Calls"])


def test_the_snapshots_have_the_captured_fields_in_order(day: list[tuple[str, Json]]) -> None:
    """What comes on connecting, in this order."""
    (_, success), (_, status), (_, extensions), (_, users), (_, dialers) = day[:5]
    assert list(success) == TAIL
    assert (list(status), list(status["queues"][0])) == (["queues", *TAIL], QUEUE)
    assert (list(extensions), list(extensions["extensions"][0])) == (["extensions", *TAIL], EXTENSION)
    assert (list(users), list(users["users"][0])) == (["users", *TAIL], ["userID", "userName", "accountID"])
    assert list(dialers["dialers"][0]) == _words("campaignID name typeID type code calls statistics")
    assert [event for event, _ in day[:3]] == ["loginSuccess", "loginStatus", "AllExtensionsStatus"]
    assert list(events("keepaliveResponse", agents=1)[0]) == ["isOK", *TAIL]


def test_every_extension_list_is_the_one_before_with_the_event_applied(day: list[tuple[str, Json]]) -> None:
    """Field guide §4: never once otherwise in 1,276 captured events, but for click2call leg 2."""
    before: dict[str, dict[Any, str]] = defaultdict(dict)
    for event, body in day:
        if event == "AllExtensionsStatus":
            before.update({e["extenUser"]: _legs(e["calls"]) for e in body["extensions"]})
        if event != "ExtensionEvent":
            continue
        data, reason = body["data"], body["reason"]
        legs, current = before[data["extenUser"]], data.get("currentCall")
        if reason == "HANGUP" and current is None:  # the vendor does not say which; the ivrid does
            legs = {key: status for key, status in legs.items() if key[0] != body["ivruniqueid"]}
        elif reason == "HANGUP":
            assert legs.pop(_key(current)) == current["callstatus"]
        elif current:
            if current.get("c2cdirection") == "2":
                legs.pop((current["ivrid"], current["callStarted"], "1"), None)
            assert reason in ("NEWCALL", "ANSWER") or _key(current) in legs
            assert reason != "NEWCALL" or _key(current) not in legs
            legs[_key(current)] = current["callstatus"]
        assert _legs(data["calls"]) == legs
        before[data["extenUser"]] = legs


def test_every_waiting_list_is_the_one_before_with_the_event_applied(day: list[tuple[str, Json]]) -> None:
    """Field guide §5: never otherwise in 298 captured events."""
    before: dict[int, list[str]] = {}
    for event, body in day:
        if event == "loginStatus":
            before = {q["QueueID"]: [call["ivrid"] for call in q["Calls"]] for q in body["queues"]}
        elif event == "QueueEvent":
            waiting = before[body["data"]["QueueID"]]
            if body["reason"] == "JOIN":
                waiting.append(body["ivruniqueid"])
            else:
                waiting.remove(body["ivruniqueid"])
            assert [call["ivrid"] for call in body["data"]["Calls"]] == waiting


def test_the_stream_begins_in_the_middle_of_calls(day: list[tuple[str, Json]]) -> None:
    """The first snapshots have live legs and waiting callers (field guide §4)."""
    assert any(queue["Calls"] for queue in day[1][1]["queues"])
    assert any(extension["calls"] for extension in day[2][1]["extensions"])


def test_everything_of_the_field_guide_happens(day: list[tuple[str, Json]]) -> None:
    """Each kind of call, status, cause and link occurs in a day of forty agents."""
    extension = [body for event, body in day if event == "ExtensionEvent"]
    calls = [call for body in extension for call in body["data"]["calls"]]
    assert {call["callstatus"] for call in calls} == {"Ringing", "Dialing", "Talking", "Hold", "Spying"}
    assert {call["direction"] for call in calls} == {"Incoming", "Outgoing", "Click2Call", "Spy"}
    assert {name for call in calls for name in call if name not in CALL} == set(MORE)
    assert {call.get("c2cdirection") for call in calls} == {None, "1", "2"}
    hangups = [body for body in extension if body["reason"] == "HANGUP"]
    assert {"Transfer", "Recheck"} <= {body["dialStatus"] for body in hangups}
    assert {"Normal hangup", "Answered elsewhere", "Call Rejected", "User busy", "Unknown", ""} <= {
        body["cause"] for body in hangups
    }
    assert any(body["data"]["currentCall"] is None for body in hangups)
    assert {1, 2, 3, 5, 7, 11, 13} <= {body["data"]["representativeStatus"] for body in extension}
    assert any(len(body["data"]["calls"]) > 1 for body in extension)
    assert {"JOIN", "EXIT", "ANSWER", "ABANDONED"} == {b["reason"] for e, b in day if e == "QueueEvent"}
    assert "DialerEvent" in {event for event, _ in day}
    assert len({e["onlineUserID"] for e in _one_desk(extension)} - {0}) == 2  # two agents at one desk


def _one_desk(extension: list[Json]) -> list[Json]:
    seen: dict[str, set[int]] = defaultdict(set)
    for body in extension:
        seen[body["data"]["extenUser"]].add(body["data"]["onlineUserID"])
    desk = max(seen, key=lambda exten: len(seen[exten]))
    return [body["data"] for body in extension if body["data"]["extenUser"] == desk]


def test_the_losers_of_a_ring_group_hang_up_before_the_winner_answers(day: list[tuple[str, Json]]) -> None:
    """Field guide §4: HANGUP `Answered elsewhere`, 1-4 s, ANSWER, and the queue's EXIT later still."""
    lost: dict[str, int] = {}
    waits = []
    for event, body in day:
        if event != "ExtensionEvent" or not (call := body["data"].get("currentCall")):
            continue
        if body.get("cause") == "Answered elsewhere" and call["queueID"] == RING_GROUP:
            lost[body["ivruniqueid"]] = body["servertime"]
        elif body["reason"] == "ANSWER" and call["ivrid"] in lost:
            waits.append(body["servertime"] - lost.pop(call["ivrid"]))
    assert waits
    assert all(1 <= wait <= 5 for wait in waits)


def test_a_pick_up_is_answered_0_until_something_else_happens() -> None:
    """Field guide §4: NEWCALL[Talking, answered 0]; after a HOLD it says 1, answered when it started."""
    firsts: list[tuple[str, Json]] = []
    later: list[tuple[str, Json]] = []
    for body in events("ExtensionEvent", hours=20):
        call = body["data"].get("currentCall")
        if call and call["direction"] == "Incoming" and call["callerphone"] == "Anonymous" and not call["did"]:
            (firsts if body["reason"] == "NEWCALL" else later).append((body["reason"], call))
    assert {(c["callstatus"], c["answered"], c["callAnswered"]) for _, c in firsts} == {("Talking", 0, 0)}
    held = [call for reason, call in later if reason == "HOLD"]
    assert held
    assert all(call["answered"] == 1 and call["callAnswered"] >= call["callStarted"] for call in held)


def test_a_transfer_goes_on_under_a_new_ivrid_that_names_the_old_ones(day: list[tuple[str, Json]]) -> None:
    """Field guide §4: three HANGUPs with dialStatus Transfer, then NEWCALL[Talking, answered 1]."""
    ended: set[str] = set()
    onward = []
    for event, body in day:
        if event != "ExtensionEvent":
            continue
        if body.get("dialStatus") == "Transfer":
            ended.add(body["ivruniqueid"])
        call = body["data"].get("currentCall")
        if body["reason"] == "NEWCALL" and "transferExtensionName" in call:
            assert (call["callstatus"], call["answered"]) == ("Talking", 1)
            assert set(call["relatedIvrUniqueIDs"]) <= ended
            assert call["ivrid"] not in ended
            onward.append(call)
    assert onward


def test_times_are_the_servers_local_clock_and_the_switch_is_ahead() -> None:
    """Field guide §2: UTC = value - servertimeoffset x 60; telephonyservertime trails servertime."""
    for event, body in frames(4, offset=180, agents=20):
        if event == "ExtensionEvent" and "telephonyservertime" in body:
            assert 0 <= body["servertime"] - body["telephonyservertime"] <= 60
            call = body["data"]["currentCall"]
            if body["reason"] == "NEWCALL" and call.get("c2cdirection") != "2":
                assert call["callStarted"] == body["telephonyservertime"]
            if call and call["callAnswered"]:
                assert call["callAnswered"] >= call["callStarted"]
    first = next(body for event, body in frames(1, offset=180))
    assert (first["servertime"], first["servertimeoffset"]) == (1_704_697_200 + 180 * 60, 180)


def test_a_frame_is_json_that_stays_as_it_is() -> None:
    """No value that JSON would change (tuples aside)."""
    for _, body in frames(1):
        assert msgspec.json.decode(msgspec.json.encode(body)).keys() == body.keys()


def _key(call: Json) -> tuple[str, int, str]:
    return call["ivrid"], call["callStarted"], call.get("c2cdirection", "")


def _legs(calls: list[Json]) -> dict[Any, str]:
    return {_key(call): call["callstatus"] for call in calls}
