"""The least and the most that figures of legs, calls and agents' time can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome
from calltrack.figures.agenttime import AgentTime, Tail, worker
from calltrack.figures.contacts import handled
from calltrack.figures.definitions import ALL, CONSULTATION, INTERNAL, OUTBOUND, by_direction
from calltrack.figures.evidence import Evidence
from calltrack.figures.ranges import Range, average, exact, share
from calltrack.figures.rows import CallRow, LegRow
from calltrack.figures.shapes import CallFigures, Options, WorkFigures
from calltrack.figures.work import Followed, handling_s


def work_bounds(
    over: list[LegRow],
    live: int,
    found: WorkFigures,
    followed: Followed,
    evidence: Evidence,
    direction: Callable[[LegRow], str],
) -> dict[str, Range | None]:
    """Ranges of `found`, by name, from the legs that ended; `live` others last at the interval's end."""
    maybe = [leg for leg in over if evidence.may_have_answered(leg) and leg.c2c != 1]
    talks = [leg for leg in over if handled(leg)]
    timed = [leg for leg in talks if not evidence.began_unseen(leg)]
    ended = evidence.over(live)
    hidden = evidence.traceless(len(talks)) + ended
    rang = evidence.traceless(found.rang) + ended
    dialed = evidence.traceless(found.dialed) + ended
    unrung = sum(leg.missed > 0 and not leg.rang and leg.direction == "Incoming" for leg in talks)
    rung = sum(leg.rang for leg in maybe)
    unsure = sum(
        leg.rang and not leg.answered and leg.outcome is not Outcome.ANSWERED_ELSEWHERE and evidence.shaky(leg.call_id)
        for leg in over
    )
    talk, hold = [_talk(leg) for leg in timed], [_hold(leg) for leg in timed]
    both = [_handling(leg, followed) for leg in timed]
    unknown = [Range(0, leg.unknown_s or 0) for leg in maybe]
    usual_talk, usual = _usual(talk), _usual(both)
    passed = sum(leg.answered and evidence.shaky(leg.call_id) for leg in over)
    agents, more = {worker(leg) for leg in talks}, {worker(leg) for leg in maybe}
    handled_most = found.handled + len(maybe) + hidden
    figures = {
        "rang": Range(found.rang, found.rang + unrung + rang),
        "answered": Range(found.answered, found.answered + rung + unrung + hidden),
        "not_answered": Range(found.not_answered - unsure, found.not_answered + rang),
        "answered_elsewhere": Range(found.answered_elsewhere, found.answered_elsewhere + unsure + rang),
        "picked_up": Range(found.picked_up, found.picked_up + _unseen_picks(talks, evidence) + hidden),
        "dialed": Range(found.dialed, found.dialed + dialed),
        "reached": Range(found.reached, found.reached + len(maybe) - rung + dialed),
        "handled": Range(found.handled, handled_most),
        "transfers": Range(found.transfers, found.transfers + passed),
        "talk_s": _total(talk, unknown, hidden, usual_talk),
        "hold_s": _total(hold, unknown, hidden, _usual(hold)),
        "wrap_up_s": Range(found.wrap_up_s, found.wrap_up_s),
        "att_s": average(talk, [*unknown, *[usual_talk] * hidden]),
        "aht_s": average(both, [*unknown, *[usual] * hidden]),
        "unmeasured": Range(0, found.unmeasured),
        "agents": Range(len(agents), len(agents | more) + hidden),
        "calls_per_agent": Range(found.handled / (len(agents | more) + hidden), handled_most / max(1, len(agents)))
        if agents or more or hidden
        else None,
    }
    ranges = {f"work.{name}": one for name, one in figures.items()}
    groups = by_direction(talks, direction)
    alike = sum(len(groups[name]) for name in (OUTBOUND, INTERNAL, CONSULTATION))  # distinguished by what else went on
    for name, legs in groups.items():
        here = [leg for leg in maybe if name == ALL or direction(leg) == name]
        swing = evidence.over(alike) if name in (OUTBOUND, INTERNAL, CONSULTATION) else 0
        more_here = (hidden if name == ALL else evidence.traceless(len(legs)) + ended) + swing
        certain = [_handling(leg, followed) for leg in legs if not evidence.began_unseen(leg)]
        possible = [*(Range(0, leg.unknown_s or 0) for leg in here), *[usual] * more_here]
        ranges[f"definitions.aht_s.{name}"] = average(certain, possible, swing)
        ranges[f"definitions.handled.{name}"] = Range(len(legs) - swing, len(legs) + len(here) + more_here)
    return ranges


