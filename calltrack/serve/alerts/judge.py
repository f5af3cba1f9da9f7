"""What is worth an alert now: each rule held against the present figures, by the account's limits. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from calltrack.core.records import Extension, Leg, Queue, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import State
from calltrack.figures.hour import Hour
from calltrack.figures.opening import Hours
from calltrack.serve.alerts.rules import Rule
from calltrack.serve.limits import Limits, Pair
from calltrack.serve.security.numbers import masked
from calltrack.words.values import span

_NO_PAUSE = (None, 1, 2)  # no one, logged in and free, logged out
_ENDED = 20  # waits that have to have ended before a share of them says something


class Finding(NamedTuple):
    """What is so: in words, and the queue or extension that it concerns ("" for the whole)."""

    text: str
    queue_id: str = ""
    exten_user: str = ""


class Present(NamedTuple):
    """What rules are held against.

    `now` is the server's time, `local` the same on the account's clock. `silent_s` is how long no frame has come,
    `stale_s` how long the server has not been heard at all (None without a connection). `hour` may be None.
    `is_open` is whether the account is.
    """

    snapshot: Snapshot
    limits: Limits
    known: bool
    now: Seconds | None
    local: datetime
    silent_s: float
    stale_s: float | None
    hour: Hour | None
    is_open: bool = True


Found = dict[str, Finding]


def judge(rule: Rule, present: Present) -> Found | None:
    """What a rule finds, by what it is about; None if it cannot be said now, so that what was said stays."""
    is_time = present.is_open if rule.while_open else not rule.hours or Hours(rule.hours).has(present.local)
    if not is_time:
        return {}
    return _JUDGES[rule.when](rule, present)


def _lost(rule: Rule, present: Present) -> Found:
    return {} if present.known else {"": Finding("the telephony service is not heard of: what boards show is old")}


def _stale(rule: Rule, present: Present) -> Found:
    if present.stale_s is None or present.stale_s < rule.lasts_s:
        return {}
    return {"": Finding("the connection is silent: the server answers no probe")}


def _no_events(rule: Rule, present: Present) -> Found:
    return {"": Finding("no event comes")} if present.silent_s >= rule.lasts_s else {}


def _queues(rule: Rule, present: Present) -> Found | None:
    if not present.known or present.now is None:
        return None
    found: Found = {}
    for queue in _wanted(rule, present):
        limits, said = present.limits.of(queue.queue_id), list[str]()
        certain = [wait for wait in queue.waiting if not wait.doubtful]
        if rule.figure != "longest_s" and (limit := _passed(limits.waiting, len(certain), rule)):
            said.append(f"{len(certain)} calls wait (limit {limit:g})")
        joined = [wait.joined_at for wait in certain if wait.joined_at is not None]
        longest = present.now - min(joined) if joined else 0
        if rule.figure != "waiting" and (limit := _passed(limits.longest_s, longest, rule)):
            said.append(f"the longest wait is {span(longest)} (limit {span(limit)})")
        if said:
            found[queue.queue_id] = Finding(f"{_name(queue)}: {', '.join(said)}", queue_id=queue.queue_id)
    return found


def _service_level(rule: Rule, present: Present) -> Found | None:
    if not present.known or present.hour is None:
        return None
    found: Found = {}
    for queue in _wanted(rule, present):
        counted = present.hour.queues.get(queue.queue_id)
        day = None if counted is None else counted.day
        if day is None or day.level is None or day.ended < (rule.ended or _ENDED):
            continue
        pair = present.limits.of(queue.queue_id).level
        below = rule.below if rule.below is not None else _limit(pair, rule)
        best = day.level.high
        if best is not None and best < below:
            text = f"{_name(queue)}: {best:.0%} answered within {present.hour.within_s:g} s (limit {below:.0%})"
            found[queue.queue_id] = Finding(text, queue_id=queue.queue_id)
    return found


def _agents(rule: Rule, present: Present) -> Found | None:
    if not present.known or present.now is None:
        return None
    found: Found = {}
    for one in present.snapshot.extensions:
        if rule.extensions is not None and one.exten_user not in rule.extensions:
            continue
        name, label, since = _doing(one)
        pair = present.limits.states.get(name)
        if since is None or any(leg.doubtful for leg in one.legs):
            continue
        if limit := _passed(pair, present.now - since, rule):
            who = masked(one.agent_name or one.user_name or one.exten_user)
            text = f"{who}: {label} for {span(present.now - since)} (limit {span(limit)})"
            found[one.exten_user] = Finding(text, exten_user=one.exten_user)
    return found


def _doubtful(rule: Rule, present: Present) -> Found | None:
    if not present.known:
        return None
    found: Found = {}
    for one in present.snapshot.doubtful():
        place = one.exten_user if isinstance(one, Leg) else one.queue_id
        finding = Finding(f"call {one.call_id} at {place} may be over: {masked(one.doubtful)}")
        of_leg = finding._replace(exten_user=place) if isinstance(one, Leg) else finding._replace(queue_id=place)
        found[f"{one.call_id} {place}"] = of_leg
    return found


_JUDGES: dict[str, Callable[[Rule, Present], Found | None]] = {
    "queue": _queues,
    "service_level": _service_level,
    "agent": _agents,
    "doubtful": _doubtful,
    "lost": _lost,
    "stale": _stale,
    "no_events": _no_events,
}


def _wanted(rule: Rule, present: Present) -> Iterator[Queue]:
    return (one for one in present.snapshot.queues if rule.queues is None or one.queue_id in rule.queues)


def _doing(one: Extension) -> tuple[str, str, Seconds | None]:
    """The name under which limits know what an extension does, the word for it, and since when."""
    if one.state is State.IDLE:
        status = one.agent_status
        if status in _NO_PAUSE:
            return "", "", None
        return str(status), masked(one.agent_status_name) or f"status {status}", one.agent_status_since
    return one.state.value, one.state.value, one.since


def _limit(pair: Pair | None, rule: Rule) -> float:
    return pair[(rule.level or 2) - 1] if pair else 0


def _passed(pair: Pair | None, value: float, rule: Rule) -> float:
    """The limit that a value has passed, 0 if it has not."""
    limit = _limit(pair, rule)
    return limit if limit and value >= limit else 0


def _name(queue: Queue) -> str:
    return masked(queue.name or queue.queue_id)
