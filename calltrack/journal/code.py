"""Which code makes states of frames."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from calltrack import __version__

_PACKAGES = ("core", "voicenter")
"""All that decides what state the same frames make."""


@cache
def stamp(*more: str) -> str:
    """The version of calltrack, and a digest of the code that makes states: other code may make other states.

    `more` are the packages that decide what else was made, such as figures.
    """
    digest = sha256()
    root = Path(__file__).parents[1]
    for package in (*_PACKAGES, *more):
        files = (*(root / package).rglob("*.py"), *(root / package).rglob("*.html"))
        for module in sorted(files):
            digest.update(module.relative_to(root).as_posix().encode() + b"\0" + module.read_bytes() + b"\0")
    return f"{__version__} {digest.hexdigest()[:16]}"
