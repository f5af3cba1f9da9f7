"""Where frames come from: the live service, or a recording played at a speed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from calltrack.core.clock import PlainClock
from calltrack.core.observations import times_of
from calltrack.voicenter.frames import Frame

if TYPE_CHECKING:
    from calltrack.live import LoginApi, Supervisor
    from calltrack.live.accounts import AccountLogin
    from calltrack.live.health import Health
    from calltrack.recordings.recording import Recording

OnFrame = Callable[[Frame], Awaitable[None] | None]
"""Takes a frame; what it returns, if anything, await it before the next one, if the source can hold frames back."""

_LONGEST_PAUSE = 3600.0  # s; recordings with days between two frames are not worth waiting for
_AT_ONCE = 50  # frames between two chances for the screen to be drawn


SILENCE_S = 30.0
"""Seconds of `stale_for` after which a source is lost, although no frame of it says so."""


class Source(Protocol):
    """Something that gives frames, in order.

    `speed` is how many times faster than life its clock runs, 0 if it has none.
    """

    speed: float

    @property
    def stale_for(self) -> float | None:
        """Seconds since the server was last heard, be it an answer to a ping; None without a connection."""

    def status(self) -> str:
        """What it is doing, in words: "connected to …"."""

    async def run(self, on_frame: OnFrame) -> None:
        """Give every frame to `on_frame` until there are no more, or until cancelled."""


class Live:
    """The vendor's service, through a Supervisor.

    `login` gives the sessions. Of one `account` among many no refusal is final.
    """

    speed = 1.0

    def __init__(self, login: LoginApi | AccountLogin, account: str = "") -> None:
        self._login = login
        self._account = account
        self._supervisor: Supervisor | None = None

    @property
    def health(self) -> Health:
        """How the connection is now."""
        from calltrack.live.health import Health

        return Health() if self._supervisor is None else self._supervisor.health

    @property
    def stale_for(self) -> float | None:
        """Seconds since the server was last heard, be it an answer to a ping; None without a connection."""
        return self.health.stale_for

    def status(self) -> str:
        """The server that it is connected to, or what hinders it."""
        return str(self.health)

    async def run(self, on_frame: OnFrame) -> None:
        """Stay connected until cancelled; raises LoginRefused."""
        from calltrack.live import Supervisor

        def take(frame: Frame) -> None:
            on_frame(frame)  # what arrives cannot be held back

        login, account = self._login, self._account
        self._supervisor = Supervisor(
            login, on_frame=take, network=login.network, account=account, patient=bool(account)
        )
        await self._supervisor.run()


class Nothing:
    """No frames at all: what there is comes from elsewhere, as CDR posts do."""

    stale_for: float | None = None
    speed = 1.0

    def status(self) -> str:
        """That there is no socket."""
        return "no socket: records alone"

    async def run(self, on_frame: OnFrame) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()


class Replay:
    """A recording after its first `skip` frames, played `speed` times as fast as life; 0 is as fast as it is taken."""

    stale_for: float | None = None

    def __init__(self, recording: Recording, speed: float = 1.0, skip: int = 0) -> None:
        self.speed = speed
        self._recording = recording
        self._skip = skip
        self._ended = False

    def status(self) -> str:
        """Which recording, how fast, whether it is over, and how many of its lines are no frames."""
        recording = self._recording
        name, bad = Path(recording.name).name, f", {recording.bad} lines are not frames" if recording.bad else ""
        doing = f"{name} has ended" if self._ended else f"playing {name}"
        return doing + ("" if self._ended or not self.speed else f" at {self.speed:g}x") + bad

    async def run(self, on_frame: OnFrame) -> None:
        """Give the frames as they are due, by their time of receipt or else by the server's."""
        loop = asyncio.get_running_loop()
        clock, due = PlainClock(), loop.time()
        last: float | None = None
        for count, frame in enumerate(self._recording, 1):
            if count <= self._skip:
                continue
            if self.speed:
                clock.tell(*times_of(frame.body))
                now = clock.at if frame.at is None else frame.at
                if last is not None and now is not None and now > last:
                    due += min((now - last) / self.speed, _LONGEST_PAUSE)
                last = now if now is not None else last
                if (early := due - loop.time()) > 0:
                    await asyncio.sleep(early)
            if (full := on_frame(frame)) is not None:
                await full
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
        self._ended = True
