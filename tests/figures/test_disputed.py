"""What an independent reading of simulated days took otherwise, a few frames each, and what the rulings say (guide §8).

`frames` has the days by name. `python -m tests.figures.test_disputed FOLDER` writes them as recordings.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calltrack import Frame
from tests.frames import START, all_queues, call, extension, queue, stamp, utc, waiting
from tests.outputs import Outputs, has

ELSEWHERE: dict[str, Any] = {"cause": "Answered elsewhere"}
TRANSFER = {"dialStatus": "Transfer"}
C2C: dict[str, Any] = {"direction": "Click2Call"}


def phone(at: int) -> dict[str, int]:
    """A frame that the switch stamped later than the server."""
    return {"telephonyservertime": START + at}


def leg1(status: str, answered_at: int = 0) -> dict[str, Any]:
    """A click2call at the agent's own phone."""
    return call("c1", status, 10, answered_at, c2cdirection="1", **C2C)


def leg2(answered_at: int = 0) -> dict[str, Any]:
    """A click2call at the customer's."""
    return call("c1", "Talking", 10, answered_at, c2cdirection="2", **C2C)


RING, TALK = call("c1", "Ringing", 10), call("c1", "Talking", 10, 20)
DIALED = call("c2", "Dialing", 30)
PICKED = call("c1", "Hold", 20, 20)
AGENT_2: dict[str, Any] = {
    "onlineUserID": 8,
    "userID": 8,
    "userName": "Lois Lane",
    "summery": {"representative": "Lois Lane"},
}

