"""Records as statements: the names of both accounts, loose types, and what is not understood."""

from typing import Any

import pytest

from calltrack import Frame
from calltrack.core.observations import Stated, Statement
from calltrack.core.states import Outcome

NOTIFICATION = {
    "ivruniqueid": "2023113011294767",
    "type": "Queue",
    "status": "ANSWER",
    "direction": "incoming",
    "time": 1701343787,
    "duration": 95,
    "actualCallDuration": 60,
    "actualCallDialtime": 5,
    "seconds_waiting_in_queue": 35,
    "isAnswer": 1,
    "callerPhone": "972501234567",
    "did": "0722776772",
    "extenUser": "SIPSIP1",
    "representative_name": "Clark Kent",
    "representative_code": 7654321,
    "queueid": 55,
    "queuename": "Support",
    "record": "https://recordings.example/1.mp3",
    "price": 12,
    "DepartmentID": 3,
    "DepartmentName": "Sales",
    "IVR": [{"layer_id": 1, "DTMF": "2"}],
    "aiData": {"summary": "short"},
}
LOGGED = {
    "CallID": "2023113011294767",
    "CdrType": 4,
    "DialStatus": "BUSY",
    "Date": "2023-11-30T09:29:47Z",
    "Duration": 7,
    "RingTime": 7,
    "CallerExtension": "SIPSIP1",
    "TargetNumber": "0501234567",
}


def stated(body: dict[str, Any]) -> Statement:
    """What a record states."""
    frame = Frame.of("cdr", body)
    assert isinstance(frame.body, Stated)
    return frame.body.statement


def test_a_notification() -> None:
    """Every field of the guide that a statement has a place for."""
    assert stated(NOTIFICATION) == Statement(
        call_id="2023113011294767",
        account="CDR",
        kind="Queue",
        status="ANSWER",
        outcome=Outcome.ANSWERED,
        answered=True,
        exten_user="SIPSIP1",
        queue_id="55",
        queue_name="Support",
        direction="Incoming",
        started=1701343787,
        total_s=95,
        wait_s=35,
        ring_s=5,
        talk_s=60,
        caller="972501234567",
        did="0722776772",
        agent_id="7654321",
        agent_name="Clark Kent",
        recording_url="https://recordings.example/1.mp3",
        price=12,
        department_id="3",
        department="Sales",
        path='[{"layer_id":1,"DTMF":"2"}]',
        analysis='{"summary":"short"}',
    )


def test_a_call_log_record() -> None:
    """Its date is GMT, so it needs no offset."""
    found = stated(LOGGED)

    assert (found.account, found.started, found.started_utc) == ("Call Log", None, 1701336587)
    assert (found.answered, found.outcome, found.talk_s, found.ring_s) == (False, Outcome.BUSY, 0, 7)
    assert (found.exten_user, found.caller) == ("SIPSIP1", "0501234567")


def test_talk_of_a_call_log_record() -> None:
    """It says the duration and the ring; the rest of an answered call outside a queue is talk."""
    assert stated({**LOGGED, "DialStatus": "ANSWER", "Duration": 67}).talk_s == 60


@pytest.mark.parametrize("name", ["ivruniqueid", "CALLID", "IVR_UNIQUE_ID", "ivrid"])
def test_every_spelling_of_the_id(name: str) -> None:
    """One id joins all accounts."""
    body = {key: value for key, value in NOTIFICATION.items() if key != "ivruniqueid"}
    assert stated({**body, name: "1"}).call_id == "1"


@pytest.mark.parametrize("value", [None, "", "nan", -1, 10**30, [], {}, True, "1e999"])
@pytest.mark.parametrize("name", sorted(NOTIFICATION))
def test_nonsense_is_left_out(name: str, value: object) -> None:
    """Whatever a field holds, the record reads, and the other fields stay."""
    found = stated({**NOTIFICATION, name: value})

    assert found.call_id == ("2023113011294767" if name != "ivruniqueid" else found.call_id)
    assert all(one is None or one >= 0 for one in (found.talk_s, found.ring_s, found.wait_s, found.total_s))


def test_unknown_words_are_kept() -> None:
    """A type and a status that no guide has."""
    found = stated({**NOTIFICATION, "type": "Teleport", "status": "BEAMED", "isAnswer": None})

    assert (found.kind, found.status, found.outcome, found.answered) == ("Teleport", "BEAMED", None, None)


def test_a_record_without_an_id() -> None:
    """It is a frame all the same."""
    assert stated({"time": 1, "duration": 2}).call_id == ""


def test_equal_records_are_equal() -> None:
    """Frames compare by what they state."""
    assert Frame.of("cdr", NOTIFICATION).body == Frame.of("cdr", {**NOTIFICATION, "new": 1}).body


@pytest.mark.parametrize(
    ("altered", "unusable"),
    [
        ({}, ()),
        ({"duration": -5}, ("duration: -5",)),
        ({"actualCallDuration": "much"}, ("actualCallDuration: much",)),
        ({"type": "Hologram"}, ("type: Hologram",)),
        ({"status": "DELIGHTED"}, ("status: DELIGHTED",)),
        ({"direction": "outgoing"}, ("direction: outgoing",)),
        ({"direction": "internal"}, ()),
        ({"time": 1701343787000}, ("time: 1701343787000",)),
        ({"callerPhone": "9.72501E+11"}, ("callerPhone: 9.72501E+11",)),
        ({"isAnswer": "perhaps", "time": "soon"}, ("isAnswer: perhaps", "time: soon")),
        ({"duration": "", "direction": None, "time": 0, "type": "-"}, ()),
        ({"status": "x" * 1000}, (f"status: {'x' * 40}",)),
    ],
)
def test_what_cannot_be_used_is_named(altered: dict[str, Any], unusable: tuple[str, ...]) -> None:
    """A value that is unknown, no number, negative, or contradicts the type; not one that says nothing."""
    assert stated({**NOTIFICATION, **altered}).unusable == unusable


def test_an_id_that_a_table_made_a_number_of() -> None:
    """Columns with blanks hold floats."""
    found = stated({**NOTIFICATION, "queueid": "55.0", "representative_code": "7654321.0"})

    assert (found.queue_id, found.agent_id) == ("55", "7654321")
    assert stated({**NOTIFICATION, "representative_code": "1.05"}).agent_id == "1.05"
