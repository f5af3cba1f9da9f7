"""Lists for a source whose frames have changes only: what lives at each device, kept from change to change.

Theory of operation. The core believes lists (field guide §4), so a source that sends "this call rings at that phone"
and no list has to keep one for each phone and queue, and put it into every frame. `Lists` is that memory. It knows
nothing of order or lateness: it applies changes as they come, and the core judges what they mean.

A list has to be complete. Where a source cannot know that (it connected in the middle of the day, or it lost its
connection), the device's list is None, "not said": the core then applies the one call that the frame is about, and
ends nothing else.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from calltrack.core.observations import ListedCall, ListedWait

_Listed = TypeVar("_Listed", bound=ListedCall | ListedWait)


class Lists(Generic[_Listed]):
    """The live calls of each extension, or the waiting calls of each queue; memory follows what lives.

    idle: whether nothing lives anywhere when the stream begins. If that is not known, a device's list is None until
    `replace` says what lives there.
    """

    def __init__(self, *, idle: bool) -> None:
        self._idle = idle
        self._listed: dict[str, list[_Listed]] = {}

    def put(self, device: str, listed: _Listed) -> list[_Listed] | None:
        """A call that lives now, in the place of the one that had its id; returns the device's list.

        Click2call legs share an id and are two calls (field guide §3).
        """
        live = self._listed.get(device)
        if live is None:
            if not self._idle:
                return None
            live = []
        key = _key(listed)
        place = next((n for n, one in enumerate(live) if _key(one) == key), len(live))
        return self._keep(device, [*live[:place], listed, *live[place + 1 :]])

    def drop(self, device: str, call_id: str, c2c: int | None = None) -> list[_Listed] | None:
        """A call that has ended, every leg of it if c2c is None; returns the device's list without it."""
        live = self._listed.get(device)
        if live is None:
            return [] if self._idle else None
        rest = [one for one in live if one.call_id != call_id or (c2c is not None and _key(one) != (call_id, c2c))]
        return self._keep(device, rest)

    def replace(self, device: str, listed: list[_Listed]) -> list[_Listed]:
        """All that lives at a device now, for a source that can ask; returns the list."""
        return self._keep(device, [*listed])

    def lose(self) -> None:
        """The connection was lost: every list is None until `replace` says what lives there."""
        self._listed.clear()
        self._idle = False

    def _keep(self, device: str, live: list[_Listed]) -> list[_Listed]:
        """Each change has a list of its own, so that the frames made before stay as they are."""
        if live or not self._idle:
            self._listed[device] = live
        else:
            self._listed.pop(device, None)
        return [*live]


def _key(listed: ListedCall | ListedWait) -> tuple[str, int]:
    return listed.call_id, listed.c2c or 0 if isinstance(listed, ListedCall) else 0
