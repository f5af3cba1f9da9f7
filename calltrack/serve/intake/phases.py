"""The phases of a call that pop-up requests state, each kept once as evidence; no answer waits for the disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import tzinfo
from hashlib import blake2b
from typing import Any

from calltrack.serve.intake.recent import Recent
from calltrack.serve.intake.records import offset_of
from calltrack.voicenter.frames import Frame
from calltrack.voicenter.spellings import POPUP

REMEMBERED = 20_000
"""Requests that are known again; the tracker knows an older repetition by its leg."""


class Phases:
    """Takes requests; `keep` makes a frame durable. zone: as of CDRs (`Records`)."""

    def __init__(self, keep: Callable[[Frame], asyncio.Future[None]], zone: tzinfo | None = None) -> None:
        self._keep = keep
        self._zone = zone
        self._known = Recent(REMEMBERED)

    def see(self, body: bytes, said: dict[str, Any]) -> None:
        """Keep what a request states: beside the vendor's fields stands when it came, which no field says."""
        digest = blake2b(body, digest_size=16).digest()
        if digest in self._known:
            return
        self._known.add(digest)
        at = round(time.time(), 3)
        offset = None if "servertimeoffset" in said else offset_of(self._zone, said.get("callStarted"))
        more = {} if offset is None else {"servertimeoffset": offset}
        self._keep(Frame.of(POPUP, {**said, **more, "receivedAt": round(at)}, at))
