"""Changes of many accounts as Parquet, by account and day: FOLDER/changes/account=acme/day=2023-11-30/3-1200-0.parquet.

A folder remembers how far each partition of the changes was read, and the last change of each account, in
`FOLDER/changes.json`, which appears whole after the files that it counts. What a run that was killed has left is
removed before the next one writes it again, so every change is there once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from calltrack.core.errors import CalltrackError
from calltrack.export.parquet import into_folder


class BadFolder(CalltrackError):
    """The folder's record of what was read cannot be used."""


class ChangeRow(Protocol):
    """A change of an account: its number (frame, change), and its JSON."""

    @property
    def account(self) -> str:
        """The account's name."""

    @property
    def frame(self) -> int:
        """The frame that made it."""

    @property
    def change(self) -> int:
        """Its number among that frame's."""

    @property
    def json(self) -> bytes:
        """Itself."""


class Read(Struct):
    """How far changes were read. following: by partition, the offset of the record to go on from. last: by account, the
    number (frame, change) of its last change."""

    following: dict[int, int] = {}
    last: dict[str, tuple[int, int]] = {}


class _Head(Struct):
    change: str = ""
    at: float | None = None
    call_id: str = ""
    exten_user: str = ""
    queue_id: str = ""
    inferred: str = ""


_head = msgspec.json.Decoder(_Head)


class ChangesFolder:
    """Such a folder. A change is in the day of `zone` in which it became known; of one without a time, day is null.

    Raises BadFolder if what stands in the folder cannot be read.
    """

    def __init__(self, folder: Path, zone: tzinfo = UTC) -> None:
        import pyarrow.dataset  # noqa: F401 - before anything is made: its extra may be missing

        self._folder, self._zone = folder, zone
        self._file = folder / "changes.json"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.read = msgspec.json.decode(self._file.read_bytes(), type=Read) if self._file.exists() else Read()
        except msgspec.MsgspecError as error:
            raise BadFolder(f"{self._file}: {error}") from None
        for path in folder.glob("changes/account=*/day=*/*.parquet"):
            partition, begin, _ = path.stem.split("-")
            if int(begin) >= self.read.following.get(int(partition), 0):
                path.unlink()

    def write(self, partition: int, begin: int, end: int, rows: Sequence[ChangeRow]) -> None:
        """Keep the changes of a partition's records from offset `begin` up to `end`, and that they were read."""
        if rows:
            self._write(f"{partition}-{begin}", rows)
        for row in rows:
            self.read.last[row.account] = (row.frame, row.change)
        self.read.following[partition] = end
        new = self._file.with_suffix(".new")
        with new.open("wb") as file:
            file.write(msgspec.json.encode(self.read))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)

    def _write(self, name: str, rows: Sequence[ChangeRow]) -> None:
        import pyarrow

        heads = [_head.decode(row.json) for row in rows]
        texts = {
            field: pyarrow.array([getattr(head, field) or None for head in heads], pyarrow.string())
            for field in ("call_id", "exten_user", "queue_id", "inferred")
        }
        times = [None if head.at is None else datetime.fromtimestamp(head.at, UTC) for head in heads]
        table = pyarrow.table(
            {
                "frame": pyarrow.array([row.frame for row in rows], pyarrow.int64()),
                "change": pyarrow.array([row.change for row in rows], pyarrow.int64()),
                "known_at": pyarrow.array(times, pyarrow.timestamp("us", tz="UTC")),
                "type": pyarrow.array([head.change for head in heads], pyarrow.string()),
                **texts,
                "json": pyarrow.array([row.json.decode() for row in rows], pyarrow.string()),
            }
        )
        days = [None if at is None else f"{at.astimezone(self._zone):%Y-%m-%d}" for at in times]
        into_folder(table, self._folder / "changes", name, [row.account for row in rows], days)
