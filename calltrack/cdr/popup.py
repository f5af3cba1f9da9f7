"""A pop-up request as a statement: a call rings, is answered or ends at one extension (field guide §9).

Its stamps are those of frames, of the account's local clock. What it lacks is when the call ended: the receiver writes
when the request came (`receivedAt`, UTC epoch s) beside the vendor's fields.
"""

from __future__ import annotations

from typing import Any

from msgspec import field

from calltrack.cdr.wire import HIDDEN, as_epoch, as_flag, as_number, as_text, forget, raw_fields
from calltrack.core import observations
from calltrack.core.observations import Statement

POPUP = "pop-up"
"""The account, as a statement names it."""
_OVER = frozenset({"hangup", "hungup"})
_DIRECTIONS = {word.lower(): word for word in (observations.INCOMING, observations.OUTGOING)}
"""Both legs of a click2call have the first one's stamps, and a listener is no part of the call."""


class Popup(observations.Stated, gc=False):
    """A pop-up request's body."""

    stamp: Any = field(name=f"{HIDDEN}stamp", default=None)
    offset_min: Any = field(name="servertimeoffset", default=None)
    statement: Any = field(name=f"{HIDDEN}statement", default=Statement())

    call_id: Any = field(name="ivrid", default=None)
    exten_user: Any = field(name="extenUser", default=None)
    status: Any = None
    direction: Any = None
    phone: Any = None
    did: Any = None
    answered: Any = field(name="isAnswered", default=None)
    started: Any = field(name="callStarted", default=None)
    answered_at: Any = field(name="callAnswered", default=None)
    received: Any = field(name="receivedAt", default=None)


_RAW = raw_fields(Popup)


def normalise(popup: Popup) -> list[str]:
    """Make the statement; returns the key that it lacks, if it names no call."""
    status = as_text(popup.status)
    direction = _DIRECTIONS.get(as_text(popup.direction).lower(), "")
    started, answered_at = as_epoch(popup.started), as_epoch(popup.answered_at)
    over = status.lower() in _OVER
    flag = as_flag(popup.answered) or False
    answered = flag if over or flag else None
    rang = None
    if answered and started is not None and answered_at is not None and answered_at >= started:
        rang = answered_at - started
    popup.statement = Statement(
        call_id=as_text(popup.call_id),
        account=POPUP,
        status=status,
        answered=answered,
        exten_user=as_text(popup.exten_user) if direction else "",
        direction=direction,
        started=started,
        ended_utc=as_epoch(popup.received) if over else None,
        live=not over,
        ring_s=rang,
        caller=as_text(popup.phone),
        did=as_text(popup.did),
    )
    popup.offset_min = as_number(popup.offset_min)
    forget(popup, _RAW)
    return [] if popup.statement.call_id else ["ivrid"]
