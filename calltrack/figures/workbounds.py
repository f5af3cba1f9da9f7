"""The least and the most that figures of legs, calls and agents' time can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome
from calltrack.figures.agenttime import AgentTime, TailKind, worker
from calltrack.figures.belonging import NOT_SHARED, Shared
from calltrack.figures.evidence import Evidence
from calltrack.figures.ranges import Range, average, exact, share
from calltrack.figures.rows import CallRow, LegRow
from calltrack.figures.shapes import CallFigures, Options, WorkFigures
from calltrack.figures.talks import ALL, CONSULTATION, INTERNAL, OUTBOUND, Talk, by_direction, slack


def work_bounds(
    over: list[LegRow],
    talks: list[Talk],
    live: int,
    found: WorkFigures,
    evidence: Evidence,
    direction: Callable[[LegRow], str],
) -> dict[str, Range | None]:
    """Ranges of `found`, by name, from the legs that ended and the conversations among them.

    live: so many others last at the interval's end.
    """
    maybe = [leg for leg in over if evidence.may_have_answered(leg) and leg.c2c != 1]
    dubious = [one for one in talks if one.dubious]
    timed = [one for one in talks if one.timed]
    ended = evidence.over(live)
    hidden = evidence.traceless(len(talks)) + ended
    rang = evidence.traceless(found.rang) + ended
    dialed = evidence.traceless(found.dialed) + ended
    unrung = sum(one.leg.missed > 0 and not one.leg.rang and one.leg.direction == "Incoming" for one in talks)
    rung = sum(leg.rang for leg in maybe)
    unsure = sum(
        leg.rang and not leg.answered and leg.outcome is not Outcome.ANSWERED_ELSEWHERE and evidence.shaky(leg.call_id)
        for leg in over
    )
    supposed = sum(  # elsewhere: a colleague's answer says so, but how they ended was not seen
        leg.rang and leg.outcome is Outcome.ANSWERED_ELSEWHERE and evidence.ended_unseen(leg) for leg in over
    )
    talk, hold, both = [one.talk for one in timed], [one.hold for one in timed], [one.handling for one in timed]
    unknown = [Range(0, leg.unknown_s or 0) for leg in maybe]
    usual_talk, usual = _usual(talk), _usual(both)
    passed = sum(leg.answered and evidence.shaky(leg.call_id) for leg in over)
    agents = {one.worker for one in talks if not one.dubious}
    more = {*(one.worker for one in talks), *map(worker, maybe)}
    handled_most = found.handled + len(maybe) + hidden
    figures = {
        "rang": Range(found.rang, found.rang + unrung + rang),
        "answered": Range(found.answered, found.answered + rung + unrung + supposed + hidden),
        "not_answered": Range(found.not_answered - unsure, found.not_answered + supposed + len(dubious) + rang),
        "answered_elsewhere": Range(
            found.answered_elsewhere - supposed, found.answered_elsewhere + unsure + len(dubious) + rang
        ),
        "picked_up": Range(found.picked_up, found.picked_up + _unseen_picks(talks, evidence) + hidden),
        "dialed": Range(found.dialed, found.dialed + dialed),
        "reached": Range(found.reached, found.reached + len(maybe) - rung + dialed),
        "handled": Range(found.handled - len(dubious), handled_most),
        "transfers": Range(found.transfers, found.transfers + passed),
        "talk_s": _total(talk, unknown, hidden, usual_talk, sum(one.leg.talk_s or 0 for one in dubious)),
        "hold_s": _total(hold, unknown, hidden, _usual(hold)),
        "wrap_up_s": Range(found.wrap_up_s, found.wrap_up_s),
        "att_s": average(talk, [*unknown, *[usual_talk] * hidden], len(dubious)),
        "aht_s": average(both, [*unknown, *[usual] * hidden], len(dubious)),
        "unmeasured": Range(0, found.unmeasured),
        "agents": Range(len(agents), len(more) + hidden),
        "calls_per_agent": Range(
            (found.handled - len(dubious)) / (len(more) + hidden), handled_most / max(1, len(agents))
        )
        if more or hidden
        else None,
    }
    ranges = {f"work.{name}": one for name, one in figures.items()}
    groups = by_direction(talks)
    alike = sum(len(groups[name]) for name in (OUTBOUND, INTERNAL, CONSULTATION))  # distinguished by what else went on
    for name, some in groups.items():
        here = [leg for leg in maybe if name == ALL or direction(leg) == name]
        swing = evidence.over(alike) if name in (OUTBOUND, INTERNAL, CONSULTATION) else 0
        more_here = (hidden if name == ALL else evidence.traceless(len(some)) + ended) + swing
        swing += sum(one.dubious for one in some)
        certain = [one.handling for one in some if one.timed]
        possible = [*(Range(0, leg.unknown_s or 0) for leg in here), *[usual] * more_here]
        ranges[f"definitions.aht_s.{name}"] = average(certain, possible, swing)
        ranges[f"definitions.handled.{name}"] = Range(max(0, len(some) - swing), len(some) + len(here) + more_here)
    return ranges


def time_bounds(
    time: AgentTime, over: list[LegRow], talks: list[Talk], evidence: Evidence, options: Options
) -> dict[str, Range | None]:
    """Ranges of agents' time: what is not known may have been conversation, or not, and a status may be missing.

    A conversation or a ring of the legs that ended (`over`) may also have left no trace.
    """
    spoken = [(one.leg.talk_s or 0) + (one.leg.hold_s or 0) for one in talks]
    rings = [leg.ring_s or 0 for leg in over if leg.ring_s]
    hidden = evidence.traceless(len(spoken)) * max(spoken, default=0)
    unrung = sum(one.leg.talk_s or 0 for one in talks if one.dubious)
    doubt, maybe = time.doubtful_s + unrung, time.unknown_s + time.after_s + hidden
    rung = unrung + evidence.traceless(len(rings)) * max(rings, default=0)
    spare = time.maybe_available_s + doubt

    tails: defaultdict[TailKind, list[Seconds]] = defaultdict(list)
    for tail in time.tails:
        tails[tail.kind].append(tail.seconds)

    def shifted(seconds: Seconds, more: Seconds, counts: Callable[[TailKind], bool], less: Seconds = 0) -> Range:
        """Time in some statuses, of which some may have been another, and the other way round."""
        less += evidence.hidden_in([one for kind, some in tails.items() if counts(kind) for one in some])
        most = evidence.hidden_in([one for kind, some in tails.items() if not counts(kind) for one in some])
        return Range(max(0, seconds - less), seconds + more + most)

    def in_status(status: int | None) -> Callable[[TailKind], bool]:
        return lambda one: one.status == status

    def is_available(one: TailKind) -> bool:
        return one.status in options.available and not one.alone

    def is_there(one: TailKind) -> bool:
        return one.status not in options.logged_off and not one.alone

    free = shifted(time.available_s, spare, is_available, time.after_available_s + hidden)
    idle = shifted(time.idle_s, spare, is_available, time.after_available_s + hidden)
    there = shifted(time.logged_in_s, time.lost_s, is_there)
    worked = time.busy_s + time.after_call_s
    ringing = Range(time.ringing_s - time.doubtful_ringing_s, time.ringing_s + maybe + rung)
    busy = Range(max(0, worked - doubt), worked + maybe)
    engaged = Range(busy.low + ringing.low, worked + time.ringing_s + maybe + rung)
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
        "work.busy_s": Range(max(0, time.busy_s - doubt), time.busy_s + maybe),
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
    found: CallFigures,
    over: list[CallRow],
    legs: Mapping[str, list[LegRow]],
    evidence: Evidence,
    shared: Shared = NOT_SHARED,
) -> dict[str, Range | None]:
    """Ranges of figures of calls, by name, from the calls that ended and their legs."""
    away = shared.leaving
    hidden = evidence.traceless(found.calls) + shared.coming
    maybe = sum(not call.answered and (evidence.shaky(call.call_id) or call.outcome is Outcome.LOST) for call in over)
    talk = sum(leg.unsure_s + slack(leg) for call in over for leg in legs.get(call.call_id, ()) if leg.answered)
    unknown = sum(call.unknown_s or 0 for call in over)
    talks = sorted((call.talk_s or 0 for call in over), reverse=True)
    prefix = f"calls.{found.direction or 'all'}."
    return {
        prefix + "calls": Range(max(0, found.calls - away), found.calls + hidden),
        prefix + "answered": Range(max(0, found.answered - away), found.answered + maybe + hidden),
        prefix + "talk_s": Range(
            max(0, found.talk_s - talk - sum(talks[:away])),
            found.talk_s + talk + unknown + hidden * max(talks, default=0),
        ),
        prefix + "transferred": Range(max(0, found.transferred - away), found.transferred + hidden),
    }


def _total(certain: list[Range], possible: list[Range], hidden: int, usual: Range, less: Seconds = 0) -> Range:
    most = sum(one.high or 0 for one in (*certain, *possible)) + hidden * (usual.high or 0)
    return Range(max(0, sum(one.low for one in certain) - less), most)


def _usual(known: list[Range]) -> Range:
    """What one that left no trace may be like: anything that others were."""
    return Range(min((one.low for one in known), default=0), max((one.high or 0 for one in known), default=0))


def _unseen_picks(talks: Iterable[Talk], evidence: Evidence) -> int:
    """Conversations that did not ring, of which the queue's word for a pick-up may be missing."""
    legs = (one.leg for one in talks)
    return sum(
        not leg.picked_up and not leg.rang and leg.direction == "Incoming" and evidence.shaky(leg.call_id)
        for leg in legs
    )
