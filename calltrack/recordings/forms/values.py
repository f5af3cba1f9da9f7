"""JSON values that stand over several lines, or several on one line, with something before or behind."""

from __future__ import annotations

import ast
import json
import re
from typing import NamedTuple

import msgspec

from calltrack.recordings.forms.lines import LARGEST, Lines, TooLarge, Unusable
from calltrack.voicenter.texts import or_mended

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_FRAGMENT = re.compile(rb'["{}\[\],:\d-]|true|false|null')  # what a line inside a JSON value begins with
_raw = msgspec.json.Decoder(msgspec.Raw)
_scan = json.JSONDecoder()


class Assembled(NamedTuple):
    """A value over several lines; if `reason` is set it could not be completed."""

    text: bytes
    lines: int
    reason: str = ""


def is_json(text: bytes) -> bool:
    """Whether a text is one JSON value."""
    try:
        or_mended(_raw.decode, text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def why_not(error: msgspec.DecodeError) -> str:
    """Why a text is not JSON, in words."""
    return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}"


def depth(line: bytes) -> int | None:
    """How many more brackets a line opens than it closes; None if a string does not end in it."""
    bare = _STRING.sub(b"", line)
    if b'"' in bare:
        return None
    return sum(map(bare.count, (b"{", b"["))) - sum(map(bare.count, (b"}", b"]")))


def opens(text: bytes) -> bool:
    """Whether a text is the first line of a value that goes on in the next, as pretty-printing breaks lines."""
    return text[-1:] in (b"{", b"[", b",", b":") and (depth(text) or 0) > 0


def assemble(lines: Lines, first: bytes, indent: int = 0) -> Assembled:
    """The value that begins with `first`, in a line with that indent, and ends some lines later.

    It ends unfinished before a line that is a whole value in the first column, as a frame in a recording is; and at one
    that cannot belong to JSON, with all that is indented below it. Raises TooLarge.
    """
    parts, size, open_brackets = [first], len(first), depth(first) or 0
    try:
        for line in lines:
            text = line.strip()
            more = depth(text)
            whole = line[:1] in (b"[", b"{") and more == 0 and len(text) > 2 and is_json(text)
            if whole and len(first) > 1:
                lines.push_back(line)
                break
            parts.append(text)
            if more is None or not _FRAGMENT.match(text):
                if not line.endswith(b"\n"):
                    break
                reason = f"not JSON: line {lines.number} does not belong to it"
                return Assembled(b"", len(parts) + _skip(lines, indent), reason)
            size += len(text) + 1
            if size > LARGEST:
                raise TooLarge
            open_brackets += more
            if open_brackets <= 0:
                return Assembled(b"\n".join(parts), len(parts))
    except Unusable as error:
        return Assembled(b"", len(parts), f"not JSON: it is not complete; {error}")
    return Assembled(b"", len(parts), "not JSON: it ends in the middle")


def _skip(lines: Lines, indent: int) -> int:
    """Go past the rest of a broken value, which is indented below its beginning; how many lines that is."""
    count = 0
    for line in lines:
        text = line.lstrip()
        if len(line) - len(text) <= indent:
            if text[:1] not in (b"}", b"]"):
                lines.push_back(line)
                return count
            return count + 1
        count += 1
    return count


def of_python(text: bytes) -> bytes | None:
    """What Python prints of a list or dict, as JSON; None if it is none."""
    try:
        value = ast.literal_eval(text.decode())
        return json.dumps(value, allow_nan=False).encode()
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def leading(text: str, start: int = 0) -> tuple[str, int] | None:
    """The JSON value at `start` of a text that goes on after it, and where it ends; None if there is none."""
    try:
        _, end = _scan.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return text[start:end], end
