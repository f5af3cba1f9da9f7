"""`pytest -p tests.elsewhere`: the parts of Python that Windows does not have are absent from what the tests import.

What the standard library and pytest themselves need of them is imported first, as on Windows it would not be asked
for. msvcrt, which only Windows has, is a stand-in that locks what the real one locks.
"""

import asyncio
import ctypes
import multiprocessing.util
import os
import signal
import sqlite3
import subprocess
import sys
import types
import zoneinfo
from fcntl import LOCK_EX, LOCK_NB, flock

import click.testing
import hypothesis
import rich.console
import textual.drivers.headless_driver
import textual.drivers.linux_driver

# Named, so that no import looks unused.
__all__ = ["asyncio", "click", "ctypes", "hypothesis", "multiprocessing", "rich", "sqlite3", "subprocess", "textual"]

MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
FUNCTIONS = ("fchmod", "fork", "killpg", "mkfifo", "pread", "pwrite", "setsid", "uname")
SIGNALS = ("SIGALRM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "alarm", "pthread_kill")


def pytest_configure() -> None:
    """Remove them, once pytest and its plugins are loaded."""
    msvcrt = types.ModuleType("msvcrt")
    # Its locks are those of an open file, and end with it, as there.
    vars(msvcrt).update(LK_NBLCK=2, locking=lambda file, mode, count: flock(file, LOCK_EX | LOCK_NB))
    sys.modules["msvcrt"] = msvcrt
    for module in MODULES:
        sys.modules[module] = None  # type: ignore[assignment]
    for owner, names in ((os, FUNCTIONS), (signal, SIGNALS)):
        for name in names:
            delattr(owner, name)
    zoneinfo.reset_tzpath(())  # time zones come from the package tzdata
