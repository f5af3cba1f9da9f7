"""What systemd wants to hear of a service: that it is ready, that it lives, that it ends.

The protocol is one datagram to the socket that the environment names; the packages for it are bindings to libsystemd,
which has to be there to install them, or have had no release for years.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


def notify(*lines: str) -> None:
    """Send lines like READY=1; does nothing where systemd did not start us, or cannot be reached."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # a socket of Linux's that has no file
        address = f"\0{address[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto("\n".join(lines).encode(), address)


async def watchdog() -> None:
    """Say for ever that the event loop runs, twice in the time that the unit's WatchdogSec= allows."""
    seconds = _watchdog_seconds()
    while seconds:
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds / 2)


def _watchdog_seconds() -> float:
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0