frames: dict[str, list[Frame]] = {
    "the own phone of a click2call ends before it was answered, by the stamps": [
        extension(10, "A", "NEWCALL", leg1("Dialing")),
        extension(16, "A", "ANSWER", leg1("Talking", 16)),
        extension(15, "A", "NEWCALL", leg2(), outside=phone(14)),
        extension(19, "A", "HANGUP", leg2(), outside=phone(17)),
    ],
    "a status whose frame is stamped before the status that it ends": [
        extension(0, "A", "userStatusUpdate"),
        extension(12, "A", "userStatusUpdate", representativeStatus=5, representativeUpdated=(START + 12) * 1000),
        extension(10, "A", "userStatusUpdate", representativeStatus=3, representativeUpdated=(START + 15) * 1000),
        extension(30, "A", "userStatusUpdate", representativeStatus=3, representativeUpdated=(START + 15) * 1000),
    ],
    "a hangup without a currentCall, stamped before its ring": [
        queue(9, "JOIN", "c1", [waiting("c1", 9)]),
        extension(10, "A", "NEWCALL", RING),
        extension(8, "A", "HANGUP", outside={**ELSEWHERE, "ivruniqueid": "c1", **phone(8)}),
        extension(40, "A", "userStatusUpdate"),
    ],
    "the customer of a click2call is seen first in mid-call": [
        extension(10, "A", "NEWCALL", leg1("Dialing")),
        extension(16, "A", "ANSWER", leg1("Talking", 16)),
        extension(60, "A", "userStatusUpdate", None, [leg2(22)]),
        extension(90, "A", "HANGUP", leg2(22)),
    ],
    "the end of a click2call's customer is lost": [
        extension(10, "A", "NEWCALL", leg1("Dialing")),
        extension(16, "A", "ANSWER", leg1("Talking", 16)),
        extension(18, "A", "NEWCALL", leg2()),
        extension(90, "A", "userStatusUpdate"),
    ],
    "the answer of the own phone and the end of a click2call's customer are lost": [
        extension(10, "A", "NEWCALL", leg1("Dialing")),
        extension(18, "A", "NEWCALL", leg2()),
        extension(90, "A", "userStatusUpdate"),
    ],
    "a redial of the same second is answered, and its start is lost": [
        extension(10, "A", "NEWCALL", call("c1", "Dialing", 10)),
        extension(11, "A", "HANGUP", call("c1", "Dialing", 10), outside={"cause": "User busy", **phone(10)}),
        extension(21, "A", "ANSWER", call("c1", "Talking", 10, 20, direction="Outgoing")),
        extension(60, "A", "HANGUP", call("c1", "Talking", 10, 20, direction="Outgoing")),
    ],
    "a call that was picked from its queue is seen first on hold": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        queue(20, "ANSWER", "c1", []),
        extension(40, "A", "HOLD", PICKED),
        extension(50, "A", "UNHOLD", {**PICKED, "callstatus": "Talking"}),
        extension(60, "A", "HANGUP", {**PICKED, "callstatus": "Talking"}),
    ],
    "an answer is the last that is seen of its leg": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        extension(10, "A", "NEWCALL", RING),
        extension(20, "A", "ANSWER", TALK),
        queue(30, "JOIN", "c2", [waiting("c2", 30)]),
        extension(50, "A", "userStatusUpdate"),
    ],
    "a connection is lost while a caller waits": [
        Frame.of("loginSuccess", stamp(0)),
        queue(1, "JOIN", "c1", [waiting("c1")]),
        Frame.of("loginSuccess", stamp(40)),
        all_queues(41, [waiting("c1")]),
        queue(100, "ABANDONED", "c1", []),
    ],
    "a phone is rung again, and the events between are lost": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        extension(10, "A", "NEWCALL", RING),
        extension(45, "A", "ANSWER", call("c1", "Talking", 40, 44)),
        queue(46, "EXIT", "c1", []),
        extension(60, "A", "HANGUP", call("c1", "Talking", 40, 44)),
    ],
    "a queue says that a call was answered, and the recording ends": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        queue(20, "ANSWER", "c1", []),
        extension(40, "A", "userStatusUpdate"),
    ],
    "an answer is first seen when its wait was lost for long": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        extension(10, "A", "NEWCALL", RING),
        queue(30, "JOIN", "c2", [waiting("c2", 30)]),
        queue(120, "EXIT", "c2", []),
        extension(300, "A", "HANGUP", TALK),
    ],
    "a pick-up is first seen when the ring that it ended was over for long": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        extension(10, "A", "NEWCALL", RING),
        extension(20, "A", "HANGUP", RING),
        extension(200, "B", "HOLD", PICKED, **AGENT_2),
        extension(300, "B", "HANGUP", PICKED, **AGENT_2),
    ],
    "a ring that a colleague ended is stamped after the answer": [
        queue(1, "JOIN", "c1", [waiting("c1")]),
        extension(21, "A", "NEWCALL", call("c1", "Ringing", 21)),
        extension(20, "A", "HANGUP", call("c1", "Ringing", 21), outside=ELSEWHERE),
        queue(20, "ANSWER", "c1", []),
        extension(21, "B", "NEWCALL", call("c1", "Talking", 20), **AGENT_2),
        extension(60, "B", "HANGUP", call("c1", "Talking", 20), **AGENT_2),
    ],
    "the hangup of who transferred is lost": [
        extension(10, "A", "NEWCALL", RING),
        extension(20, "A", "ANSWER", TALK),
        extension(30, "A", "NEWCALL", DIALED, [call("c1", "Hold", 10, 20), DIALED]),
        extension(30, "B", "NEWCALL", call("c2", "Ringing", 30), **AGENT_2),
        extension(40, "B", "ANSWER", call("c2", "Talking", 30, 40), **AGENT_2),
        extension(50, "B", "HANGUP", call("c2", "Talking", 30, 40), outside=TRANSFER, **AGENT_2),
        extension(
            51,
            "B",
            "NEWCALL",
            call("c3", "Talking", 30, 40, relatedIvrUniqueIDs=["c1", "c2"], transferExtensionName="Clark Kent"),
            **AGENT_2,
        ),
        extension(70, "A", "userStatusUpdate"),
        extension(90, "B", "HANGUP", call("c3", "Talking", 30, 40), **AGENT_2),
    ],
}


def outputs(name: str) -> Outputs:
    """What is made of a day."""
    return Outputs(frames[name], utc(0))


def test_a_leg_ends_after_its_answer() -> None:
    """Whatever the stamps say (ruling 1)."""
    own, customer = outputs("the own phone of a click2call ends before it was answered, by the stamps").legs("A")

    assert has(own, started=10, answered_at=16, ended_at=16, ring_s=6)
    assert has(customer, started=14, ended_at=17)


def test_a_status_begins_after_the_former_one() -> None:
    """A duration is never negative (§2), and frames count as they arrive (ruling 1)."""
    found = outputs("a status whose frame is stamped before the status that it ends").tables["agent_states"]

    assert [(1, -60, 12), (3, 12, None)] == [(row["status"], row["since"], row["until"]) for row in found]


def test_a_hangup_is_of_the_call_that_it_names() -> None:
    """Its stamp does not matter (ruling 1)."""
    found = outputs("a hangup without a currentCall, stamped before its ring").leg("A")

    assert has(found, outcome="answered elsewhere", cause="Answered elsewhere", inferred=None, unknown_s=0)


def test_the_customer_of_a_click2call_is_another_leg() -> None:
    """A c2cdirection that is another one is not missing (ruling 5), and leg 1 never gets a HANGUP (§4)."""
    found = outputs("the customer of a click2call is seen first in mid-call")

    assert [1, 2] == [row["c2c"] for row in found.legs("A")]
    assert has(found.call(), answered=True, answered_at=22, talk_s=68)


