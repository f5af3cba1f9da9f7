"""The parts of Python that Windows does not have, removed.

`pytest -p tests.elsewhere` removes them from what the tests import; `python -m tests.elsewhere ARGUMENTS` is
`calltrack ARGUMENTS` without them. What the standard library and pytest themselves need of them is imported first, as
on Windows it would not be asked for. msvcrt, which only Windows has, is a stand-in that locks what the real one locks.
"""

import asyncio
import ctypes
import importlib
import multiprocessing.util
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import types
import zoneinfo
from fcntl import LOCK_EX, LOCK_NB, flock

# Named, so that no import looks unused.
__all__ = ["ctypes", "multiprocessing", "sqlite3", "subprocess", "tempfile"]

MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
FUNCTIONS = ("fchmod", "fork", "killpg", "mkfifo", "pread", "pwrite", "setsid", "uname")
SIGNALS = ("SIGALRM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "alarm", "pthread_kill")
LIBRARIES = (
    *("click.testing", "hypothesis", "rich.console"),
    *("textual.drivers.headless_driver", "textual.drivers.linux_driver"),
)
"""What the tests import that itself asks for such a module, but not on Windows."""


def remove() -> None:
    """Remove them from this process."""
    msvcrt = types.ModuleType("msvcrt")
    # Its locks are those of an open file, and end with it, as there.
    vars(msvcrt).update(LK_NBLCK=2, locking=lambda file, mode, count: flock(file, LOCK_EX | LOCK_NB))
    sys.modules["msvcrt"] = msvcrt
    for module in MODULES:
        sys.modules[module] = None  # type: ignore[assignment]
    for owner, names in ((os, FUNCTIONS), (signal, SIGNALS)):
        for name in names:
            delattr(owner, name)
    # What is left is the abstract loop's, which raises NotImplementedError, as there.
    del asyncio.SelectorEventLoop.add_signal_handler
    zoneinfo.reset_tzpath(())  # time zones come from the package tzdata


def pytest_configure() -> None:
    """Remove them, once pytest and its plugins are loaded."""
    for library in LIBRARIES:
        importlib.import_module(library)
    remove()


if __name__ == "__main__":
    remove()
    sys.argv[0] = "calltrack"
    importlib.import_module("calltrack.cli").main()
