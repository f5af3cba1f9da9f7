"""What the silence of one connection asks for: a probe, a keepalive, a tick, or the end.

Three things can be silent, and each has its own limit. The *transport*: a WebSocket ping goes out after `probe`
seconds without any message and has to be answered within `answer`; servers of every age answer it, also with nothing
to say, so that a half-open connection or a frozen server shows within ten seconds. The *engine*: its heartbeat has the
times that the server declared. The *stream*: no event for `deaf` seconds although keepalives ask for one.

A process that slept (a closed laptop, SIGSTOP) wakes up to limits that have long passed. It must not judge by them:
what the server sent meanwhile still waits in the socket, and a living server has had no chance to answer. So a step
that comes late by more than `LATE` judges nothing; it restarts every limit and probes.

No clock and no socket in here: times are given, in seconds of a clock that never goes back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from calltrack.live.timing import Timing

LATE = 1.0
"""Seconds behind its time from which on a step means that the process slept."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Send a WebSocket ping."""


@dataclass(frozen=True, slots=True)
class Keepalive:
    """Send the vendor's keepalive."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """`elapsed_s` seconds have passed since the last event or tick."""

    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Over:
    """The connection is lost, for this reason."""

    reason: str


Step = Probe | Keepalive | Ticked | Over


class Silence:
    """Follows one connection; `due` is when `step` has to be called again at the latest."""

    def __init__(self, timing: Timing, now: float) -> None:
        self._timing = timing
        self._awake = now
        self._probed: float | None = None
        self._kept = self._ticked = now
        self._patience = math.inf
        self.message_at = self._packet_at = self._event_at = now
        self.due = now

    def begin(self, now: float, patience: float) -> None:
        """The server let us in; `patience` is its own limit for its heartbeat, seconds."""
        self._awake = self._kept = self._ticked = now
        self.message_at = self._packet_at = self._event_at = now
        self._patience = patience
        self.due = now

    def message(self, now: float) -> None:
        """Something came, be it only a pong."""
        self.message_at = now

    def packet(self, now: float) -> None:
        """An Engine.IO packet came."""
        self.message_at = self._packet_at = now

    def event(self, now: float) -> None:
        """An event came."""
        self.message_at = self._packet_at = self._event_at = now

    def step(self, now: float) -> list[Step]:
        """Return what has to be done now, in order."""
        timing = self._timing
        steps: list[Step] = []
        slept = self.due and now > self.due + LATE
        if slept:
            self._awake, self._probed = now, None
        message, packet, event = (max(self._awake, at) for at in (self.message_at, self._packet_at, self._event_at))
        if self._probed is not None and message > self._probed:
            self._probed = None
        if self._probed is not None and now >= self._probed + timing.answer:
            steps.append(Over(f"no answer to a ping for {timing.answer:g} s"))
        elif now >= packet + self._patience:
            steps.append(Over("no heartbeat of the server"))
        elif now >= event + timing.deaf:
            steps.append(Over(f"no event for {timing.deaf:g} s"))
        if steps:
            return steps
        if self._probed is None and (slept or now >= message + timing.probe):
            self._probed = now
            steps.append(Probe())
        if now >= max(event, self._kept) + timing.keepalive:
            self._kept = now
            steps.append(Keepalive())
        quiet_since = max(self._event_at, self._ticked)
        if now >= quiet_since + timing.tick:
            self._ticked = now
            steps.append(Ticked(now - quiet_since))
        self.due = min(
            message + timing.probe if self._probed is None else self._probed + timing.answer,
            packet + self._patience,
            event + timing.deaf,
            max(event, self._kept) + timing.keepalive,
            max(self._event_at, self._ticked) + timing.tick,
        )
        return steps
