"""The addresses that the vendor posts to, in front of everything else: no token, no trace, no log sees their secret."""

from __future__ import annotations

import asyncio
import hmac
import logging
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, NamedTuple

import msgspec
from litestar.types import ASGIApp, Receive, Send

from calltrack.voicenter.texts import mended

LARGEST = 1024 * 1024
"""Bytes of a body: a transcript is the longest part of a record."""
_AT_ONCE = 500  # requests under way
_PATIENCE = 10.0  # s for a body to come

_log = logging.getLogger("calltrack.serve.intake")


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    body: dict[str, Any]


class Address(NamedTuple):
    """One address: its secret, who answers, what a refusal looks like, and which pages may read the answer."""

    secret: bytes
    answer: Callable[[bytes], Awaitable[Answer]]
    refused: Callable[[str], dict[str, Any]]
    origins: frozenset[str] = frozenset()


class Door:
    """An ASGI application that answers at `/NAME/SECRET`, and of many accounts at `/accounts/ACCOUNT/NAME/SECRET`.

    It leaves everything else to another one. names: those that `addresses` may have for an account.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], addresses: Callable[[str], Mapping[str, Address]]) -> None:
        self._app = app
        self._names = names
        self._addresses = addresses
        self._under_way = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        account, name, secret = _place(scope.get("path", ""))
        if scope["type"] != "http" or name not in self._names:
            await self._app(scope, receive, send)
            return
        address = self._addresses(account).get(name)
        if address is None:  # no such account, or one that is not open: which of the two is not for strangers
            await _send(send, _NO_PAGE, [])
            return
        headers = {key.lower(): value for key, value in scope["headers"]}
        more = _cors(address, headers.get(b"origin", b"").decode("latin-1"))
        if not hmac.compare_digest(secret.encode("utf-8", "replace"), address.secret):
            await _send(send, _NO_PAGE, [])
        elif scope["method"] == "OPTIONS":
            await _send(send, Answer(204, {}), more)
        elif scope["method"] != "POST":
            await _send(send, Answer(405, address.refused("only POST")), [(b"allow", b"POST"), *more])
        elif headers.get(b"content-encoding", b"identity").lower() != b"identity":
            await _send(send, Answer(415, address.refused("a compressed body is not read")), more)
        elif self._under_way >= _AT_ONCE:
            await _send(send, Answer(503, address.refused("too many requests")), [(b"retry-after", b"1"), *more])
        else:
            self._under_way += 1
            try:
                await _send(send, await self._answered(address, receive), more)
            finally:
                self._under_way -= 1

    async def _answered(self, address: Address, receive: Receive) -> Answer:
        try:
            async with asyncio.timeout(_PATIENCE):
                body = await _body(receive)
        except TimeoutError:
            return Answer(408, address.refused("the body did not come"))
        if body is None:
            return Answer(413, address.refused(f"a body has at most {LARGEST} bytes"))
        try:
            return await address.answer(_readable(body))
        except Exception:  # the vendor repeats what is not answered as it expects
            _log.exception("a post was not taken")
            return Answer(500, address.refused("not taken; repeat it"))


_NO_PAGE = Answer(404, {"detail": "there is no such page"})


def _place(path: str) -> tuple[str, str, str]:
    """Account, name and secret; another slash than these have between them makes it another page."""
    first, _, rest = path.removeprefix("/").partition("/")
    account = ""
    if first == "accounts":
        account, _, rest = rest.partition("/")
        first, _, rest = rest.partition("/")
    return account, first, rest


def _cors(address: Address, origin: str) -> list[tuple[bytes, bytes]]:
    if not origin or origin not in address.origins:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-allow-methods", b"POST"),
        (b"vary", b"origin"),
    ]


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None if it is too large. Raises ConnectionError if the client goes."""
    parts, size = [], 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client has gone")
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _readable(body: bytes) -> bytes:
    """As recordings are read: without a mark of the byte order, and half a character does not cost the rest."""
    return mended(body.removeprefix(BOM_UTF8)).decode("utf-8", "replace").encode()


async def _send(send: Send, answer: Answer, more: list[tuple[bytes, bytes]]) -> None:
    body = b"" if answer.status == 204 else msgspec.json.encode(answer.body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
