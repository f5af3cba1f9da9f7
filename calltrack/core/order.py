"""Has this been seen? Echoes by their bytes, late news by what is known; never for a stamp alone (rulings 1 and 4).

Theory of operation. An exact echo is known by its fingerprint as long as that is remembered, later by what it says. An
event is known if its connection was reported to have done that, or what lawfully follows it (`RANKS`): its frame is
late, and its list is of the past. A list is never late as a whole, because the end of one call can carry the past of
another: `is_past` judges each connection in it. Two things that causes cannot order are ordered by stamps: a hold and
its retrieval, which alternate, and a list that shows a connection as before its last reported step.
"""

from __future__ import annotations

from calltrack.core.clock import JITTER_S
from calltrack.core.held import LEG, REMEMBERED, Held, HeldConnection, HeldExtension, mark_of
from calltrack.core.match import is_brief
from calltrack.core.observations import ENDS, HOLDS, RETRIEVES, STARTS, ExtensionSeen, Listed, Reported, Seconds
from calltrack.core.outcomes import FINAL_S, is_recent
from calltrack.core.table import HOLD, RANKS, TALKING, UNKNOWN

LAG_S = 18
"""An event reports a moment at most so long ago (seen), and lists of that time still have its leg."""


def is_echo(held: Held, print_: int) -> bool:
    """Whether this very event came before, among the last `REMEMBERED` at least; else it is remembered."""
    prints = held.prints
    if print_ in prints or print_ in held.older_prints:
        return True
    prints[print_] = None
    if len(prints) >= REMEMBERED:
        held.older_prints, held.prints = prints, {}
    return False


def is_redial(reported: Reported, one: HeldConnection | None) -> bool:
    """The start of an attempt whose start and end were reported is another attempt, whatever its stamp (guide §3)."""
    return (
        one is not None
        and one.kind is LEG
        and reported.kind is STARTS
        and one.start_reported
        and one.rank == RANKS[ENDS]
    )


def is_start_of(reported: Reported, one: HeldConnection, moment: Seconds | None, now: Seconds | None) -> bool:
    """Whether a start that has the stamp of an attempt that is over was made before that was: it is no redial's."""
    if reported.call is None or reported.call.started != one.stamp or moment is None or one.ended is None:
        return False
    return moment < one.ended - (JITTER_S if is_recent(one, now) else 0)


def is_long_gone(held: Held, call_id: str, moment: Seconds | None) -> bool:
    """Whether an event is of more than a minute ago, and its call has ended and left the history since."""
    now = held.clock.now
    return moment is not None and now is not None and now - moment > FINAL_S and mark_of(call_id) in held.gone


def is_known(reported: Reported, one: HeldConnection | None, moment: Seconds | None, now: Seconds | None) -> bool:
    """Whether the event, or one that lawfully follows it, was reported of its connection.

    A hold whose retrieval came first, or a retrieval whose next hold did, is the one place where stamps are asked: a
    lost one looks the same. Of one second, what arrives later is younger: another hold.
    """
    if one is None or (rank := RANKS.get(reported.kind)) is None:
        return False
    if is_redial(reported, one) and not is_start_of(reported, one, moment, now):
        return False
    kind = reported.kind
    if kind is not ENDS and one.kind is LEG and is_over(one, moment) and is_brief(one):
        return False  # what it reports happened after the end: it is of another attempt
    follows = TALKING if kind is HOLDS else HOLD if kind is RETRIEVES else None
    if one.retrieved is not None and moment is not None and moment < one.retrieved and one.state is follows:
        return True
    return rank < one.rank or (rank == one.rank and kind is not HOLDS and kind is not RETRIEVES)


def is_over(one: HeldConnection, at: Seconds | None) -> bool:
    """Whether a connection had ended for so long at a moment that no list of then was made before its end."""
    return at is not None and one.ended is not None and at > one.ended + LAG_S


def is_past(one: HeldConnection, listed: Listed | None, at: Seconds | None) -> bool:
    """Whether a list shows a connection as it was before its last reported step, and is older than that.

    Of one second, what arrives later is younger.
    """
    since = one.stepped_at
    if since is None or at is None or at >= since:
        return False
    if listed is None:
        return one.before is None
    return listed.state is one.before and listed.state is not one.state


def is_old_status(extension: HeldExtension, seen: ExtensionSeen, at: Seconds | None) -> bool:
    """Whether a status is late: the stamp of its frame and its own are both older than what the extension has."""
    since, known = seen.agent_status_since, extension.status_stamp
    if since is None or known is None or since >= known or at is None or extension.heard is None:
        return False
    return at < extension.heard and extension.state is not UNKNOWN
