"""Compression and archives, recognised by content: gzip, bzip2, xz, zstd, zip and tar, one inside the other.

Everything is read as a stream; only a zip that comes through a pipe or out of another archive is copied to a
temporary file first, for its table stands at its end.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from calltrack.core.errors import RecordingError
from calltrack.recordings.forms.encodings import utf8, wide

BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError)
"""What reading compressed data that is cut off or damaged raises."""

HEAD = 512
"""Bytes from which the content is recognised."""

_GZIP, _ZSTD, _SQLITE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"SQLite format 3\x00"
_BZIP2, _XZ, _ZIP, _EMPTY_ZIP = b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04", b"PK\x05\x06"
_DEEPEST = 5  # a gzip in a tar in a zip is real, more is an attack
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a rar archive; unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; save the sheet as CSV"),
    (b"PAR1", "a Parquet table"),
    (b"\xd4\xc3\xb2\xa1", "a network capture, whose sockets are encrypted; export a HAR from the browser instead"),
    (b"\xa1\xb2\xc3\xd4", "a network capture, whose sockets are encrypted; export a HAR from the browser instead"),
    (b"\x0a\x0d\x0d\x0a", "a network capture, whose sockets are encrypted; export a HAR from the browser instead"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"RIFF", "sound or video"),
    (b"ID3", "sound"),
    (b"OggS", "sound or video"),
)
_OFFICE = {"xl/workbook.xml": "an Excel workbook; save the sheet as CSV", "word/document.xml": "a Word document"}
_TELLING = 16  # bytes; fewer may be the rest of a file that was cut
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27, 30}


class Member(NamedTuple):
    """One text: its name within the archives that it stands in ("" for none), and its bytes in UTF-8.

    `refused` says why it cannot be read, and then there is no stream.
    """

    name: str
    stream: BinaryIO | None
    refused: str = ""
    is_plain: bool = False


def is_journal(head: bytes) -> bool:
    """Whether these are the first bytes of a journal."""
    return head.startswith(_SQLITE)


def is_plain(head: bytes) -> bool:
    """Whether the bytes of a file are those of its text, so that it can be read from its middle."""
    return not (_packing(head) or wide(head))


def members(file: BinaryIO, name: str = "", depth: int = 0) -> Iterator[Member]:
    """Every text in a file, unpacked and recoded; read each before the next one is asked for.

    What is none, such as a picture, is refused with the reason. Raises what BROKEN names where the data is damaged.
    """
    stream = _peekable(file)
    head = stream.peek(HEAD)[:HEAD]
    packing = _packing(head)
    if depth > _DEEPEST:
        yield Member(name, None, f"archives inside archives, more than {_DEEPEST} deep")
    elif packing == "zip":
        yield from _zip(stream, name, depth)
    elif packing == "tar":
        yield from _tar(stream, name, depth)
    elif packing:
        yield from members(_unpacked(stream, packing), name, depth + 1)
    elif encoding := wide(head):
        yield Member(name, utf8(cast(BinaryIO, stream), encoding))
    elif why := _binary(head):
        yield Member(name, None, why)
    else:
        yield Member(name, cast(BinaryIO, stream), is_plain=depth == 0)


def _peekable(file: BinaryIO) -> io.BufferedReader:
    """Decompressors peek by themselves; buffered once more, what precedes a cut would be lost with the rest."""
    return cast(io.BufferedReader, file if hasattr(file, "peek") else io.BufferedReader(cast(io.RawIOBase, file)))


def _packing(head: bytes) -> str:
    for magic, name in ((_GZIP, "gzip"), (_ZSTD, "zstd"), (_XZ, "xz"), (_ZIP, "zip"), (_EMPTY_ZIP, "zip")):
        if head.startswith(magic):
            return name
    if head.startswith(_BZIP2) and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    return "tar" if head[257:262] == b"ustar" else ""


def _binary(head: bytes) -> str:
    """What a content is that is no text; "" for a text."""
    if is_journal(head):
        return "a journal; give its path instead"
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return what
    if len(head) >= _TELLING and sum(byte in _CONTROLS for byte in head) > len(head) // 50:
        return f"binary data of no known kind (it begins with {head[:4].hex(' ')})"
    return ""


def _unpacked(stream: io.BufferedReader, packing: str) -> BinaryIO:
    if packing == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))
    if packing == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(stream))
    if packing == "xz":
        return cast(BinaryIO, lzma.LZMAFile(stream))
    return cast(BinaryIO, io.BufferedReader(_Zstd(stream), 1 << 16))


class _Zstd(io.RawIOBase):
    """zstd of one or several frames; damage is an OSError and a missing end an EOFError, as gzip's are."""

    def __init__(self, stream: io.BufferedReader) -> None:
        from calltrack.journal.zstd import zstd

        self._zstd = zstd
        self._stream = stream
        self._inner = zstd.ZstdDecompressor()
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._left:
            packed = self._inner.unused_data if self._inner.eof else b""
            packed = packed or self._stream.read(1 << 16)
            if not packed:
                if self._inner.eof:
                    return 0
                raise EOFError("it ends in the middle")
            if self._inner.eof:
                self._inner = self._zstd.ZstdDecompressor()
            try:
                self._left = self._inner.decompress(packed)
            except self._zstd.ZstdError as error:
                raise OSError(str(error)) from None
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _zip(stream: io.BufferedReader, name: str, depth: int) -> Iterator[Member]:
    """The members in the order of their names: rotated recordings are numbered."""
    with tempfile.TemporaryFile() as copy:
        file: BinaryIO = cast(BinaryIO, stream)
        if depth or not stream.seekable():
            shutil.copyfileobj(stream, copy)
            file = cast(BinaryIO, copy)
        with zipfile.ZipFile(file) as archive:
            for office, what in _OFFICE.items():
                if office in archive.namelist():
                    yield Member(name, None, what)
                    return
            for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
                inner = f"{name}/{entry.filename}" if name else entry.filename
                if entry.is_dir() or _is_archivers(entry.filename):
                    continue
                if entry.flag_bits & 1:
                    yield Member(inner, None, "encrypted; unpack it first")
                    continue
                with archive.open(entry) as member:
                    yield from members(cast(BinaryIO, member), inner, depth + 1)


def _tar(stream: io.BufferedReader, name: str, depth: int) -> Iterator[Member]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            if not entry.isfile() or _is_archivers(entry.name):
                continue
            member = archive.extractfile(entry)
            if member is not None:
                inner = f"{name}/{entry.name}" if name else entry.name
                yield from members(cast(BinaryIO, member), inner, depth + 1)


def _is_archivers(name: str) -> bool:
    """Whether a member was added by the archiver of an Apple machine, not by a person."""
    last = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or last == ".DS_Store" or last.startswith("._")


def refuse(name: str, why: str) -> RecordingError:
    """The error for a file that holds something else."""
    return RecordingError(f"{name}: is {why}")
