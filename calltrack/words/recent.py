"""What happened to each call so far: its changes, bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable

from calltrack.core.changes import Change

CHANGES = 200
"""Changes kept of one call; the oldest go first."""
CALLS = 1000
"""Calls kept; the one that has been quiet for longest goes first."""


class Stories:
    """The last changes of the last calls."""

    def __init__(self) -> None:
        self._stories: OrderedDict[str, deque[Change]] = OrderedDict()

    def see(self, changes: Iterable[Change]) -> None:
        """Keep those of the changes that are about a call."""
        for change in changes:
            call_id = getattr(change, "call_id", "")
            if not call_id:
                continue
            story = self._stories.get(call_id)
            if story is None:
                story = self._stories[call_id] = deque(maxlen=CHANGES)
                if len(self._stories) > CALLS:
                    self._stories.popitem(last=False)
            else:
                self._stories.move_to_end(call_id)
            story.append(change)

    def of(self, call_id: str) -> tuple[Change, ...]:
        """What is kept of this call, oldest first; () if nothing."""
        return tuple(self._stories.get(call_id, ()))
