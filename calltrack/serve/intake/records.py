"""CDR notifications: durable before they are answered, applied once however often they are posted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import tzinfo
from hashlib import blake2b
from typing import Any

import msgspec

from calltrack.core.errors import NotAFrame
from calltrack.core.observations import Stated
from calltrack.figures.days import offset_min
from calltrack.serve.intake.door import Answer
from calltrack.serve.intake.recent import Recent
from calltrack.voicenter.frames import Frame
from calltrack.voicenter.spellings import CDR

OK, PARSE_ERROR, APPLICATION_ERROR = 0, 1, 2
REMEMBERED = 200_000
"""Bodies that are known again, so that a repetition costs no place in the journal. The tracker knows the others."""
_PATIENCE = 5.0  # s for the disk; the vendor repeats what is not answered within seconds

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Records:
    """Takes bodies; `keep` makes a frame durable.

    zone: the account's, for a service without a stream that says the offset of the account's clock.
    """

    def __init__(self, keep: Callable[[Frame], asyncio.Future[None]], zone: tzinfo | None = None) -> None:
        self._keep = keep
        self._zone = zone
        self._known = Recent(REMEMBERED)
        self._under_way: dict[bytes, asyncio.Future[None]] = {}
        self.taken = self.repeated = self.refused = 0

    def remember(self, frames: Iterable[Frame]) -> None:
        """Know what a journal has already."""
        for frame in frames:
            if frame.event == CDR and isinstance(frame.body, Stated):
                self._known.add(_digest(frame.body))

    async def take(self, body: bytes) -> Answer:
        """Answer one post."""
        try:
            fields = _object.decode(body)
            frame = Frame.of(CDR, self._with_offset(body, fields), round(time.time(), 3))
        except (msgspec.DecodeError, UnicodeError):
            self.refused += 1
            return Answer(200, refused("not a JSON object", PARSE_ERROR))
        except (RecursionError, NotAFrame):
            self.refused += 1
            return Answer(200, refused("nested too deeply", PARSE_ERROR))
        if not isinstance(frame.body, Stated):
            return Answer(200, refused("not a record", PARSE_ERROR))
        digest = _digest(frame.body)
        if digest in self._known:
            self.repeated += 1
            return Answer(200, ANSWERED)
        durable = self._under_way.get(digest)
        if durable is None:
            durable = self._under_way[digest] = self._keep(frame)
        done, _ = await asyncio.wait((durable,), timeout=_PATIENCE)
        if not done or durable.exception() is not None:
            self._under_way.pop(digest, None)
            self.refused += 1
            return Answer(200, refused("not durable yet; repeat it"))
        if self._under_way.pop(digest, None) is not None:
            self.taken += 1
        else:
            self.repeated += 1
        self._known.add(digest)
        return Answer(200, ANSWERED)

    def _with_offset(self, body: bytes, fields: dict[str, Any]) -> bytes:
        """The body, and beside its fields what the account's clock is ahead of UTC, if only we can say it."""
        if self._zone is None or "servertimeoffset" in fields or "time" not in fields:
            return body
        offset = offset_of(self._zone, fields["time"])
        return body if offset is None else msgspec.json.encode({**fields, "servertimeoffset": offset})


def offset_of(zone: tzinfo | None, stamp: object) -> float | None:
    """What a clock of the zone that shows this stamp is ahead of UTC, min; None without a zone or a stamp."""
    try:
        if isinstance(stamp, msgspec.Raw):
            stamp = msgspec.json.decode(stamp)
        return None if zone is None else offset_min(zone, float(str(stamp)))
    except (ValueError, OverflowError):
        return None


ANSWERED: dict[str, Any] = {"Err": OK, "Errdesc": "OK"}


def refused(reason: str, number: int = APPLICATION_ERROR) -> dict[str, Any]:
    """The answer to what was not taken."""
    return {"Err": number, "Errdesc": reason}


def _digest(body: Stated) -> bytes:
    return blake2b(msgspec.json.encode(body.statement), digest_size=16).digest()
