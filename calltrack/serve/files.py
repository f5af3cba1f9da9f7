"""How many files and connections this process may have open."""

from __future__ import annotations

import logging

_OTHERS = 1024  # that are open besides

_log = logging.getLogger("calltrack.serve")


def many_files(wanted: int) -> None:
    """Have this process open so many, or as many as it may; a shell's usual limit is 1,024."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows, which has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted += _OTHERS
    enough = hard == resource.RLIM_INFINITY or hard >= wanted
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if enough else hard, hard))
    if not enough:
        text = "up to %d files and connections may be needed, and this process may open %d (ulimit -Hn)"
        _log.warning(text, wanted, hard)
