"""The name of the code that makes changes of frames: other code may make other changes of the same."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import calltrack

_DECIDING = ("core", "voicenter")  # the packages that a change depends on


@cache
def code_version(history: int) -> str:
    """The version, a digest of the sources, and the `history` that trackers keep: `0.2.0-3f9c2a6b81d0/1000`."""
    root, digest = Path(calltrack.__file__).parent, hashlib.sha256()
    for package in _DECIDING:
        for module in sorted((root / package).rglob("*.py")):
            digest.update(module.read_bytes())
    return f"{calltrack.__version__}-{digest.hexdigest()[:12]}/{history}"
