"""Small days on which the stream leaves a choice: each row says what is right, as the tables, the report and the live
states have it (fixtures/cases). Times are seconds after the first frame.
"""

from functools import cache
from pathlib import Path

import pytest

from calltrack import Snapshot, read_recording
from tests.outputs import TIMES, Outputs, has

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
START = 1_793_602_800


@cache
def case(name: str) -> Outputs:
    """A recording's outputs."""
    return Outputs(read_recording(CASES / f"{name}.jsonl"), START)


TALK = {"started": 1, "answered_at": 5, "ended_at": 65, "ring_s": 4, "talk_s": 60, "unknown_s": 0}


def states(found: Snapshot, exten_user: str) -> list[str]:
    """The states of an extension's live legs."""
    extension = found.extension(exten_user)
    assert extension is not None
    return [leg.state.value for leg in extension.legs]


def test_a_status_update_without_calls() -> None:
    """It says nothing of them."""
    found = case("status-update-without-calls-field")

    assert has(found.leg("SIPA"), **TALK)
    assert has(found.call(), ended_at=65, outcome="answered")
    assert has(found.work("501"), rang=1, handled=1, talk_s=60)
    assert [["Talking"]] * 4 == [states(found.at(at), "SIPA") for at in (5, 30, 31, 64)]
    assert 1 == sum(type(one).__name__ == "CallEnded" for one in found.changes)


def test_a_list_that_lacks_a_leg_for_a_second() -> None:
    """An end that is taken back; nothing is counted twice."""
    found = case("failed-hangup-then-relist")

    assert has(found.leg("SIPA"), **TALK, cause="Normal hangup")
    assert has(found.call(), ended_at=65, outcome="answered", talk_s=60)
    assert (1, 1) == found.counted()
    assert has(found.work("501"), rang=1, handled=1, not_answered=0, talk_s=60)
    kinds = [type(one).__name__ for one in found.changes]
    assert kinds.count("LegEnded") == 1 + kinds.count("LegResumed")


def test_a_ring_before_its_join() -> None:
    """Belongs to the stay that it rings for."""
    found = case("offered-before-joined")

    assert has(found.stay(), joined_at=0, left_at=9, outcome="answered", wait_s=9, rings=1)
    assert has(found.queue("waits"), rings=1, most_rings=1, re_rings=0)
    assert has(found.queue("work"), handled=1)
    assert has(found.call(), answered=True, outcome="answered", talk_s=60)


def test_a_pick_up_whose_answer_comes_late() -> None:
    """It never rang, and the colleague whose phone rang missed nothing."""
    found = case("picked-up-newcall-before-queue-answer")

    assert has(found.leg("SIPB"), picked_up=True, rang=False, answered_at=11, talk_s=60)
    assert has(found.leg("SIPA"), outcome="answered elsewhere", cause="Normal hangup", ring_s=9)
    assert has(found.work("501"), answered_elsewhere=1, not_answered=0)
    assert has(found.stay(), outcome="picked up", joined_at=0, left_at=12, wait_s=12)
    assert has(found.queue("waits"), picked_up=1, answered=1)
    assert has(found.work("502"), picked_up=1, handled=1)
    assert has(found.call(), answered=True, picked_up=True, wait_s=11, talk_s=60, ended_at=71)


def test_abandoned_and_answered_in_one_second() -> None:
    """Talk decides."""
    found = case("abandon-and-answer-race")

    assert has(found.call(), answered=True, outcome="answered", talk_s=40)
    assert has(found.stay(), outcome="answered", wait_s=12)
    assert has(found.queue("waits"), answered=1, abandoned=0)
    assert has(found.work("501"), handled=1, talk_s=40, not_answered=0)
    assert found.anomalies()["contradiction"]


def test_another_name_of_the_same_agent() -> None:
    """One agent, by the newest name."""
    found = case("agent-switches-account-name-only")

    assert ["Noa Levin-Bar"] == [one["name"] for one in found.report["agents"] if one["key"] == "501"]
    assert has(found.work("501"), handled=2, talk_s=60)
    assert {"Noa Levin-Bar"} == {row["agent_name"] for row in found.tables["legs"]}
    assert not {"AgentLoggedOn", "AgentLoggedOff"} & {type(one).__name__ for one in found.changes}


def test_a_call_listed_twice() -> None:
    """Is one leg."""
    found = case("call-listed-twice-at-one-extension")

    assert has(found.leg("SIPA"), ring_s=4, talk_s=60)
    assert ["Talking"] == states(found.at(5), "SIPA")
    assert has(found.work("501"), rang=1, handled=1, talk_s=60)
    assert has(found.call(), legs=1, answered=True, ended_at=65)


def test_a_start_that_moves() -> None:
    """Is still the same leg's."""
    found = case("callstarted-moves-by-2s")

    assert has(found.leg("SIPA"), answered_at=8, ended_at=68, talk_s=60)
    assert has(found.work("501"), rang=1, answered=1, not_answered=0, handled=1)
    assert has(found.call(), legs=1, answered=True)


