from __future__ import annotations

from datetime import timedelta, timezone

from msgspec.structs import replace

from calltrack import Tracker
from calltrack.core.changes import AgentLoggedOff, CallEnded, CallRevised
from calltrack.core.records import Call, Leg, Spell, Wait
from calltrack.core.stated import STATED
from calltrack.core.states import Outcome, State
from calltrack.testing.simulated import faulty
from calltrack.words.timeline import drawn, timeline
from calltrack.words.values import span
from calltrack.words.verdict import verdict

ISRAEL = timezone(timedelta(hours=2))
NINE = 1767250800  # 2026-01-01 09:00:00+02:00
RANG = Spell(State.RINGING, NINE, NINE + 10)
LEG = Leg(
    "c1", "SIP1", 1, State.TALKING, "Incoming", NINE + 10, NINE, answered=True, answered_at=NINE + 10, ring_s=10,
    agent_name="Dana", spells=(RANG, Spell(State.TALKING, NINE + 10, None)), confirmed_position=887,
    confirmed_at=NINE + 70,
)  # fmt: skip
CALL = Call("c1", State.TALKING, "Incoming", 1, "0501", "", "", NINE, NINE + 10, attempts=1, answered=True, legs=(LEG,))
DOUBTFUL = replace(LEG, doubtful="its agent logged out while the call was listed")
NOW = NINE + 70 + 1126


def test_a_live_call() -> None:
    """What it is, with whom, and which frame said so last; what runs is counted."""
    assert (
        "Still Talking at Dana (SIP1) since 09:00:10; last confirmed at 09:01:10 (frame 887); rang 0:10, talked 19:46."
        == verdict(CALL, NOW, zone=ISRAEL)
    )


def test_without_a_clock_moments_are_whole() -> None:
    """In UTC, for a program that shows them on its reader's clock."""
    assert verdict(CALL, NOW).startswith("Still Talking at Dana (SIP1) since 2026-01-01 07:00:10Z; ")


def test_a_doubtful_call() -> None:
    """Why it may be over, and what is no longer known; its time since then is not talk."""
    left = AgentLoggedOff(887, NINE + 70, "SIP1", 5, "Dana")
    call = replace(CALL, legs=(DOUBTFUL,))

    assert verdict(call, NOW, changes=[left], frame="line {}".format, zone=ISRAEL) == (
        "Still Talking, doubtful: last confirmed at 09:01:10 (line 887) by the frame in which its agent logged out; "
        "no end was reported; no frame has confirmed it for 18:46; rang 0:10, talked 1:00, not known for 18:46."
    )
    assert "; its agent logged out while the call was listed; no end was reported" in verdict(call, NOW)


def test_an_ended_call() -> None:
    """Its outcome, by whom, and whether an event reported the end."""
    spells = (RANG, Spell(State.TALKING, NINE + 10, NINE + 70))
    leg = replace(LEG, state=State.HUNGUP, ended_at=NINE + 70, outcome=Outcome.ANSWERED, spells=spells)
    call = replace(
        CALL,
        state=State.HUNGUP,
        legs=(),
        past_legs=(leg,),
        ended_at=NINE + 70,
        outcome=Outcome.ANSWERED,
        cause="Normal",
    )
    said = "Answered by Dana (SIP1) (Normal), from 09:00:00 to 09:01:10"

    assert f"{said}; rang 0:10, talked 1:00." == verdict(call, NOW, zone=ISRAEL)
    inferred = replace(call, inferred="gone from the list")
    assert f"{said}; its end was not reported: gone from the list; rang 0:10, talked 1:00." == verdict(
        inferred, NOW, zone=ISRAEL
    )
    stated = replace(call, inferred=f"{STATED} (CDR)")
    assert f"{said}; its end is stated by another account (CDR); rang" in verdict(stated, NOW, zone=ISRAEL)


def test_it_says_what_the_record_says() -> None:
    """Of talk, hold, unknown and wait a moment counts once (ruling 13), however legs and stays overlap."""
    tracker, ended = Tracker(), dict[str, Call]()
    for frame in faulty(3, agents=6, hours=0.5, captured=True):
        for change in tracker.feed(frame):
            if isinstance(change, CallEnded | CallRevised):
                ended[change.call_id] = change.call
    for call in ended.values():
        said = verdict(call, None)
        for verb, spent in (("waited", call.wait_s), ("talked", call.talk_s), ("not known for", call.unknown_s)):
            assert (f"{verb} {span(spent)}" in said) == bool(spent)
    assert any(call.unknown_s for call in ended.values())


def test_an_unknown_call() -> None:
    """Since when, and what was known last."""
    spells = (RANG, Spell(State.TALKING, NINE + 10, NINE + 70), Spell(State.UNKNOWN, NINE + 70, None))
    leg = replace(LEG, state=State.UNKNOWN, since=NINE + 70, spells=spells)
    call = replace(CALL, state=State.UNKNOWN, since=NINE + 70, legs=(leg,))

    assert verdict(call, NOW, zone=ISRAEL).startswith("Unknown since 09:01:10; last confirmed at 09:01:10 (frame 887)")
    assert "not known for 18:46" in verdict(call, NOW, zone=ISRAEL)


def test_calls_that_only_wait_or_await() -> None:
    """In a queue; and after it, until the leg of the one who answered is seen."""
    wait = Wait("55", "c1", "0501", "", State.QUEUED, NINE, spells=(Spell(State.QUEUED, NINE, None),))
    call = replace(CALL, state=State.QUEUED, since=NINE, legs=(), waiting=(wait,))

    assert "Still Queued in queue 55 since 09:00:00; waited 0:30." == verdict(call, NINE + 30, zone=ISRAEL)
    awaited = verdict(replace(CALL, state=State.RINGING, legs=()), NOW)
    assert "Still Ringing: an agent has answered, whose leg has not been seen yet." == awaited


def test_times_have_dates_when_a_call_spans_days() -> None:
    """Else a reader could not know which ten o'clock."""
    assert "since 2026-01-01 09:00:10" in verdict(CALL, NINE + 86400, zone=ISRAEL)


def test_what_is_not_known_is_drawn_differently() -> None:
    """From the last confirmation of a doubtful leg on, and where the state is Unknown."""
    stretches = timeline(replace(CALL, legs=(DOUBTFUL,)))

    assert {"SIP1 #1": "░██████???????????????"} == drawn(stretches, NINE + 220, 22)
    assert {"SIP1 #1": ".######???????????????"} == drawn(stretches, NINE + 220, 22, plain=True)
    assert [True, True, False] == [one.known for one in stretches]
    assert {} == drawn([], NOW, 10)
