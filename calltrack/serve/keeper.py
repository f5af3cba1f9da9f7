"""What an engine needs of the place where its frames are kept: a journal, or what stands for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from calltrack.core.tracker import Tracker
from calltrack.voicenter.frames import Frame


class Keeper(Protocol):
    """As `Journal`, whose docstrings hold. `path` is also what the files beside it are named after."""

    path: Path
    on_notice: Callable[[str], None]

    @property
    def begin(self) -> int:
        """The frame after which frames are kept."""

    @property
    def position(self) -> int:
        """The last frame kept."""

    def tracker(self, position: int | None = None) -> Tracker:
        """A tracker in the state after a frame."""

    def frames(self, after: int, until: int | None = None, *, gaps: bool = False) -> Iterator[tuple[int, Frame]]:
        """The frames after one, with their positions."""

    def checkpoints(self) -> Sequence[Any]:
        """The stored states, each with its `position`."""

    def checkpoint(self, tracker: Tracker) -> None:
        """Store a state."""

    def append(self, frames: Sequence[Frame]) -> int:
        """Keep frames."""

    def prune(self, keep_s: float | None = None, keep_bytes: int | None = None) -> int:
        """Remove the oldest frames."""

    def repair(self) -> object:
        """Repair what is damaged; returns what was done, for the log."""

    def close(self) -> None:
        """Let go of it."""
