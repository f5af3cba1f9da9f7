"""The fields that releases add: those of field guide §7 by name, and those that nothing names."""

from collections import Counter
from typing import Any

import pytest

from calltrack.simulate.vendor.releases import Level, invented
from tests.simulate.frames import Heard, Json, stream

CALL = {
    *("callStarted", "calldurationinterval", "callAnswered", "answered", "callername", "callerphone", "callstatus"),
    *("customdata", "direction", "ivrid", "recording", "did", "ip", "blcServerID", "isOpensips", "channel", "channel2"),
    *("queueID", "c2cdirection", "isInternal", "isSpyed", "relatedIvrUniqueIDs", "transferExtensionName", "campaignID"),
}
SINCE_2023_12 = [
    *("outgoingcallerphone", "outgoingcallername", "callType", "originalCallerID", "originalCallerName"),
    "actualDialedNumber",
]
LEVELS: list[Level] = ["frame", "extension", "call", "queue", "waiting", "campaign"]
STATISTICS = ["Calls", "PendingCalls", "OriginatingCalls"]
STATISTICS += ["Leg1RingingCalls", "Leg1AnswerCalls", "Leg2RingingCalls", "Leg2AnswerCalls"]


@pytest.fixture(scope="module")
def newer() -> list[Heard]:
    """Half a day of release 1."""
    return stream(12, agents=40, release=1, campaigns=2, dialer=3.0, mutes=0.2)


def _calls(heard: list[Heard]) -> list[Json]:
    return [call for each in heard if each.event == "ExtensionEvent" for call in each.body["data"]["calls"]]


def test_a_call_has_the_fields_seen_since_2023_12(newer: list[Heard]) -> None:
    """Field guide §7, after those of 2023-11, in their types."""
    calls = _calls(newer)
    for call in calls:
        names = list(call)
        assert names[-6:] == SINCE_2023_12
        assert set(names) <= CALL | set(SINCE_2023_12)
        assert call["callType"] == call["direction"]
        outgoing = call["direction"] in ("Outgoing", "Click2Call")
        assert bool(call["outgoingcallerphone"]) == bool(call["outgoingcallername"]) == outgoing
    assert {type(call["actualDialedNumber"]) for call in calls} == {int, str}
    rewritten = [call for call in calls if call["callerphone"] == "Anonymous" != call["originalCallerID"]]
    assert rewritten
    assert {call["originalCallerName"] for call in calls if "queueID" in call} == {""}


def test_a_recording_of_an_outgoing_call_is_named_from_the_answer_on(newer: list[Heard]) -> None:
    """Filename, Options, ApproximateURL; IsMuted is an integer or a string of one."""
    muted = Counter[Any]()
    for call in _calls(newer):
        recording = call["recording"]
        assert list(recording) == ["Filename", "Options", "ApproximateURL", "IsMuted"]
        named = call["direction"] != "Outgoing" or bool(call["answered"])
        assert bool(recording["Filename"]) == bool(recording["ApproximateURL"]) == named
        muted[recording["IsMuted"]] += 1
    assert set(muted) == {0, 1, "0", "1"}


def test_a_waiting_call_says_whether_its_queue_distributes_and_has_custom_data(newer: list[Heard]) -> None:
    """`customdata` that is empty is an object or an array."""
    calls = [call for each in newer if each.event == "QueueEvent" for call in each.body["data"]["Calls"]]
    assert {tuple(call)[-2:] for call in calls} == {("isDistributedQueue", "customdata")}
    assert {type(call["isDistributedQueue"]) for call in calls} == {bool}
    assert [] in [call["customdata"] for call in calls]
    assert {} in [call["customdata"] for call in calls]


