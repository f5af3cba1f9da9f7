"""One recording that goes on: its file, its connection, and how both are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.live import Supervisor
    from calltrack.live.health import Health
    from calltrack.live.network import Network
    from calltrack.live.sessions import SessionSource
    from calltrack.recordings.recorder import Recorder
    from calltrack.recordings.writer import RecordingWriter
    from calltrack.voicenter.frames import Frame

_TICK = 0.5  # s between two looks; half of what may be lost to a kill
_AGAIN = 30.0  # s between two tries of one recording among many that cannot be written


class Recorded:
    """Records one account. `opened` opens its file, `line` makes a frame into its line.

    Of one `account` among many neither a refused login nor a file that cannot be written is final.
    """

    def __init__(
        self,
        opened: Callable[[], RecordingWriter],
        line: Callable[[Frame], bytes],
        login: SessionSource,
        network: Network,
        account: str = "",
    ) -> None:
        self.account = account
        self._opened, self._line, self._login, self._network = opened, line, login, network
        self._said = ""
        self._failure = ""
        self._writer: RecordingWriter | None = None
        self._recorder: Recorder | None = None
        self._supervisor: Supervisor | None = None

    async def run(self) -> None:
        """Record until cancelled; raises LoginRefused and OSError, but of one among many nothing."""
        while True:
            try:
                await self._record()
            except OSError as error:
                if not self.account:
                    raise
                self._failure = f"cannot be written: {error.strerror}"
                self._say(self._failure)
            await asyncio.sleep(_AGAIN)

    async def _record(self) -> None:
        from calltrack.live import Supervisor
        from calltrack.recordings.recorder import Recorder

        with self._opened() as self._writer:
            recorder = self._recorder = Recorder(self._writer, self._line, lambda: supervisor.resync())
            supervisor = self._supervisor = Supervisor(
                self._login,
                on_frame=recorder.take,
                network=self._network,
                account=self.account,
                patient=bool(self.account),
            )
            self._failure = ""
            running = asyncio.create_task(supervisor.run())
            try:
                while not running.done():
                    recorder.flush()
                    self._say(recorder.trouble and f"{recorder.trouble}: waiting for room")
                    await asyncio.wait([running], timeout=_TICK)
                await running
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.gather(running, return_exceptions=True)

    def _say(self, trouble: str) -> None:
        """Say once what hinders the writing, and once that nothing does any more."""
        if trouble != self._said:
            place = f"{self.account}: " if self.account else "" if self._writer is None else f"{self._writer.path}: "
            click.echo(f"calltrack: {place}{trouble or 'written again'}", err=True)
            self._said = trouble

    @property
    def health(self) -> Health | None:
        """How the connection is; None before the first try."""
        return None if self._supervisor is None else self._supervisor.health

    @property
    def frames(self) -> int:
        """Lines written."""
        return 0 if self._writer is None else self._writer.frames

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return 0 if self._writer is None else self._writer.size

    @property
    def trouble(self) -> str:
        """What hinders it, in words; "" if nothing does."""
        if self._failure:
            return self._failure
        if self._recorder is not None and self._recorder.trouble:
            return f"{self._recorder.trouble}, waiting for room"
        health = self.health
        return "" if health is None or health.server else str(health)

    def amount(self) -> str:
        """How much is recorded."""
        writer, recorder = self._writer, self._recorder
        files = f" in {writer.files} files" if writer is not None and writer.files > 1 else ""
        missing = f", {recorder.missing} frames missing" if recorder is not None and recorder.missing else ""
        return f"{self.frames} frames, {self.size / 1e6:.1f} MB{files}{missing}"

    def __str__(self) -> str:
        trouble = f"; {self._recorder.trouble}, waiting for room" if self._recorder and self._recorder.trouble else ""
        return f"{safe(self.health or 'connecting')}; {self.amount()}{trouble}"


class AllRecorded:
    """The recordings of one process, for its line on the terminal."""

    def __init__(self, recordings: list[Recorded]) -> None:
        self._all = recordings

    async def run(self, tell: Callable[[], None]) -> None:
        """Record until cancelled, `tell` now and then; raises what one recording alone does."""

        async def telling() -> None:
            while True:
                await asyncio.sleep(_TICK)
                tell()

        from calltrack.serve.systemd import notify, watchdog

        # Ready before there is a connection: a login API that is down must not fail the start.
        notify("READY=1")
        try:
            async with asyncio.TaskGroup() as tasks:
                for one in self._all:
                    tasks.create_task(one.run())
                tasks.create_task(telling())
                tasks.create_task(watchdog())
        except BaseExceptionGroup as group:
            failure = group.exceptions[0]
        raise failure

    def amount(self) -> str:
        """How much is recorded."""
        if len(self._all) == 1:
            return self._all[0].amount()
        frames, size = sum(one.frames for one in self._all), sum(one.size for one in self._all)
        return f"{len(self._all)} accounts, {frames} frames, {size / 1e6:.1f} MB"

    def __str__(self) -> str:
        if len(self._all) == 1:
            return str(self._all[0])
        well = sum(bool(one.health and one.health.server and not one.trouble) for one in self._all)
        first = next((one for one in self._all if one.trouble), None)
        trouble = f"; {first.account}: {safe(first.trouble)}" if first is not None else ""
        return f"{well} of {len(self._all)} connected; {self.amount()}{trouble}"
