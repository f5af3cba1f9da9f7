"""Small files beside the journal that only their owner may read; each appears whole or not at all."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

_log = logging.getLogger("calltrack.serve")


def read(path: Path, kind: type[T], instead: T) -> T:
    """What a file says; `instead` if there is none, or if it is damaged, which is said, and the file set aside."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return instead
    except (OSError, msgspec.MsgspecError, UnicodeError) as error:
        aside = path.with_name(f"{path.name}.damaged")
        _log.error("%s: %s; the defaults hold, the file is now %s", path.name, error, aside.name)
        try:
            path.replace(aside)
        except OSError as failed:
            _log.error("%s: cannot be set aside: %s", path.name, failed.strerror)
        return instead


def write(path: Path, value: object) -> None:
    """Keep a value; raises OSError, and then what was kept before is still there."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value)))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
