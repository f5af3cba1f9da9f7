"""A lock on an open file, which the kernel releases however its process ends: flock, or its counterpart on Windows."""

import os
from importlib import import_module
from typing import Any

_FAR = 1 << 30  # a byte that no content reaches: Windows forbids others to read what is locked

try:
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
except ImportError:
    _msvcrt: Any = import_module("msvcrt")

    def lock(file: int, *, shared: bool = False) -> None:
        """Lock the file descriptor until it is closed; raises OSError if another holds it. Exclusive in any case."""
        os.lseek(file, _FAR, os.SEEK_SET)
        _msvcrt.locking(file, _msvcrt.LK_NBLCK, 1)

else:

    def lock(file: int, *, shared: bool = False) -> None:
        """Lock the file descriptor until it is closed; raises OSError if another holds it."""
        flock(file, (LOCK_SH if shared else LOCK_EX) | LOCK_NB)
