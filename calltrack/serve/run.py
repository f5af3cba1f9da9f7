"""The engine and the HTTP server, together, until a signal stops them."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EADDRINUSE
from ipaddress import ip_address
from typing import NamedTuple

import uvicorn
from litestar.types import ASGIApp

from calltrack.core.errors import CalltrackError
from calltrack.serve.accounts import Accounts
from calltrack.serve.api.traces import Traced, provider
from calltrack.serve.app import application
from calltrack.serve.engine import MOST_CLIENTS, Engine
from calltrack.serve.engine import PATIENCE as WRITE_PATIENCE
from calltrack.serve.files import many_files
from calltrack.serve.intake.door import Address, Door
from calltrack.serve.parts import share
from calltrack.serve.security.access import VARIABLE, Access
from calltrack.serve.security.audit import Audit
from calltrack.serve.security.connections import PATIENCE, SocketProtocol, limited
from calltrack.serve.security.oidc import Provider
from calltrack.serve.security.reload import Reloading
from calltrack.serve.stream.hub import HEARTBEAT
from calltrack.serve.systemd import notify, watchdog
from calltrack.words.values import authority

GRACE = 3.0
"""Seconds that open connections have to end by themselves when the service ends."""

_LARGEST = 64 * 1024  # bytes of a message that a client sends
_BACKLOG = 2048  # connections that wait to be accepted
_AT_ONCE = 64  # connections accepted in one turn of the loop: those before them are served, or refused, first
_LAST = 10  # s after which what goes on although its connection has gone is ended
_COLLECTED = 20_000, 20, 20  # objects that come before Python looks for cycles, for there are many and few are in one


class Listen(NamedTuple):
    """An address; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return authority(self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


class CannotListen(CalltrackError):
    """The address is taken, or is none of this machine's."""


class NeedsTokens(CalltrackError):
    """An address that others can reach, and no tokens; says what to do."""


async def serve(
    accounts: Accounts,
    access: Access,
    listen: Listen,
    started: Callable[[str], None],
    *,
    audit: Audit | None = None,
    people: Provider | None = None,
    patience: float = WRITE_PATIENCE,
) -> None:
    """Serve until SIGTERM or Ctrl-C, or until the terminal goes; `started` gets the address.

    `people` is who lets persons log in. `patience`: seconds after which a client that reads nothing is given up.

    Raises NeedsTokens for an address that others can reach if no token is needed,
    CannotListen if it cannot be had, and what ends the accounts for good. The accounts are closed in any case.
    """
    audit = audit or Audit()
    try:
        check_tokens(access, listen)
        many_files(MOST_CLIENTS)
        gc.set_threshold(*_COLLECTED)
        spans = provider()
        listening = _listening(listen, patience)
    except BaseException:
        await accounts.close()
        raise

    def other_roles() -> None:
        for engine in _engines(accounts):
            share(engine, access.roles)

    reloading = Reloading(access, other_roles)
    guarded = application(accounts, access, audit, people)
    inner: ASGIApp = guarded if spans is None else Traced(guarded, spans)

    def posted(name: str) -> Mapping[str, Address]:
        account = accounts.all.get(name)
        return account.parts.posted if account is not None and account.parts is not None else {}

    settings = uvicorn.Config(
        Door(inner, accounts.posted, posted) if accounts.posted else inner,
        host=listen.host,
        port=listen.port,
        log_config=None,  # its lines go where ours go, in their form
        log_level="error",  # with its warnings a stranger could fill the log: one for each malformed request
        access_log=False,
        server_header=False,
        http=limited(),
        ws=SocketProtocol,
        timeout_keep_alive=int(PATIENCE),
        ws_max_size=_LARGEST,
        ws_per_message_deflate=False,  # its memory is per client, the bytes are shared by all
        timeout_graceful_shutdown=_LAST,
        backlog=_AT_ONCE,
    )
    server = _Server(settings, accounts, started)
    serving = asyncio.create_task(server.serve([listening]))
    working, beating = asyncio.create_task(accounts.run()), asyncio.create_task(_beat(accounts, reloading))
    working.add_done_callback(lambda task: server.stop() if not task.cancelled() and task.exception() else None)
    watching = asyncio.create_task(watchdog())
    restore = _handled_signals(server.stop, reloading.again)
    try:
        await asyncio.shield(serving)
    finally:
        notify("STOPPING=1")
        server.stop()
        for task in (beating, working, watching):
            task.cancel()
        await asyncio.wait((serving, working, beating, watching))
        listening.close()  # a server that is stopped while it starts leaves it open
        audit.close()
        await accounts.close()
        if spans is not None:
            await asyncio.to_thread(spans.shutdown)
        restore()
    if not working.cancelled() and (failure := working.exception()) is not None:
        raise failure


def check_tokens(access: Access, listen: Listen) -> None:
    """Raise NeedsTokens for an address that others can reach if no token is needed."""
    if access.open and not listen.is_loopback:
        raise NeedsTokens(
            f"{listen.host} can be reached from elsewhere, so tokens are needed: "
            f"--tokens FILE, or {VARIABLE} in the environment (docs/security.md)"
        )


def _listening(listen: Listen, patience: float) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        listening = socket.create_server(listen, family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise CannotListen(f"{listen} is taken; choose another with --listen") from None
        reason = (error.strerror or "").partition(" (while")[0]  # the rest is of Python's own
        raise CannotListen(f"{listen} cannot be listened on: {reason}") from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Connections inherit it. To close one that is not read from would wait for ever for what was written to it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
    return listening


def _handled_signals(stop: Callable[[], None], reload: Callable[[], None]) -> Callable[[], None]:
    """Have SIGINT and SIGTERM call `stop` in the running loop, SIGHUP `reload`; returns what undoes it.

    Not with the loop's own handlers, which Windows does not have. An ignored SIGINT is handled too, for shells start
    `command &` in scripts like that; an ignored SIGHUP is nohup's wish, and stays ignored. On a terminal SIGHUP is the
    terminal's end, and stops.
    """
    loop = asyncio.get_running_loop()
    doing = {signal.SIGINT: stop, signal.SIGTERM: stop}
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        doing[hangup] = stop if sys.stderr.isatty() else reload
    before = {
        number: signal.signal(number, lambda got, _: loop.call_soon_threadsafe(doing[signal.Signals(got)]))
        for number in doing
    }

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore


class _Server(uvicorn.Server):
    """uvicorn, which says where it listens, and ends the streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, accounts: Accounts, started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._accounts, self._started = accounts, started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`: uvicorn would send them to us again in the end, and exit codes be lost."""
        yield

    def stop(self) -> None:
        """End everything gracefully."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            sockets[0].listen(_BACKLOG)  # asyncio has one number for both
            notify("READY=1")
            gc.freeze()  # what is there now stays, and need not be looked at for cycles again
            host, port = sockets[0].getsockname()[:2]
            self._started(f"http://{Listen(host, port)}/")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for engine in _engines(self._accounts):
            engine.hub.close()
        giving_up = asyncio.get_running_loop().call_later(GRACE, self._give_up)
        try:
            await super().shutdown(sockets)
        finally:
            giving_up.cancel()

    def _give_up(self) -> None:
        """End the connections that are left, and by that what is done for them."""
        for connection in [*self.server_state.connections]:
            connection.transport.abort()


def _engines(accounts: Accounts) -> Iterator[Engine]:
    return (one.parts.engine for one in accounts.all.values() if one.parts is not None)


async def _beat(accounts: Accounts, reloading: Reloading) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        reloading.look()
        for engine in _engines(accounts):
            engine.hub.beat()
        await asyncio.to_thread(_give_back)


def _give_back() -> None:
    """Have the C library return to the system what it keeps free, where it is glibc: else a burst of clients stays."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
