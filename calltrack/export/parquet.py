"""Parquet: one table in a file, or all tables of many recordings in a folder, by account and day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from calltrack.export.columns import Column, columns, table_of, values
from calltrack.figures.rows import life

_BATCH = 10_000  # rows that a file keeps together: a row group
_PIECE = 100_000  # rows of a table that are sorted into the folder together


class Parquet:
    """One table: typed columns, 10,000 rows at a time, compressed with zstd."""

    def __init__(self, tables: Sequence[str], out: BinaryIO, zone: tzinfo = UTC):
        import pyarrow.parquet

        (table,) = tables
        self._columns, self._schema = columns(table), schema(table)
        self._file = pyarrow.parquet.ParquetWriter(out, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []

    def write(self, row: Struct) -> None:
        """Keep one row, and write a batch when there is one."""
        self._rows.append(values(row, self._columns))
        if len(self._rows) >= _BATCH:
            self._flush()

    def close(self) -> None:
        """Write the last batch and the footer."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        self._file.write_table(_arrow(self._rows, self._schema))
        self._rows = []


class Folder:
    """All tables: FOLDER/TABLE/account=7/day=2023-11-30/NAME-0-0.parquet, which DuckDB, pandas and Spark read as one.

    A row is in the local day of `zone` in which it ended; of what still lasts, or has no account, day or account is
    null. `name` is that of the recording: writing it again replaces its files and leaves those of the others.
    `account` is all rows', if the recording is that of an account with a name of its own, as on Kafka.
    """

    def __init__(self, folder: Path, name: str, zone: tzinfo, account: str = ""):
        import pyarrow.dataset  # noqa: F401 - before anything is made: its extra may be missing

        self._folder, self._name, self._zone, self._account = folder, name, zone, account
        self._rows: dict[str, list[Struct]] = {}
        self._written: set[Path] = set()
        self._pieces = 0

    def write(self, rows: Iterable[Struct]) -> int:
        """Write all rows, then remove what an earlier export of this recording left; returns how many they were."""
        mine = re.compile(re.escape(self._name) + r"-\d+-\d+\.parquet")
        before = {path for path in self._folder.glob("*/account=*/day=*/*.parquet") if mine.fullmatch(path.name)}
        count = 0
        for row in rows:
            kept = self._rows.setdefault(table_of(row), [])
            kept.append(row)
            count += 1
            if len(kept) >= _PIECE:
                self._flush(table_of(row))
        for table in list(self._rows):
            self._flush(table)
        for old in before - self._written:
            old.unlink()
        return count

    def _flush(self, table: str) -> None:
        rows = self._rows.pop(table)
        found = columns(table)
        whole = _arrow([values(row, found) for row in rows], schema(table))
        accounts, days = [self._account or _account(row) for row in rows], [_day(row, self._zone) for row in rows]
        self._written |= into_folder(whole, self._folder / table, f"{self._name}-{self._pieces}", accounts, days)
        self._pieces += 1


def into_folder(
    table: Any, folder: Path, name: str, accounts: Sequence[str | None], days: Sequence[str | None]
) -> set[Path]:
    """Write a table's rows by their account and day, as FOLDER/account=7/day=2023-11-30/NAME-0.parquet; returns the
    files."""
    import pyarrow
    from pyarrow import dataset

    written = set[Path]()
    for key, value in (("account", accounts), ("day", days)):
        table = table.append_column(key, pyarrow.array(value, pyarrow.string()))
    keys = pyarrow.schema([("account", pyarrow.string()), ("day", pyarrow.string())])
    files = dataset.ParquetFileFormat()
    dataset.write_dataset(
        table,
        folder,
        format=files,
        file_options=files.make_write_options(compression="zstd"),
        basename_template=f"{name}-{{i}}.parquet",
        partitioning=dataset.partitioning(keys, flavor="hive"),
        existing_data_behavior="overwrite_or_ignore",
        max_partitions=max(1, len(accounts)),
        file_visitor=lambda file: written.add(Path(file.path)),
    )
    return written


def schema(table: str) -> Any:
    """The Arrow schema of a table; each field has its column's description."""
    import pyarrow

    return pyarrow.schema(
        [
            pyarrow.field(column.name, _type(pyarrow, column), metadata={"description": column.says})
            for column in columns(table)
        ]
    )


def _arrow(rows: list[list[Any]], whole: Any) -> Any:
    import pyarrow

    arrays = [pyarrow.array([row[number] for row in rows], field.type) for number, field in enumerate(whole)]
    return pyarrow.table(arrays, schema=whole)


def _type(pyarrow: Any, column: Column) -> Any:
    timestamp = pyarrow.timestamp("us", tz="UTC")
    spell = [("state", pyarrow.string()), ("since", timestamp), ("until", timestamp)]
    step = [(name, pyarrow.string()) for name in ("kind", "call_id", "where", "agent_id", "agent_name")]
    step += [("since", timestamp), ("until", timestamp), ("outcome", pyarrow.string()), ("seconds", pyarrow.float64())]
    return {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "seconds": pyarrow.float64(),
        "timestamp": timestamp,
        "boolean": pyarrow.bool_(),
        "texts": pyarrow.list_(pyarrow.string()),
        "spells": pyarrow.list_(pyarrow.struct(spell)),
        "steps": pyarrow.list_(pyarrow.struct(step)),
    }[column.kind]


def _account(row: Any) -> str | None:
    return None if row.account_id in (None, "") else str(row.account_id)


def _day(row: Struct, zone: tzinfo) -> str | None:
    """The day that a row counts in, as in the figures."""
    end = life(row)[1]
    return None if end is None else f"{datetime.fromtimestamp(end, zone):%Y-%m-%d}"
