"""Figures of legs, each counted in the interval in which it ends."""

from __future__ import annotations

from calltrack.core.states import Outcome
from calltrack.figures.agenttime import AgentTime
from calltrack.figures.contacts import key_of
from calltrack.figures.followed import Followed
from calltrack.figures.rows import LegRow
from calltrack.figures.shapes import WorkFigures
from calltrack.figures.talks import Talk
from calltrack.figures.waits import ratio


def work_figures(over: list[LegRow], talks: list[Talk], time: AgentTime | None, followed: Followed) -> WorkFigures:
    """The figures of legs that ended, and of agents' time; None is a group that has none of its own.

    talks: the conversations among the legs.
    """
    rang = [leg for leg in over if leg.rang]
    dialed = [leg for leg in over if leg.direction == "Outgoing" or leg.c2c == 2]
    measured = [one for one in talks if one.measured]
    talk_s = sum([one.leg.talk_s or 0 for one in measured])
    hold_s = sum([one.leg.hold_s or 0 for one in measured])
    wrap_up_s = sum([one.wrap_up_s for one in measured])
    agents = {one.worker for one in talks}
    elsewhere = sum(leg.outcome is Outcome.ANSWERED_ELSEWHERE for leg in rang)
    answered = sum(leg.answered for leg in rang)
    return WorkFigures(
        rang=len(rang),
        answered=answered,
        not_answered=len(rang) - answered - elsewhere,
        answered_elsewhere=elsewhere,
        picked_up=sum(leg.picked_up for leg in over),
        dialed=len(dialed),
        reached=sum(leg.answered for leg in dialed),
        handled=len(talks),
        transfers=sum(key_of(leg) in followed.transferred for leg in over),
        talk_s=talk_s,
        hold_s=hold_s,
        wrap_up_s=wrap_up_s,
        att_s=ratio(talk_s, len(measured)),
        aht_s=ratio(talk_s + hold_s + wrap_up_s, len(measured)),
        unmeasured=len(talks) - len(measured),
        agents=len(agents),
        calls_per_agent=ratio(len(talks), len(agents)),
        busy_s=time.busy_s if time else None,
        after_call_s=time.after_call_s if time else None,
        available_s=time.available_s if time else None,
        occupancy=time.occupancy if time else None,
        statuses=time.statuses if time else (),
    )