def time_bounds(time: AgentTime, evidence: Evidence, options: Options) -> dict[str, Range | None]:
    """Ranges of agents' time: what is not known may have been conversation, or not, and a status may be missing."""
    doubt, maybe = time.doubtful_s, time.unknown_s
    spare = time.maybe_available_s + doubt

    def shifted(seconds: Seconds, more: Seconds, counts: Callable[[Tail], bool]) -> Range:
        """Time in some statuses, of which some may have been another, and the other way round."""
        less = evidence.hidden_in([one.seconds for one in time.tails if counts(one)])
        most = evidence.hidden_in([one.seconds for one in time.tails if not counts(one)])
        return Range(max(0, seconds - less), seconds + more + most)

    def in_status(status: int | None) -> Callable[[Tail], bool]:
        return lambda one: one.status == status

    def is_available(one: Tail) -> bool:
        return one.status in options.available and not one.alone

    def is_there(one: Tail) -> bool:
        return one.status not in options.logged_off and not one.alone

    free, idle = shifted(time.available_s, spare, is_available), shifted(time.idle_s, spare, is_available)
    there = shifted(time.logged_in_s, time.lost_s, is_there)
    worked = time.busy_s + time.after_call_s
    ringing = Range(time.ringing_s - time.doubtful_ringing_s, time.ringing_s + maybe)
    busy = Range(max(0, worked - doubt), worked + maybe)
    engaged = Range(busy.low + ringing.low, worked + time.ringing_s + maybe)
    shares = {
        "on_queue": share(busy, free),
        "on_queue_with_ringing": share(engaged, idle),
        "logged_in": share(busy, _less(there, busy)),
        "logged_in_with_ringing": share(engaged, _less(there, engaged)),
    }
    return {
        **{
            f"work.status_{one.status}_s": shifted(one.seconds, time.lost_s, in_status(one.status))
            for one in time.statuses
        },
        "work.busy_s": Range(time.busy_s - doubt, time.busy_s + maybe),
        "work.after_call_s": exact(time.after_call_s),
        "work.available_s": free,
        "work.occupancy": shares["on_queue"],
        **{f"definitions.occupancy.{name}": one for name, one in shares.items()},
        "definitions.ringing_s": ringing,
        "definitions.idle_s": idle,
        "definitions.logged_in_s": there,
    }


def _less(whole: Range, part: Range) -> Range:
    """What a whole has besides a part of it."""
    return Range(max(0, whole.low - (part.high or 0)), max(0, (whole.high or 0) - part.low))


def call_bounds(
    found: CallFigures, over: list[CallRow], legs: Mapping[str, list[LegRow]], evidence: Evidence
) -> dict[str, Range | None]:
    """Ranges of figures of calls, by name, from the calls that ended and their legs."""
    hidden = evidence.traceless(found.calls)
    maybe = sum(not call.answered and (evidence.shaky(call.call_id) or call.outcome is Outcome.LOST) for call in over)
    talk = sum(leg.unsure_s for call in over for leg in legs.get(call.call_id, ()))
    unknown = sum(call.unknown_s or 0 for call in over)
    prefix = f"calls.{found.direction or 'all'}."
    return {
        prefix + "calls": Range(found.calls, found.calls + hidden),
        prefix + "answered": Range(found.answered, found.answered + maybe + hidden),
        prefix + "talk_s": Range(
            max(0, found.talk_s - talk), found.talk_s + talk + unknown + hidden * _mean(found.talk_s, found.answered)
        ),
        prefix + "transferred": Range(found.transferred, found.transferred + hidden),
    }


def _talk(leg: LegRow) -> Range:
    talk, unknown = leg.talk_s or 0, leg.unknown_s or 0
    return Range(max(0, talk - leg.unsure_s), talk + min(leg.unsure_s, leg.hold_s or 0) + unknown)


def _hold(leg: LegRow) -> Range:
    hold, unknown = leg.hold_s or 0, leg.unknown_s or 0
    return Range(max(0, hold - leg.unsure_s), hold + leg.unsure_s + unknown)


def _handling(leg: LegRow, followed: Followed) -> Range:
    known = handling_s(leg, followed)
    return Range(known, known + (leg.unknown_s or 0))


def _total(certain: list[Range], possible: list[Range], hidden: int, usual: Range) -> Range:
    most = sum(one.high or 0 for one in (*certain, *possible)) + hidden * (usual.high or 0)
    return Range(sum(one.low for one in certain), most)


def _usual(known: list[Range]) -> Range:
    """What one that left no trace may be like: anything that others were."""
    return Range(min((one.low for one in known), default=0), max((one.high or 0 for one in known), default=0))


def _mean(total: Seconds, count: int) -> float:
    return total / count if count else 0


def _unseen_picks(talks: Iterable[LegRow], evidence: Evidence) -> int:
    """Conversations that did not ring, of which the queue's word for a pick-up may be missing."""
    return sum(
        not leg.picked_up and not leg.rang and leg.direction == "Incoming" and evidence.shaky(leg.call_id)
        for leg in talks
    )
