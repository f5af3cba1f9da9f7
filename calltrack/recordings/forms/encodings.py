"""Text in UTF-16 or UTF-32 (what PowerShell's `>` writes), recoded to UTF-8 as it is read."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

UTF8_BOM = b"\xef\xbb\xbf"
_BOMS = ((b"\xff\xfe\x00\x00", "utf-32-le"), (b"\x00\x00\xfe\xff", "utf-32-be"))
_BOMS_16 = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def wide(head: bytes) -> str | None:
    """The encoding of a text whose characters take two or four bytes; None for any other.

    Without a byte order mark it is known by its zeros: the first characters of a capture are ASCII.
    """
    for bom, name in (*_BOMS, *_BOMS_16):
        if head.startswith(bom):
            return name
    start = head[: len(head) & ~1][:64]
    if len(start) >= 8:
        low, high = start[::2], start[1::2]
        if not any(high) and all(low):
            return "utf-16-le"
        if not any(low) and all(high):
            return "utf-16-be"
    return None


def utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """The text of a stream in UTF-8, without its byte order mark; a broken character becomes U+FFFD."""
    return cast(BinaryIO, io.BufferedReader(_Recoded(stream, encoding), 1 << 16))


class _Recoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder(encoding)("replace").decode
        self._left = b""
        self._first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._left:
            wide = self._stream.read(1 << 15)
            text = self._decode(wide, not wide)
            if self._first and text:
                text, self._first = text.removeprefix("\ufeff"), False
            self._left = text.encode("utf-8", "replace")
            if not wide:
                break
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count
