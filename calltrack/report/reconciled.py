"""A reconciliation in words: the verdict, a row for each difference, and the totals of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from calltrack.core.records import Gap
from calltrack.reconcile import Compared, Reason, Reconciled, Totals
from calltrack.words.values import moment, span

TITLES = {
    "unexplained": "Not explained",
    "unseen": "The stream is not complete",
    "unrecorded": "The records are not complete, or not consistent",
    "clocks": "The clocks of the vendor's servers differ",
    "definition": "Counted otherwise: both sides are right",
}
"""The classes of reasons, for people."""


def verdict(found: Reconciled, zone: tzinfo) -> str:
    """One sentence: how many calls agree, and what is with the others."""
    total, agree = len(found.calls), found.agreeing
    classes = found.by_class()
    parts = []
    if classes["definition"]:
        parts.append(f"{_differ(len(classes['definition']))} by definition")
    if classes["clocks"]:
        parts.append(f"{_differ(len(classes['clocks']))} by the servers' clocks")
    unseen = classes["unseen"]
    gapped = [call for call in unseen if any(one.reason is Reason.GAP for one in call.differences)]
    if gapped:
        which = [gap for gap in found.gaps if gap.since is not None]
        where = ", ".join(_gap(gap, zone) for gap in which) if len(which) <= 3 else f"one of {len(which)} gaps"
        parts.append(f"{len(gapped)} fell into {'the gap ' if len(which) == 1 else ''}{where}")
    if rest := len(unseen) - len(gapped):
        parts.append(f"{rest} {'was' if rest == 1 else 'were'} not seen whole")
    if some := len(classes["unrecorded"]):
        parts.append(f"{some} {'has' if some == 1 else 'have'} incomplete or contradictory records")
    if some := len(classes["unexplained"]):
        parts.append(f"{_differ(some)} without an explanation")
    return f"{agree} of {total} calls agree" + ("; " + ", ".join(parts) if parts else "")


def _differ(count: int) -> str:
    return f"{count} differ{'s' * (count == 1)}"


def _gap(gap: Gap, zone: tzinfo) -> str:
    begin = f"{datetime.fromtimestamp(gap.since, zone):%H:%M}" if gap.since is not None else "?"
    return f"{begin}-{'end' if gap.until is None else f'{datetime.fromtimestamp(gap.until, zone):%H:%M}'}"


def rows(calls: Iterable[Compared], zone: tzinfo) -> Iterator[tuple[str, ...]]:
    """call, began, part, figure, tracked, record, reason, where."""
    for call in calls:
        for one in call.differences:
            reason = one.reason.value + (f" ({one.detail})" if one.detail else "")
            at = "?" if call.at is None else moment(call.at, zone)
            yield (call.call_id, at, one.part, one.figure, one.ours, one.theirs, reason, one.line)


def sums(totals: dict[str, Totals]) -> list[tuple[str, ...]]:
    """name, calls, answered, abandoned, talk with hold, wait; each as tracked / records."""
    return [
        (
            name,
            *(f"{ours} / {theirs}" for ours, theirs in (one.calls, one.answered, one.abandoned)),
            *(f"{span(ours)} / {span(theirs)}" for ours, theirs in (one.talk_s, one.wait_s)),
        )
        for name, one in sorted(totals.items())
    ]
