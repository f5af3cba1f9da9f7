"""What followed legs, whatever interval that falls into: after-call work, and transfers."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome
from calltrack.figures.agenttime import conversation, worker
from calltrack.figures.contacts import Key, handled, key_of
from calltrack.figures.rows import AgentStateRow, CallRow, LegRow
from calltrack.figures.spans import union, without
from calltrack.figures.window import Window


class Followed(Struct, frozen=True):
    """What followed a leg: after-call work (s), and whether its conversation was passed on."""

    wrap_up_s: dict[Key, Seconds]
    transferred: frozenset[Key]


def followed(
    calls: Iterable[CallRow],
    legs: list[LegRow],
    states: list[AgentStateRow],
    window: Window,
    phones: Mapping[str, str],
) -> Followed:
    """What followed each leg, whatever interval that falls into.

    window: the one without bounds. phones: names of extensions.
    """
    return Followed(_wrap_up(legs, states, window), _transferred(calls, legs, phones))


def _wrap_up(legs: list[LegRow], states: list[AgentStateRow], window: Window) -> dict[Key, Seconds]:
    """Time in a wrap-up status belongs to the agent's last conversation at that extension that ended before it."""
    after: defaultdict[Key, Seconds] = defaultdict(int)
    wrapping = [row for row in states if row.status in window.options.wrap_up]
    if not wrapping:
        return after
    by_place: defaultdict[tuple[str, str], list[AgentStateRow]] = defaultdict(list)
    for row in wrapping:
        by_place[row.exten_user, worker(row)].append(row)
    here: defaultdict[tuple[str, str], list[LegRow]] = defaultdict(list)
    for leg in legs:
        here[leg.exten_user, worker(leg)].append(leg)
    for place, rows in by_place.items():
        done = sorted((leg for leg in here[place] if handled(leg) and leg.ended_at is not None), key=_end)
        ends = [_end(leg) for leg in done]
        busy = union(span for leg in here[place] for span in conversation(leg, window))
        wrapped = union(span for row in rows for span in window.lasting(row.since, row.until))
        for since, until in without(window.heard(place[0], wrapped), busy):
            index = bisect_right(ends, since) - 1
            if index >= 0:
                after[key_of(done[index])] += until - since
    return after


def _end(leg: LegRow) -> Seconds:
    return leg.ended_at or 0


def _transferred(calls: Iterable[CallRow], legs: list[LegRow], phones: Mapping[str, str]) -> frozenset[Key]:
    """The legs whose agent transferred: one per call that came from a transfer (field guide §4, consult and transfer).

    Both of the agent's legs and the consulted one end as transferred, unless the event of an end was lost. The new call
    has a name: the extension's, which is not always that of the agent who works there, or the agent's. Without a match
    the agent's are those of which there are two at one extension.
    """
    passed: defaultdict[str, list[LegRow]] = defaultdict(list)
    for leg in legs:
        if leg.outcome is Outcome.TRANSFERRED or (leg.answered and leg.inferred):
            passed[leg.call_id].append(leg)
    found = set()
    for call in calls:
        mine = [leg for related in call.related for leg in passed[related]] if call.transferred_by else []
        at: defaultdict[str, int] = defaultdict(int)
        for leg in mine:
            at[leg.exten_user] += 1
        name = call.transferred_by
        named = [leg for leg in mine if name in (leg.exten_user, phones.get(leg.exten_user))]
        named = named or [leg for leg in mine if leg.agent_name == name]
        mine = [leg for leg in mine if leg.outcome is Outcome.TRANSFERRED]
        if named or mine:
            first = min(named or mine, key=lambda leg: (-at[leg.exten_user], leg.started or 0, leg.call_id))
            found.add(key_of(first))
    return frozenset(found)
