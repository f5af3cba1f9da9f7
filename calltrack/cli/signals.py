"""SIGINT, SIGTERM and SIGHUP end a command in the same way, from whatever shell it was started."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_stop(act: Callable[[], object]) -> Iterator[None]:
    """Have each of the three signals call `act` in the main thread.

    A shell starts `command &` in a script with SIGINT ignored, and Python keeps that; so the handler is set here. An
    ignored SIGHUP stays ignored: that is how nohup asks for it. Where a platform has no SIGHUP there are two.
    """
    with _handled({number: lambda *_: act() for number in (signal.SIGINT, *_others())}):
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """Have each of the three raise KeyboardInterrupt, which asyncio.run makes an orderly end of."""
    with _handled({signal.SIGINT: signal.default_int_handler, **dict.fromkeys(_others(), _interrupt)}):
        yield


@contextmanager
def _handled(handlers: dict[signal.Signals, Callable[[int, FrameType | None], object]]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
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
