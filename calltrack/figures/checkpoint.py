"""Everything that facts hold, as a value: to store beside a tracker's snapshot, and to go on from."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from calltrack.core.errors import NotASnapshot
from calltrack.core.records import Gap, Seconds
from calltrack.figures.rows import Rows, joined

FORMAT = 1


class Presence(Struct, frozen=True):
    """A stretch in which an extension was monitored; `until` is None while it is."""

    exten_user: str
    since: Seconds | None
    until: Seconds | None = None


class Names(Struct, frozen=True):
    """What things are called; the changes have the names of agents alone."""

    queues: dict[str, str] = {}
    extensions: dict[str, str] = {}


class Checkpoint(Struct, frozen=True):
    """Everything that facts hold, to store beside a tracker's snapshot and to go on from."""

    first: Seconds | None
    time: Seconds | None
    offset_s: Seconds | None
    gaps: tuple[Gap, ...]
    presences: tuple[Presence, ...]
    names: Names
    queue_accounts: dict[str, tuple[int | str, ...]]
    done: Rows
    live: Rows
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The whole checkpoint as JSON."""
        return msgspec.json.encode(self)

    def after(self, handed_out: Iterable[Rows]) -> Checkpoint:
        """The checkpoint of facts that had not handed out these rows."""
        return replace(self, done=joined((*handed_out, self.done)))

    @classmethod
    def from_json(cls, text: str | bytes) -> Checkpoint:
        """The checkpoint that `to_json` wrote; raises NotASnapshot if it is not one."""
        try:
            checkpoint = msgspec.json.decode(text, type=Checkpoint)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise NotASnapshot(f"not a checkpoint of facts: {error}") from None
        if checkpoint.format != FORMAT:
            raise NotASnapshot(f"a checkpoint of format {checkpoint.format}, this version reads {FORMAT}")
        return checkpoint
