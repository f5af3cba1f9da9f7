"""The rows of a SQLite file, read from its pages one by one, without the tree that leads to them.

SQLite finds a row by way of other pages, so one damaged page can hide thousands of sound ones, or all of them. Here
every page is looked at for itself (https://www.sqlite.org/fileformat2.html): what is a leaf of a table gives its rows,
whatever cannot be read gives none. Nothing is believed: the caller checks the sum of each row. Rows that were deleted
may come as well, and the same row more than once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

Value = int | float | bytes | str | None

_HEADER = 100  # bytes before the first page's content
_WAL_HEADER, _WAL_FRAME = 32, 24
_LEAF = 0x0D
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # serial type: bytes
_SIZES = {1 << power for power in range(9, 17)}
_LARGEST = 1 << 26  # bytes of a row


def rows(path: Path) -> Iterator[tuple[int, list[Value]]]:
    """Each row's number and its values, the rowid's own column as None."""
    with path.open("rb") as file:
        pages = _Pages(file, path.with_name(f"{path.name}-wal"))
        for number in pages.numbers():
            yield from _leaf(pages, number)


class _Pages:
    """The pages by number, from 1; those of the log beside the file stand for the ones in it."""

    def __init__(self, file: BinaryIO, log: Path) -> None:
        head = file.read(_HEADER)
        size = int.from_bytes(head[16:18], "big")
        size = 65536 if size == 1 else size
        self.size = size if size in _SIZES else 4096
        reserved = head[20] if len(head) > 20 and head[20] <= 32 else 0
        self.usable = self.size - reserved
        self._file = file
        self._count = -(-file.seek(0, 2) // self.size)
        self._logged: dict[int, bytes] = {}
        if log.exists():
            self._read(log.read_bytes())

    def numbers(self) -> Iterator[int]:
        """Of all pages."""
        yield from sorted({*range(1, self._count + 1), *self._logged})

    def page(self, number: int) -> bytes:
        """The bytes of a page; fewer, or none, where there are no more."""
        if (logged := self._logged.get(number)) is not None:
            return logged
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def _read(self, log: bytes) -> None:
        step = _WAL_FRAME + self.size
        for begin in range(_WAL_HEADER, len(log) - step + 1, step):
            number = int.from_bytes(log[begin : begin + 4], "big")
            self._logged[number] = log[begin + _WAL_FRAME : begin + step]


def _leaf(pages: _Pages, number: int) -> Iterator[tuple[int, list[Value]]]:
    page = pages.page(number)
    begin = _HEADER if number == 1 else 0
    if len(page) < begin + 8 or page[begin] != _LEAF:
        return
    count = int.from_bytes(page[begin + 3 : begin + 5], "big")
    for cell in range(begin + 8, min(begin + 8 + 2 * count, len(page) - 1), 2):
        try:
            yield _row(pages, page, int.from_bytes(page[cell : cell + 2], "big"))
        except (IndexError, ValueError, struct.error):  # damaged: the next one may not be
            continue


def _row(pages: _Pages, page: bytes, at: int) -> tuple[int, list[Value]]:
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    if size > _LARGEST:
        raise ValueError("a row of no believable size")
    usable = pages.usable
    local = size
    if size > usable - 35:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= usable - 35 else least
    payload = page[at : at + local]
    if local < size:
        payload += _overflow(pages, int.from_bytes(page[at + local : at + local + 4], "big"), size - local)
    if len(payload) != size:
        raise ValueError("a row that is not whole")
    return rowid, _values(payload)


def _overflow(pages: _Pages, number: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        page = pages.page(number) if number else b""
        if len(page) < pages.usable:
            raise ValueError("a row that is not whole")
        parts.append(page[4 : min(4 + size, pages.usable)])
        size -= len(parts[-1])
        number = int.from_bytes(page[:4], "big")
    return b"".join(parts)


def _values(payload: bytes) -> list[Value]:
    end, at = _varint(payload, 0)
    types: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        types.append(kind)
    found: list[Value] = []
    for kind in types:
        if kind >= 12:
            size = (kind - 12) // 2
            text = payload[at : at + size]
            found.append(text if kind % 2 == 0 else text.decode())
        elif kind in _INTEGERS:
            size = _INTEGERS[kind]
            found.append(int.from_bytes(payload[at : at + size], "big", signed=True))
        elif kind == 7:
            size = 8
            found.append(struct.unpack(">d", payload[at : at + 8])[0])
        elif kind in (0, 8, 9):
            size = 0
            found.append(None if kind == 0 else kind - 8)
        else:
            raise ValueError("a value of no known type")
        at += size
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9