@pytest.mark.parametrize(
    "day",
    [
        "the end of a click2call's customer is lost",
        "the answer of the own phone and the end of a click2call's customer are lost",
    ],
)
def test_whether_the_customer_was_reached_is_unknown(day: str) -> None:
    """If the end of the customer's leg is: that leg's outcome is the call's (ruling 7, unknown is a state)."""
    found = outputs(day)

    assert has(found.call(), outcome="lost", answered=False)


def test_an_answer_after_the_end_is_of_a_redial() -> None:
    """It cannot be of the attempt that had ended (§3)."""
    found = outputs("a redial of the same second is answered, and its start is lost")

    assert [("busy", False), ("answered", True)] == [(row["outcome"], row["answered"]) for row in found.legs("A")]
    assert has(found.call(), outcome="answered", talk_s=40)


def test_a_pick_up_that_is_first_seen_on_hold() -> None:
    """It never rang, and its queue says ANSWER."""
    found = outputs("a call that was picked from its queue is seen first on hold")

    assert has(found.leg("A"), picked_up=True, started=20, answered_at=20, unknown_s=20, hold_s=10, talk_s=10)


def test_an_answer_that_is_the_last_of_its_leg_ends_the_wait() -> None:
    """It was seen, though no second of talk is confirmed (rulings 11 and 16)."""
    found = outputs("an answer is the last that is seen of its leg")

    assert has(found.stay("c1"), outcome="answered", left_at=20, wait_s=19)
    assert has(found.leg("A"), talk_s=0, unknown_s=30)


def test_an_answered_wait_has_no_unknown_time() -> None:
    """Whether its queue's list or the answer comes first (ruling 4)."""
    day = frames["an answer is the last that is seen of its leg"]
    lists_first = [*day[:2], day[3], day[2], day[4]]
    lists_first[2] = queue(20, "JOIN", "c2", [waiting("c2", 20)])
    found = Outputs(lists_first, utc(0))

    assert has(found.stay("c1"), outcome="answered", left_at=20, wait_s=19)
    assert has(found.call("c1"), wait_s=19, unknown_s=30)


def test_a_wait_is_unknown_in_a_gap() -> None:
    """As a leg is (ruling 11), so the call waited less (ruling 13); the stay's own wait runs to its end."""
    found = outputs("a connection is lost while a caller waits")

    assert has(found.call(), wait_s=59, unknown_s=40)
    assert has(found.stay(), wait_s=99)


def test_another_start_is_another_attempt() -> None:
    """If it moved by more than 5 s (ruling 5)."""
    first, second = outputs("a phone is rung again, and the events between are lost").legs("A")

    assert has(first, answered=False, outcome="lost", ring_s=0, unknown_s=35)
    assert has(second, answered=True, started=40, answered_at=44, talk_s=16)


def test_a_call_that_its_queue_says_was_answered_lives() -> None:
    """For 30 s (ruling 10), answered at that event's moment."""
    found = outputs("a queue says that a call was answered, and the recording ends").call()

    assert has(found, answered=True, answered_at=20, ended_at=None, outcome=None)


def test_an_answer_decides_a_wait_that_was_lost_for_long() -> None:
    """The first that was seen after the wait began, whenever that was (ruling 16)."""
    found = outputs("an answer is first seen when its wait was lost for long")

    assert has(found.stay("c1"), outcome="answered", left_at=20, wait_s=19)
    assert has(found.queue("waits", "55"), lost=0, answered=2)


def test_a_colleagues_pick_up_that_is_seen_late_took_the_ring() -> None:
    """It is not missed (ruling 9)."""
    found = outputs("a pick-up is first seen when the ring that it ended was over for long")

    assert has(found.leg("A"), outcome="answered elsewhere")
    assert has(found.work("7"), answered_elsewhere=1, not_answered=0)


def test_a_ring_that_a_colleague_ended_belongs_to_the_wait() -> None:
    """It began while the wait was open, by arrival (rulings 1 and 14)."""
    found = outputs("a ring that a colleague ended is stamped after the answer")

    assert has(found.stay(), rings=1, outcome="picked up")


def test_a_transfer_whose_hangup_is_lost() -> None:
    """The new call names who transferred: the customer's leg at that phone was passed on (§4)."""
    found = outputs("the hangup of who transferred is lost")

    assert has(found.work("7"), transfers=1)
    assert has(found.work("8"), transfers=0)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for day, lines in frames.items():
        text = b"\n".join(msgspec.json.encode([frame.event, frame.payload()]) for frame in lines)
        (folder / f"{day.replace(' ', '-')}.jsonl").write_bytes(text + b"\n")
