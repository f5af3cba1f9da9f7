from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from calltrack.core.changes import CallEnded
from calltrack.core.records import Call, Leg
from calltrack.core.states import State
from calltrack.words.finding import Calls, find, traits
from calltrack.words.numbers import normal, same

ISRAEL = timezone(timedelta(hours=2))
NINE = 1767250800  # 2026-01-01 09:00:00+02:00


def call(call_id: str, caller: str, agent: str, exten_user: str, started: float, ended_at: float | None) -> Call:
    leg = Leg(call_id, exten_user, 1, State.HUNGUP, "Incoming", started, started, agent_name=agent, caller=caller)
    return Call(
        call_id, State.HUNGUP, "Incoming", 1, caller, "", "0722776772", started, started, ended_at=ended_at,
        past_legs=(leg,),
    )  # fmt: skip


DANA = call("2026aaaa", "0501234567", "Dana Levi", "SIP1", NINE, NINE + 90)
NOAM = call("2026bbbb", "972529876543", "Noam Cohen", "SIP2", NINE + 60, NINE + 300)
LIVE = call("2026cccc", "", "דנה", "SIP3", NINE + 3600, None)
CALLS = [traits(one) for one in (DANA, NOAM, LIVE)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["2026aaaa"], "a"),
        (["2026"], "abc"),
        (["bbbb"], "b"),
        (["bb"], ""),
        (["050-123-4567"], "a"),
        (["+972501234567"], "a"),
        (["00972 50 1234567"], "a"),
        (["052 987 65 43"], "b"),
        *(
            ([spelled], "a")
            for spelled in ("050/1234567", "050\u2013123\u20134567", "050_123.4567", "tel:+972501234567")
        ),
        *(([spelled], "a") for spelled in ("(+972) 50-123-4567", "\u202a050-123-4567\u202c", "+972/50/1234567")),
        *(
            ([f"{zero}050/1234567".translate({48 + one: ord(zero) + one for one in range(10)})[1:]], "a")
            for zero in "\uff10\u0660"
        ),
        (["09:15:00"], ""),
        (["1234567"], "a"),
        (["072-2776772"], "abc"),
        (["levi"], "a"),
        (["דנה"], "c"),
        (["sip2"], "b"),
        (["09:01"], "ab"),
        (["09:02"], "b"),
        (["09:01:40"], "b"),
        (["08:59"], ""),
        (["10:30"], "c"),
        (["11:30"], ""),
        (["09:01", "dana"], "a"),
        (["dana", "noam"], ""),
    ],
)
def test_words_find_calls(words: list[str], found: str) -> None:
    """By what the word is."""
    assert list(found) == [one.call_id[-1] for one in find(CALLS, words, ISRAEL, NINE + 7200)]


def test_calls_are_gathered_from_a_stream() -> None:
    """The ended ones from their changes, the live ones from the state; an id counts once."""
    calls = Calls()
    calls.see([CallEnded(1, NINE, "2026aaaa", DANA), CallEnded(2, NINE, "2026bbbb", NOAM)])

    assert ["2026aaaa", "2026bbbb", "2026cccc"] == [one.call_id for one in calls.all([NOAM, LIVE])]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("050-1234567", "+972501234567"), ("972501234567", "+972501234567"), ("+1 (650) 253-0000", "+16502530000")),
        *(("1234", "1234"), ("SIP7", "7"), ("", ""), ("anonymous", "")),
    ],
)
def test_numbers_in_any_notation(text: str, number: str) -> None:
    """As E.164, else the digits."""
    assert number == normal(text)


def test_a_part_of_a_number_is_its_end() -> None:
    """Of five digits or more."""
    assert same("0501234567", "34567")
    assert not same("0501234567", "4567")
    assert not same("0501234567", "05012")
    assert not same("", "05012")
