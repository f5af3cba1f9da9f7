"""One sentence on a call: what it is or how it ended, how that is known, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo

from calltrack.core.changes import AgentLoggedOff, AgentStatusChanged, Change
from calltrack.core.records import Call, Leg, Seconds, Wait
from calltrack.core.stated import STATED
from calltrack.core.states import Outcome, State
from calltrack.figures.spans import length, union
from calltrack.words.timeline import UNKNOWN, Stretch, timeline
from calltrack.words.values import span

_LOGOUT = 2
_VERBS = {
    "Queued": "waited", "Ringing": "rang", "Dialing": "dialed", "Talking": "talked", "Hold": "held",
    "Spying": "listened", UNKNOWN: "not known for",
}  # fmt: skip
_SPENT = tuple(_VERBS)
_COUNTED_ONCE = "Talking", "Hold", UNKNOWN, "Queued"


def verdict(
    call: Call,
    now: Seconds | None,
    *,
    changes: Iterable[Change] = (),
    frame: Callable[[int], str] = "frame {}".format,
    zone: tzinfo | None = None,
) -> str:
    """The verdict on a call at `now` (server time, UTC epoch s). Strangers' text is as they wrote it.

    `changes`: of its frames, so that the verdict can say what its last confirmation reported. `frame`: a frame's
    position in words, for example the line of a file. `zone`: for the times of day, with the date if it spans days;
    None for whole moments in UTC (2026-01-01 07:00:05Z).
    """
    times = _Times(call, now, zone)
    if call.ended_at is None and call.outcome is None:
        parts = _live(call, now, tuple(changes), frame, times)
    else:
        parts = _ended(call, times)
    return "; ".join([*parts, *_spent(call, now)]) + "."


class _Times:
    """Times of day on one clock, with dates if they are not all of one day; without a clock, whole moments in UTC."""

    def __init__(self, call: Call, now: Seconds | None, zone: tzinfo | None) -> None:
        self._zone = zone or UTC
        if zone is None:
            self._form = "%Y-%m-%d %H:%M:%SZ"
            return
        last = now if call.ended_at is None else call.ended_at
        days = {datetime.fromtimestamp(at, zone).date() for at in (call.started, last) if at is not None}
        self._form = "%H:%M:%S" if len(days) < 2 else "%Y-%m-%d %H:%M:%S"

    def __call__(self, at: Seconds | None) -> str:
        return "an unknown time" if at is None else datetime.fromtimestamp(at, self._zone).strftime(self._form)


def _live(
    call: Call, now: Seconds | None, changes: tuple[Change, ...], frame: Callable[[int], str], times: _Times
) -> list[str]:
    one = _decisive(call)
    if one is None:
        return [f"Still {call.state}: an agent has answered, whose leg has not been seen yet"]
    if call.state is State.UNKNOWN:
        since = one.spells[-1].since if one.spells else call.since
        return [f"Unknown since {times(since)}", *_confirmed(one, changes, frame, times), "no end was reported"]
    if not one.doubtful:
        who = _who(one)
        said = f"Still {call.state}{f' at {who}' if isinstance(one, Leg) else f' in {who}'} since {times(call.since)}"
        return [said, *_confirmed(one, changes, frame, times)]
    parts = [f"Still {call.state}, doubtful: {', '.join(_confirmed(one, changes, frame, times))}"]
    if not parts[0].endswith("logged out"):
        parts.append(one.doubtful)
    parts.append("no end was reported")
    if now is not None and one.confirmed_at is not None and now > one.confirmed_at:
        parts.append(f"no frame has confirmed it for {span(now - one.confirmed_at)}")
    return parts


def _confirmed(one: Leg | Wait, changes: tuple[Change, ...], frame: Callable[[int], str], times: _Times) -> list[str]:
    if not one.confirmed_position:
        return []
    by = ""
    if isinstance(one, Leg) and any(_logs_out(change, one) for change in changes):
        by = " by the frame in which its agent logged out"
    return [f"last confirmed at {times(one.confirmed_at)} ({frame(one.confirmed_position)}){by}"]


def _logs_out(change: Change, leg: Leg) -> bool:
    if change.position != leg.confirmed_position or getattr(change, "exten_user", "") != leg.exten_user:
        return False
    return isinstance(change, AgentLoggedOff) or (isinstance(change, AgentStatusChanged) and change.new == _LOGOUT)


def _ended(call: Call, times: _Times) -> list[str]:
    outcome = str(call.outcome or "ended")
    why = f" ({call.cause})" if call.cause else ""
    legs = [leg for leg in call.past_legs if leg.answered and leg.outcome is not Outcome.SPIED]
    by = f" by {', '.join(dict.fromkeys(map(_who, legs)))}" if legs and call.answered else ""
    parts = [f"{outcome[0].upper()}{outcome[1:]}{by}{why}, from {times(call.started)} to {times(call.ended_at)}"]
    if call.inferred.startswith(STATED):
        parts.append(f"its end is {call.inferred}")
    elif call.inferred:
        parts.append(f"its end was not reported: {call.inferred}")
    return parts


def _decisive(call: Call) -> Leg | Wait | None:
    """The leg or wait that gives a live call its state; one that may be over only if all of them may be."""
    live: tuple[Leg | Wait, ...] = (*call.legs, *call.waiting)
    found = [one for one in live if one.state is call.state] or list(live)
    return next((one for one in found if not one.doubtful), found[0] if found else None)


def _who(one: Leg | Wait) -> str:
    if isinstance(one, Wait):
        return f"queue {one.queue_id}"
    return f"{one.agent_name} ({one.exten_user})" if one.agent_name else one.exten_user


def _spent(call: Call, now: Seconds | None) -> list[str]:
    """How long it was in which state, up to now: a moment counts once, ringing and listening apart (ruling 13)."""
    stretches: dict[str, list[Stretch]] = {}
    for one in timeline(call):
        stretches.setdefault(one.state if one.known else UNKNOWN, []).append(one)
    spent = {state: _covered(stretches.get(state, []), now) for state in _SPENT}
    counted: list[Stretch] = []
    length: Seconds = 0
    for state in _COUNTED_ONCE:
        before = length
        counted += stretches.get(state, [])
        length = _covered(counted, now)
        spent[state] = length - before
    said = [f"{_VERBS[state]} {span(spent[state])}" for state in _SPENT if spent[state] > 0]
    return [", ".join(said)] if said else []


def _covered(stretches: list[Stretch], now: Seconds | None) -> Seconds:
    """The time in which at least one of them was."""
    ends = ((one.since, now if one.until is None else one.until) for one in stretches)
    return length(union((since, until) for since, until in ends if until is not None))