def test_campaigns_have_statistics_that_count_their_calls(newer: list[Heard]) -> None:
    """Field guide §7: AllDialersStatus and DialerEvent, each campaign whole."""
    found, stages = 0, Counter[str]()
    for each in newer:
        for campaign in _campaigns(each):
            names = ["campaignID", "name", "typeID", "type", "code", "userID", "accountID", "calls", "data"]
            assert list(campaign) == names
            if not campaign["data"]:
                assert not campaign["calls"]
                continue
            counts, strategy = campaign["data"]["CallStatistics"], campaign["data"]["DialerStrategy"]
            assert list(counts) == [f"Total{name}" for name in STATISTICS]
            assert counts["TotalCalls"] == len(campaign["calls"])
            assert counts["TotalCalls"] == sum(counts[f"Total{name}"] for name in STATISTICS[2:])
            assert list(strategy) == [
                *("TypeName", "Queue", "CurrentAwaitingCallers", "CurrentTotalAgents", "CurrentFreeAgents")
            ]
            assert 0 <= strategy["CurrentFreeAgents"] <= strategy["CurrentTotalAgents"] <= 40
            stages.update({name: counts[f"Total{name}"] for name in STATISTICS})
            found += 1
    assert found > 100
    assert all(stages[name] for name in STATISTICS)


def _campaigns(each: Heard) -> list[Json]:
    if each.event == "AllDialersStatus":
        return list(each.body["dialers"])
    return [each.body["data"]] if each.event == "DialerEvent" else []


def test_a_dialer_event_is_spelled_as_the_published_types(newer: list[Heard]) -> None:
    """Field guide §7: ivrUniqueId and telephonyServerTime; a call that reaches an agent has its campaign's id."""
    events = [each.body for each in newer if each.event == "DialerEvent"]
    for body in events:
        assert list(body)[:6] == [
            *("callerID", "data", "dialStatus", "eventName", "ivrUniqueId", "telephonyServerTime")
        ]
        assert (body["eventName"], type(body["telephonyServerTime"])) == ("dialer", int)
    assert {body["reason"] for body in events} == {"NEWCALL", "ANSWER", "HANGUP"}
    dialed = {body["ivrUniqueId"]: body["data"]["campaignID"] for body in events}
    at_agents = {call["ivrid"]: call["campaignID"] for call in _calls(newer) if "campaignID" in call}
    assert len(at_agents) > 5
    assert all(dialed[ivrid] == campaign for ivrid, campaign in at_agents.items() if ivrid in dialed)


def test_later_releases_have_fields_that_nothing_names_at_every_level() -> None:
    """Beside the event, in the extension, in its calls, in the queue, in its calls and in the campaign."""
    kinds, levels = set[str](), set[str]()
    for each in stream(4, agents=20, release=2):
        for level, said in _things(each):
            names = [field.name for field in invented(2, level)]
            assert list(said)[-len(names) :] == names or level == "extension"
            assert set(names) <= set(said)
            kinds |= {type(said[name]).__name__ for name in names}
            levels.add(level)
    assert levels == set(LEVELS)
    assert len(kinds) >= 4


def _things(each: Heard) -> list[tuple[Level, Json]]:
    found: list[tuple[Level, Json]] = [("frame", each.body)]
    if each.event == "ExtensionEvent":
        data = each.body["data"]
        found += [("extension", data), *(("call", call) for call in data["calls"])]
    elif each.event == "QueueEvent":
        data = each.body["data"]
        found += [("queue", data), *(("waiting", call) for call in data["Calls"])]
    return found + [("campaign", campaign) for campaign in _campaigns(each)]


@pytest.mark.parametrize("level", LEVELS)
def test_a_release_drops_and_adds_fields(level: Level) -> None:
    """It keeps most; none before release 2."""
    assert invented(0, level) == invented(1, level) == ()
    for release in range(2, 40):
        before, after = (set(invented(number, level)) for number in (release, release + 1))
        assert len(before & after) == 3
        assert len(after - before) == 1
    assert len({field.name for release in range(2, 40) for field in invented(release, level)}) > 30


def test_releases_follow_each_other_while_the_stream_runs() -> None:
    """Two an hour, from 0: seven kinds of event."""
    shapes: list[tuple[str, ...]] = []
    for each in stream(3, agents=20, releases=2.0):
        if each.body.get("reason") == "userStatusUpdate" and tuple(each.body) not in shapes:
            shapes.append(tuple(each.body))
    assert len(shapes) == 5  # releases 0 and 1 have the same fields beside the event
