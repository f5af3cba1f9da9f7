"""What another account states while a call goes on (pop-up requests): it counts where no frames come."""

from itertools import permutations
from typing import Any

import pytest

from calltrack import Frame, State
from calltrack.core.snapshot import Snapshot
from tests.core.proved import proved
from tests.frames import OFFSET_MIN, START, all_extensions, call, extension, utc

LOST = Frame.of("disconnect", {})
OTHER = extension(1, "B", "userStatusUpdate", representativeStatus=3)


def popup(status: str, at: int, call_id: str = "1", **more: Any) -> Frame:
    """A pop-up request of a call that rang at 10 and was answered at 15."""
    answered = status != "Ringing"
    body = {
        "ivrid": call_id, "extenUser": "A", "status": status, "direction": "Incoming", "phone": "972501234567",
        "isAnswered": int(answered), "callStarted": START + 10, "callAnswered": START + 15 if answered else 0,
        "receivedAt": utc(at), **more,
    }  # fmt: skip
    return Frame.of("popup", body)


RINGS, TALKS, ENDS = popup("Ringing", 10), popup("Talking", 15), popup("Hangup", 75)


def fed(*frames: Frame) -> Snapshot:
    """What is known after some frames."""
    return proved(*frames)[1]


def test_a_call_that_the_socket_missed_lives_by_its_popups() -> None:
    """In a gap it begins, is answered and ends."""
    (ringing,) = fed(OTHER, LOST, RINGS).calls
    (talking,) = fed(OTHER, LOST, RINGS, TALKS).calls
    (over,) = fed(OTHER, LOST, RINGS, TALKS, ENDS).ended

    assert (State.RINGING, utc(10)) == (ringing.legs[0].state, ringing.legs[0].started)
    assert (State.TALKING, utc(15)) == (talking.legs[0].state, talking.legs[0].answered_at)
    assert (5, 60, 0) == (over.ring_s, over.talk_s, over.unknown_s)
    assert "972501234567" == over.caller
    assert {"pop-up"} == {one.account for one in over.statements}


@pytest.mark.parametrize("order", list(permutations([RINGS, TALKS, ENDS])))
def test_their_order_and_repetition_change_nothing(order: tuple[Frame, ...]) -> None:
    """A phase that comes late says nothing new."""
    (over,) = fed(OTHER, LOST, *order, *order).ended

    assert [(5, 60)] == [(leg.ring_s, leg.talk_s) for leg in over.past_legs]
    assert 3 == len(over.statements)


@pytest.mark.parametrize("phases", [(RINGS,), (TALKS,), (RINGS, TALKS)])
def test_the_socket_goes_on_with_what_popups_began(phases: tuple[Frame, ...]) -> None:
    """The list after the gap has the same leg, and its events are those of one call."""
    talk = call("1", "Talking", 10, 15)
    frames = [OTHER, LOST, *phases, all_extensions(30, A=[talk], B=[]), extension(75, "A", "HANGUP", talk)]
    (over,) = fed(*frames, ENDS).ended

    assert [(5, 60, 0)] == [(leg.ring_s, leg.talk_s, leg.unknown_s) for leg in over.past_legs]


def test_an_end_in_a_gap_is_known() -> None:
    """Without it the call would have lasted to the end of the gap, unknown."""
    talk = call("1", "Talking", 10, 15)
    before = [extension(10, "A", "NEWCALL", call("1", "Ringing", 10)), extension(15, "A", "ANSWER", talk), LOST]
    (over,) = fed(*before, ENDS, all_extensions(200, A=[], B=[])).ended

    assert (60, 0) == (over.talk_s, over.unknown_s)


def test_an_end_that_the_receiver_dates_is_the_least_of_all() -> None:
    """A repetition does not move it, what comes later and knows better does, and another clock's is none."""
    record = {
        "ivruniqueid": "1", "type": "Incoming Call", "isAnswer": 1, "time": START + 10, "duration": 63,
        "actualCallDuration": 58, "dialtime": 5, "extenUser": "A",
    }  # fmt: skip
    (again,) = fed(OTHER, LOST, ENDS, popup("Hangup", 90)).ended
    (known,) = fed(OTHER, LOST, ENDS, Frame.of("cdr", record)).ended
    wrong = fed(OTHER, LOST, RINGS, popup("Hangup", 400 * 86_400))

    assert (60, "stated by another account (pop-up)") == (again.talk_s, again.past_legs[0].inferred)
    assert [(5, 58, "")] == [(leg.ring_s, leg.talk_s, leg.inferred) for leg in known.past_legs]
    assert [State.RINGING] == [leg.state for leg in wrong.calls[0].legs]


def test_while_frames_come_they_decide() -> None:
    """A pop-up can be faster than its frame: it begins and ends nothing."""
    talk = call("1", "Talking", 10, 15)
    frames = [OTHER, RINGS, extension(10, "A", "NEWCALL", call("1", "Ringing", 10)), TALKS]
    doubtful = fed(*frames, extension(15, "A", "ANSWER", talk), ENDS)
    (over,) = fed(*frames, extension(15, "A", "ANSWER", talk), ENDS, extension(76, "A", "HANGUP", talk)).ended

    assert ["its end is stated by another account (pop-up)"] == [leg.doubtful for leg in doubtful.calls[0].legs]
    assert (5, 61, 0, 0) == (over.ring_s, over.talk_s, over.unknown_s, fed(*frames).counters.changes.get("Anomaly", 0))


def test_popups_alone_give_a_call_log() -> None:
    """Where the receiver says what the account's clock is ahead of UTC."""
    phases = [("Ringing", 10), ("Talking", 15), ("Hangup", 75)]
    (over,) = fed(*(popup(status, at, servertimeoffset=OFFSET_MIN) for status, at in phases)).ended

    assert (utc(10), 5, 60) == (over.started, over.ring_s, over.talk_s)


@pytest.mark.parametrize("direction", ["Click2call", "Spy", ""])
def test_legs_whose_stamps_are_of_another_leg_are_not_made(direction: str) -> None:
    """Both legs of a click2call have the stamps of the first."""
    assert () == fed(OTHER, LOST, popup("Ringing", 10, direction=direction)).calls
