"""What each type and status of a record stands for: every table of them, on one page.

Sources: the Call Log guide (numbers of types), the CDR notification guide (statuses), both of 2025-26; field guide §9.
The guides name types in words and in numbers; words are compared without case, spaces and punctuation.
"""

from __future__ import annotations

from typing import NamedTuple

from calltrack.core.observations import CLICK2CALL, INCOMING, OUTGOING
from calltrack.core.states import Outcome


class Kind(NamedTuple):
    """A type of record: its name, the direction of its call, and which part of the call it is."""

    name: str
    direction: str = ""
    c2c: int = 0
    far_end: bool = False
    """The part of a transferred call that goes on after the transfer."""
    waits: bool = False
    """It describes a wait in a queue; `exten_user` is who answered it."""


KINDS: dict[int, Kind] = {
    1: Kind("Incoming Call", INCOMING),
    4: Kind("Extension Outgoing", OUTGOING),
    8: Kind("Queue", INCOMING, waits=True),
    9: Kind("Click2Call leg1", CLICK2CALL, c2c=1),
    10: Kind("Click2Call leg2", CLICK2CALL, c2c=2),
    11: Kind("VoiceMail", INCOMING),
    13: Kind("XferCDR", INCOMING, far_end=True),
    14: Kind("ProductiveCall Leg1", OUTGOING),
    15: Kind("ProductiveCall Leg2", INCOMING),
    17: Kind("Click2IVR", CLICK2CALL, c2c=1),
    18: Kind("Click2IVR Incoming", CLICK2CALL, c2c=2),
    19: Kind("Click2Queue Incoming", INCOMING, waits=True),
    21: Kind("Attended CDR leg1", OUTGOING),
    22: Kind("Attended CDR leg2", INCOMING, far_end=True),
    23: Kind("Forwarded Call", INCOMING),
}
"""CdrType of the Call Log → the kind of record."""


class Status(NamedTuple):
    """How a record says that its part ended, a wait by `of_wait`. `answered` None: the status does not say."""

    outcome: Outcome | None
    answered: bool | None
    of_wait: Outcome | None = None


STATUSES: dict[str, Status] = {
    "ANSWER": Status(Outcome.ANSWERED, True),
    "ANSWERED": Status(Outcome.ANSWERED, True),
    "NOANSWER": Status(Outcome.NO_ANSWER, False),
    "BUSY": Status(Outcome.BUSY, False),
    "CANCEL": Status(Outcome.NO_ANSWER, False, Outcome.ABANDONED),
    "ABANDONE": Status(Outcome.ABANDONED, False),  # so spelled
    "ABANDONED": Status(Outcome.ABANDONED, False),
    "TIMEOUT": Status(Outcome.ABANDONED, False),
    "FULL": Status(Outcome.ABANDONED, False),
    "EXIT": Status(Outcome.ABANDONED, False),
    "JOINEMPTY": Status(Outcome.ABANDONED, False),
    "VOEND": Status(None, None),
    "TE": Status(None, None),
    "NOTCALLED": Status(Outcome.NO_ANSWER, False, Outcome.ABANDONED),
    "VOICEMAIL": Status(Outcome.NO_ANSWER, False, Outcome.ABANDONED),
}
"""status or DialStatus → how it ended. EXIT is the caller's leaving the queue by a key, FULL and JOINEMPTY are refusals
by the queue, TIMEOUT is its longest wait; of a wait all of them end without an agent, which is "abandoned" (guide §5).
VOEND and TE are ends of a recorded message and of a transfer, which say nothing of an answer. BUSY and NOANSWER are
of a phone: no wait ends so."""

DIRECTIONS = {"incoming": INCOMING, "outgoing": OUTGOING, "internal": OUTGOING}
"""direction → the direction of the call; an internal call is outgoing at the extension that makes it."""


def plain(word: str) -> str:
    """A word as it is compared: lower case letters and digits."""
    return "".join(char for char in word.lower() if char.isalnum())


_BY_WORD = {plain(kind.name): kind for kind in KINDS.values()} | {
    "incoming": KINDS[1],
    "outgoing": KINDS[4],
    "extensionoutgoingcall": KINDS[4],
    "queuecall": KINDS[8],
    "incomingqueue": KINDS[8],
    "click2callleg1": KINDS[9],
    "click2callleg2": KINDS[10],
    "transferred": KINDS[13],
    "forwarded": KINDS[23],
}
UNKNOWN = Kind("")
UNSAID = Status(None, None)
"""The kind and the status of a word that is not known."""


def kind_of(number: object, word: str) -> Kind:
    """The kind of a record by its number, else by its word; one without a name if neither is known."""
    try:
        by_number = KINDS.get(int(number))  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        by_number = None
    if by_number is not None:
        return by_number
    if word.isdecimal() and len(word) <= 4 and int(word) in KINDS:
        return KINDS[int(word)]
    return _BY_WORD.get(plain(word), UNKNOWN)


def status_of(word: str) -> Status:
    """What a status stands for; `UNSAID` if it is not known."""
    return STATUSES.get(word.strip().upper().replace(" ", ""), UNSAID)