def test_a_stamp_of_tomorrow() -> None:
    """Moves nothing."""
    found = case("clock-stepped-forward-1day")

    assert [4, 5] == sorted(row["ring_s"] for row in found.tables["legs"])
    assert [60, 60] == [row["talk_s"] for row in found.tables["legs"]]
    assert [True, True] == [row["answered"] for row in found.tables["calls"]]
    assert (START, START + 135) == (found.report["since"], found.report["until"])
    times = [row[name] for rows in found.tables.values() for row in rows for name in TIMES & set(row)]
    assert all(at is None or at <= 135 for at in times)
    assert not found.anomalies()["late_frame"]


def test_an_exit_that_is_lost() -> None:
    """The stay ended at the answer that was seen."""
    found = case("exit-lost-then-hangup")

    first, second = sorted(found.tables["queue_entries"], key=lambda row: row["joined_at"])
    assert has(first, outcome="answered", joined_at=0, left_at=8, wait_s=8)
    assert has(second, outcome="abandoned", left_at=120)
    assert has(found.call(first["call_id"]), answered=True, outcome="answered", wait_s=8, talk_s=60, ended_at=68)
    assert has(found.queue("waits"), answered=1, abandoned=1, lost=0, asa_s=8)


def test_a_ring_that_a_list_lacks() -> None:
    """Goes on."""
    found = case("flap-ringing-nocall-ringing")

    assert has(found.leg("SIPA"), started=1, answered_at=6, ended_at=66, ring_s=5, talk_s=60)
    assert has(found.work("501"), rang=1, answered=1, not_answered=0)
    assert (1, 1) == found.counted()


def test_a_ring_that_never_ends() -> None:
    """Is live, and doubtful; so is its call."""
    found = case("ghost-ring-refused-list")

    doubtful = found.states[-1].doubtful()
    assert [("SIPA", "Ringing")] == [(leg.exten_user, leg.state) for leg in doubtful]  # type: ignore[union-attr]
    assert all(one.doubtful for one in doubtful)
    assert has(found.leg("SIPA"), outcome=None, ended_at=None)
    assert has(found.call(), outcome=None, ended_at=None)
    assert has(found.leg("SIPB"), outcome="answered", talk_s=60)
    assert has(found.queue("waits"), answered=1, asa_s=8)
    assert has(found.work("502"), handled=1)
    assert has(found.work("501"), not_answered=0)


def test_no_offset_anywhere() -> None:
    """Durations are right, times are unknown, and the report says that it could not place them."""
    found = case("no-offset-anywhere")

    assert has(found.call(), answered=True, wait_s=4, talk_s=60, started=None, answered_at=None, ended_at=None)
    assert has(found.leg("SIPA"), ring_s=3, talk_s=60, started=None, answered_at=None, ended_at=None)
    assert has(found.stay(), joined_at=None, left_at=None, rings=1)
    assert found.report["unplaced"] > 0
    assert 0 == found.report["total"]["waits"]["waiting"]
    seen = [states(one, "SIPA") for one in found.states if one.extension("SIPA") is not None]
    assert [[], ["Ringing"], ["Talking"], []] == [one for i, one in enumerate(seen) if not i or one != seen[i - 1]]


def test_twenty_phones_at_once() -> None:
    """Are one attempt of the queue, and the nineteen missed nothing."""
    found = case("ring-all-20")

    assert has(found.queue("waits"), re_rings=0, rings=20, most_rings=1)
    losers = [str(agent) for agent in range(600, 620) if agent != 607]
    assert all(has(found.work(agent), answered_elsewhere=1, not_answered=0) for agent in losers)
    assert 19 == found.report["total"]["work"]["answered_elsewhere"]
    assert has(found.work("607"), handled=1, talk_s=60)
    assert has(found.stay(), wait_s=13)
    assert has(found.call(), answered=True, ended_at=77, legs=20, wait_s=12, talk_s=60)
    ended = [one for one in found.changes if type(one).__name__ == "CallEnded"]
    assert [START + 77] == [one.at for one in ended]


def test_an_answer_that_was_none() -> None:
    """It showed Talking without the flag, and its queue kept the caller: those seconds are ring."""
    found = case("wait-answered-twice-same-stay")

    assert ["Talking"] == states(found.at(14), "SIPA")
    (call,) = found.at(20).calls
    assert "Queued" == call.state
    assert has(found.leg("SIPA"), answered=False, outcome="not answered here", ring_s=10, talk_s=0)
    assert has(found.leg("SIPB"), answered_at=36, ring_s=6, talk_s=60)
    assert has(found.stay(), wait_s=36, rings=2)
    assert has(found.queue("waits"), re_rings=1)
    assert has(found.call(), answered_at=36, wait_s=36, talk_s=60)
    assert 96 == found.call()["ended_at"] - found.call()["started"]
    assert has(found.work("501"), handled=0, not_answered=1)
    assert has(found.work("502"), handled=1)


def test_a_phone_that_is_answered_after_its_caller_gave_up() -> None:
    """Talk decides; one call."""
    found = case("zombie-ring-after-abandon")

    assert has(found.call(), answered=True, outcome="answered", talk_s=3, ended_at=9)
    assert has(found.work("501"), rang=1, handled=1, not_answered=0, talk_s=3)
    assert found.anomalies()["contradiction"]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_case_is_read_whole(path: Path) -> None:
    """No line of it is bad."""
    recording = read_recording(path)

    assert len(path.read_text(encoding="utf-8").splitlines()) == len(list(recording))
