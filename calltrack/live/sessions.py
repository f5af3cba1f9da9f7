"""The session that connections use: got by a login, renewed before it ends, got again when a server refuses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import NoReturn, Protocol

from calltrack.live.errors import LoginFailed, LoginRefused, Troubles
from calltrack.live.login import Session
from calltrack.live.timing import Backoff, Timing


class SessionSource(Protocol):
    """What gives sessions: a LoginApi, or a test's stand-in."""

    async def login(self) -> Session:
        """Return a new session; raises LoginRefused or LoginFailed."""

    async def refresh(self, session: Session) -> Session:
        """Return a session with a newer token; raises as `login`."""


class Sessions:
    """Keeps one session usable; `must_log_in` is set by the one that finds it refused.

    A refusal is final only while the login has never worked: later it may be the API that is wrong, or a password that
    someone changes back. With `patient` none is. `wall` is UTC epoch seconds.
    """

    def __init__(
        self,
        source: SessionSource,
        timing: Timing,
        troubles: Troubles,
        wall: Callable[[], float],
        random: Callable[[], float],
        patient: bool = False,
    ) -> None:
        self._source = source
        self._patient = patient
        self._timing = timing
        self._troubles = troubles
        self._wall = wall
        self._failed = Backoff(timing.retry_first, timing.retry_cap, random)
        self._refused = Backoff(timing.retry_first, timing.retry_refused, random)
        self._changed = asyncio.Event()
        self._logging_in = asyncio.Lock()
        self.must_log_in = True
        self.current: Session | None = None

    async def ready(self) -> Session:
        """Return a session to connect with, when there is one; raises LoginRefused if the login has never worked."""
        while True:
            session = self.current
            expired = session is not None and session.expires_at is not None and session.expires_at <= self._wall()
            if session is not None and not self.must_log_in and not expired:
                return session
            try:
                async with self._logging_in:
                    given = self.current
                    if given is None or given is session:
                        given = await self._source.login()
                        self._adopt(given)
                    self.must_log_in = False
                    # Taken even if it seems to have ended already: then it is our clock that is wrong.
                    return given
            except (LoginFailed, LoginRefused) as error:
                delay = self._after(error)
            if session is not None and not expired:
                # What we hold may still be good; the login API may be down alone.
                self.must_log_in = False
                return session
            await asyncio.sleep(delay)

    async def keep_fresh(self) -> NoReturn:
        """Renew the token before it ends; the running connection stays, the next one uses the new."""
        while True:
            session = self.current
            self._changed.clear()
            if session is None or session.expires_at is None:
                await self._changed.wait()
                continue
            left = session.expires_at - self._timing.renew_before - self._wall()
            if left > 0:
                # In short steps: the loop's clock stands still while the machine sleeps, the expiry does not.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, 60)):
                        await self._changed.wait()
                continue
            await self._renew(session)
            await asyncio.sleep(self._timing.renew_pause)

    async def _renew(self, session: Session) -> None:
        """Renew a token until that works; the connection that runs is worth keeping meanwhile."""
        while True:
            try:
                async with self._logging_in:
                    if self.current is session:
                        self._adopt(await self._renewed(session))
                    return
            except (LoginFailed, LoginRefused) as error:
                delay = self._after(error)
            await asyncio.sleep(delay)

    async def _renewed(self, session: Session) -> Session:
        try:
            return await self._source.refresh(session)
        except LoginRefused as error:
            # An ended refresh token says nothing about the login itself.
            self._troubles.note("refresh", str(error))
            return await self._source.login()

    def _adopt(self, session: Session) -> None:
        self.current = session
        self._changed.set()
        self._failed.reset()
        self._refused.reset()
        self._troubles.over("login")
        self._troubles.log.info("logged in: servers=%d protocol=%d", len(session.servers), session.protocol)

    def _after(self, error: LoginFailed | LoginRefused) -> float:
        """Report a failed login, and return the seconds until the next; raises a refusal that is final."""
        if isinstance(error, LoginRefused) and self.current is None and not self._patient:
            raise error
        self._troubles.note("login", str(error))
        if isinstance(error, LoginRefused):
            return self._refused.next()
        return max(self._failed.next(), error.retry_after)
