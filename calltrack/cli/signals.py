"""SIGINT, SIGTERM and SIGHUP end a command in the same way, from whatever shell it was started."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible() -> Iterator[None]:
    """Have each of the three signals raise KeyboardInterrupt, which asyncio.run makes an orderly end of.

    A shell starts `command &` in a script with SIGINT ignored, and Python keeps that; so the handler is set here. An
    ignored SIGHUP stays ignored: that is how nohup asks for it. Where a platform has no SIGHUP there are two.
    """
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    for number in _others():
        before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _others() -> Iterator[signal.Signals]:
    yield signal.SIGTERM
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        yield hangup


def _interrupt(number: int, frame: FrameType | None) -> None:
    # One way to stop: asyncio.run cancels its task on SIGINT, and raises KeyboardInterrupt when that has ended.
    signal.raise_signal(signal.SIGINT)
