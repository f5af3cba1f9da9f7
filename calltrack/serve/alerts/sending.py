"""A message on its way to a destination, by Apprise, and in our words why it did not get there.

Apprise says why only in its log, among addresses and texts: a number or a kind of error is all that is taken from it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from errno import errorcode

from msgspec import Struct


class Message(Struct, frozen=True):
    """What a destination is sent."""

    title: str
    body: str
    begins: bool


Send = Callable[[str, Message], Awaitable[str]]
"""Sends a message to an address; "" if it was taken, else why not."""

_log = logging.getLogger("apprise")
_said: ContextVar[list[str]] = ContextVar("_said")

_STATUS = re.compile(r"\berror=(\d{3})\b|\((\d{3}), b['\"]")  # of HTTP, of a mail server
_ERRNO = re.compile(r"\[Errno (\d{1,5})\]")
_KINDS = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not valid",
    "NameResolutionError": "its name was not found",
    "[Errno -": "its name was not found",
    "timed out": "no answer in time",
}


class _Listener(logging.Handler):
    """Hears what went wrong with the message that is being sent here: not the message, and not its address."""

    def emit(self, record: logging.LogRecord) -> None:
        said = _said.get(None)
        text = record.getMessage()
        if said is not None and (record.levelno >= logging.WARNING or text.startswith(("Socket Ex", "SMTP Ex"))):
            said.append(text)


_LISTENER = _Listener()


async def by_apprise(address: str, message: Message) -> str:
    """Send by Apprise, which knows the address's service."""
    return await asyncio.to_thread(_sent, address, message)


def _sent(address: str, message: Message) -> str:
    import apprise

    # In no other log: what it says has addresses in it.
    _log.propagate = False
    _log.setLevel(logging.DEBUG)
    _log.addHandler(_LISTENER)  # which is there once
    sender = apprise.Apprise()
    sender.add(address)
    said: list[str] = []
    _said.set(said)
    kind = apprise.NotifyType.WARNING if message.begins else apprise.NotifyType.SUCCESS
    taken = sender.notify(
        body=message.body, title=message.title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
    )
    return "" if taken else reason("\n".join(said))


def reason(said: str) -> str:
    """Why a message did not get there, of what Apprise says."""
    if found := _STATUS.search(said):
        return f"answered {found[1] or found[2]}"
    if (found := _ERRNO.search(said)) and int(found[1]) in errorcode:
        return os.strerror(int(found[1]))
    return next((words for mark, words in _KINDS.items() if mark in said), "Apprise does not say why")
