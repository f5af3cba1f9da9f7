"""Which account calls are of when events are missing: the first leg of one may be another than it seems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from calltrack.core.clock import JITTER_S
from calltrack.figures.evidence import Evidence
from calltrack.figures.rows import CallRow, Id, LegRow, QueueEntryRow


class Shared(NamedTuple):
    """How many of a group's calls or waits may be of another account, and how many of others' may be its own."""

    leaving: int = 0
    coming: int = 0


NOT_SHARED = Shared()


class Belonging:
    """The calls of which the first leg is not certain.

    It is not if several began about when the first did and the start of one did not come (the servers' clocks are
    apart), nor if no phone was seen at which a call was answered. A whole first ring leaves no trace: how many of
    these there may be follows from the share of the events that are missing.
    """

    def __init__(self, calls: Iterable[CallRow], legs: Mapping[str, list[LegRow]], evidence: Evidence) -> None:
        calls = list(calls)
        self._evidence = evidence
        everyone = {call.account_id for call in calls}
        self._others: dict[str, set[Id]] = {}
        for call in calls:
            if (mine := legs.get(call.call_id)) is not None:
                others = _accounts(call, mine)
            else:
                others = everyone if call.answered else set()
            if others := others - {call.account_id}:
                self._others[call.call_id] = others

    def shared(
        self, account: Id, own: list[CallRow] | list[QueueEntryRow], among: list[CallRow] | list[QueueEntryRow]
    ) -> Shared:
        """What of these rows is not certain to be an account's, and what else among all rows may be."""
        others = self._others
        return Shared(
            sum(row.call_id in others for row in own) + self._evidence.traceless(len(own)),
            sum(account in others.get(row.call_id, ()) for row in among)
            + self._evidence.traceless(len(among) - len(own)),
        )


def _accounts(call: CallRow, legs: list[LegRow]) -> set[Id]:
    """The accounts of the legs that may have been the first."""
    first = min(
        (leg.started for leg in legs if leg.account_id == call.account_id and leg.started is not None), default=None
    )
    if first is None:
        return set()
    near = [leg for leg in legs if leg.started is not None and abs(leg.started - first) <= JITTER_S]
    return {leg.account_id for leg in near} if any(leg.missed for leg in near) else set()
