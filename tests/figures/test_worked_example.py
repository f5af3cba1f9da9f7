"""The worked example of docs/kpi.md: a small day, each ratio of it written out there by hand; the report agrees."""

import re
from pathlib import Path
from typing import Any

import pytest

from calltrack.core.states import State
from calltrack.figures import CallRow, Options, report
from calltrack.figures.rows import Spell
from tests.figures.losses import flat
from tests.figures.made import ABANDONED, ANSWERED, facts, status, talk, wait

PAGE = (Path(__file__).parents[2] / "docs" / "kpi.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("## A worked example")[1].split("\n## ")[0]
BY_HAND = dict(re.findall(r"^\| `([\w.]+)` \| ([\d ()+−÷]+) \|", EXAMPLE, re.MULTILINE))
RATIO = re.compile(
    r"coverage|\w+_rate|\w+_rate_without_short|asa_s|average_\w+|att_s|aht_s|calls_per_agent|occupancy|agents_per_contact"
    r"|handled_only|ignoring_abandons|(negative|positive)(_without_short)?"
)
LOIS: dict[str, Any] = {}
CLARK: dict[str, Any] = {"exten_user": "SIP2", "agent_id": 8, "agent_name": "Clark"}
RINGING, DIALING, TALKING, HOLD = State.RINGING, State.DIALING, State.TALKING, State.HOLD


def leg(call_id: str, *marks: tuple[State, float], until: float, **more: Any) -> Any:
    """An answered leg whose life is these states."""
    ends = [*[since for _, since in marks[1:]], until]
    spells = tuple(Spell(state, since, end) for (state, since), end in zip(marks, ends, strict=True))
    answered = next(since for state, since in marks if state is TALKING)

    def spent(state: State) -> float:
        return sum((one.until or 0) - (one.since or 0) for one in spells if one.state is state)

    row = {"call_id": call_id, "spells": spells, "started": marks[0][1], "rang": marks[0][0] is RINGING}
    row |= {"ring_s": spent(RINGING) + spent(DIALING), "talk_s": spent(TALKING), "hold_s": spent(HOLD)}
    return talk(answered, until, **{**row, **more})


def call(call_id: str, since: float, until: float, direction: str = "Incoming", *, answered: bool = True) -> CallRow:
    """A call of the day."""
    outcome = ANSWERED if answered else ABANDONED
    return CallRow(call_id, 1, direction, "", "", "", "", since, None, until, answered, outcome=outcome)


def example() -> Any:
    """The day as the page describes it."""
    return facts(
        *(
            wait(100, 110, ANSWERED, call_id="a", answer_ring_s=4),
            wait(200, 240, ANSWERED, call_id="b", answer_ring_s=10),
        ),
        *(wait(300, 303, ABANDONED, call_id="c"), wait(400, 415, ABANDONED, call_id="d")),
        leg("a", (RINGING, 106), (TALKING, 110), (HOLD, 190), until=210, **LOIS),
        leg("b", (RINGING, 230), (TALKING, 240), until=600, **CLARK),
        leg("e", (DIALING, 500), (TALKING, 505), until=525, direction="Outgoing", internal=True, **CLARK),
        leg("e", (RINGING, 500), (TALKING, 505), until=525, internal=True, attempt=2, **LOIS),
        leg("f", (DIALING, 720), (TALKING, 730), until=790, direction="Outgoing", **LOIS),
        *(status(1, 0, 600), status(5, 600, 700), status(1, 700, 900), status(3, 900), status(1, 0, **CLARK)),
        *(call("a", 100, 210), call("b", 200, 600), call("c", 300, 303, answered=False)),
        *(call("d", 400, 415, answered=False), call("e", 500, 525, "Internal"), call("f", 720, 790, "Outgoing")),
    )


TOTAL = report(example(), options=Options(wrap_up=(5,))).total
FOUND = {**flat(TOTAL), "coverage": TOTAL.coverage}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_a_ratio_by_hand(name: str) -> None:
    """The arithmetic on the page gives the figure of the report."""
    expected = eval(BY_HAND[name].replace("÷", "/").replace("−", "-"))  # digits, brackets and signs alone: the pattern

    assert FOUND[name] == pytest.approx(expected, abs=1e-9)


def test_no_ratio_is_left_out() -> None:
    """Every share and average that the report has of this day is on the page."""
    ratios = {
        name
        for name, value in FOUND.items()
        if value is not None and (RATIO.fullmatch(name.split(".")[-1]) or re.match(r"definitions\.(asa|occ|aht)", name))
    }

    assert ratios == set(BY_HAND)
