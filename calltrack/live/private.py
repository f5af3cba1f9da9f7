"""Files that hold secrets: only their owner may use them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from calltrack.core.errors import CalltrackError


def private_text(path: Path, error: type[CalltrackError]) -> str:
    """The text of such a file; raises `error` if it cannot be read, or its group or the world may use it.

    Windows shows no mode that says who may read a file; there it is not checked.
    """
    try:
        with path.open(encoding="utf-8") as file:
            # Asked of the open file: a path could be another file by the time it is read.
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise error(f"{path}: others may use this file; run: chmod 600 {path}")
            return file.read()
    except OSError as cause:
        raise error(f"{path}: cannot be read: {cause.strerror}") from None
    except UnicodeDecodeError:
        raise error(f"{path}: cannot be read: not UTF-8") from None
    except ValueError:  # a null character in the path
        raise error(f"{str(path)!r} is not a valid path") from None


def private_values(path: Path, error: type[CalltrackError]) -> dict[str, str]:
    """The lines NAME=value of such a file, without empty ones and those that begin with `#`; raises `error`."""
    values = {}
    for number, line in enumerate(private_text(path, error).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise error(f"{path}:{number}: expected NAME=value")
        values[name.strip()] = value.strip()
    return values
