"""Ways of looking at the stream: the changes, or the records as they are after them; for SSE or WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from calltrack.journal import StreamPosition
from calltrack.serve.security.scope import Scope
from calltrack.serve.stream.hub import Published
from calltrack.serve.stream.state import View

Event = tuple[str, StreamPosition, bytes]
"""A name, the place to go on from, and JSON."""


def sse(events: Iterable[Event]) -> bytes:
    """The events as Server-Sent Events."""
    return b"".join(
        b"id: %b\nevent: %b\ndata: %b\n\n" % (str(at).encode(), name.encode(), data) for name, at, data in events
    )


def messages(events: Iterable[Event]) -> bytes:
    """The events as one WebSocket message: a JSON array of {"id", "event", "data"}."""
    said = [
        b'{"id":"%b","event":"%b","data":%b}' % (str(at).encode(), name.encode(), data) for name, at, data in events
    ]
    return b"[%b]" % b",".join(said) if said else b""


Notation = Callable[[Iterable[Event]], bytes]


class Wanted(Struct, frozen=True):
    """A filter: of each the values that are let through, empty for all."""

    kinds: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()

    def lets(self, one: Published) -> bool:
        """Whether a change is wanted; a lost connection concerns whatever queue or extension one looks at."""
        about = one.about
        return (not self.kinds or type(one.change).__name__ in self.kinds) and (
            about.everybody
            or (
                (not self.queues or not self.queues.isdisjoint(about.queues))
                and (not self.extensions or not self.extensions.isdisjoint(about.extensions))
                and (not self.calls or about.call_id in self.calls)
                and (not self.accounts or not self.accounts.isdisjoint(about.accounts))
            )
        )


EVERYTHING_WANTED = Wanted()


class Changes(NamedTuple):
    """The changes that a role may see and a filter lets through."""

    view: View
    scope: Scope
    wanted: Wanted
    notation: Notation
    resumes: bool = True

    def changes(self, batch: Sequence[Published], flushed: StreamPosition) -> bytes:
        """Each change under its own place."""
        scope, wanted = self.scope, self.wanted
        if not scope.sees_all or wanted != EVERYTHING_WANTED:
            batch = [one for one in batch if scope.sees(one.about) and wanted.lets(one)]
        return self.notation(("change", one.place, one.json(scope)) for one in batch)

    def beat(self, flushed: StreamPosition) -> bytes:
        """The time; its place stands behind all that the filter kept back."""
        return self.notation([("time", flushed, msgspec.json.encode(self.view.time()))])

    def opening(self, flushed: StreamPosition) -> bytes:
        """The time as well: it names the place from which the client hears everything."""
        return self.beat(flushed)

    def reset(self, flushed: StreamPosition, reason: str, *, missed: bool = True) -> bytes:
        """The whole state, with the reason."""
        return self.notation([("reset", flushed, _reset(self.view, self.scope, reason, missed))])


class Updates(NamedTuple):
    """What the changes have altered of the records; for those who show the state and nothing else."""

    view: View
    scope: Scope
    resumes: bool = False

    def changes(self, batch: Sequence[Published], flushed: StreamPosition) -> bytes:
        """One update for the whole batch: what is another since the last one, whether a change reported it or not."""
        update = self.view.update(self.scope)
        return b"" if update is None else sse([("update", flushed, msgspec.json.encode(update))])

    def beat(self, flushed: StreamPosition) -> bytes:
        """The time."""
        return sse([("time", flushed, msgspec.json.encode(self.view.time()))])

    def opening(self, flushed: StreamPosition) -> bytes:
        """The state to begin with."""
        return sse([("state", flushed, self.view.board_json(self.scope))])

    def reset(self, flushed: StreamPosition, reason: str, *, missed: bool = True) -> bytes:
        """The state again; why does not matter to who shows only the state."""
        return self.opening(flushed)


def _reset(view: View, scope: Scope, reason: str, missed: bool) -> bytes:
    answer: dict[str, Any] = {"reason": reason, "missed": missed, "state": msgspec.Raw(view.state_json(scope))}
    return msgspec.json.encode(answer)
