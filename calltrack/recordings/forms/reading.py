"""Text that is not plain JSON lines, as frames: each line is recognised on its own, or with those that belong to it.

A recording in one of the three notations (field guide §1) never comes here. What is recognised is certain by its own
form; a line that could be two things is refused with the reason, and so is one that is nothing known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from calltrack.recordings.forms import cdrs, prefixes, tables, values
from calltrack.recordings.forms.envelopes import ARRAYS, read_text, read_value
from calltrack.recordings.forms.lines import Lines
from calltrack.recordings.forms.packets import packets
from calltrack.recordings.forms.pieces import Found, Passed, Piece, Unread

_BY_LINE = "a JSON array, a frame a line"


_VALUE = re.compile(r'(?:42\D*\d*)?(?:\{\s*["}]|\[\s*["{\[]|[{\[]$|"[{\[])')
_CONSOLE = re.compile(r"\{ ?[A-Za-z]+: |\[ ?'")
_JAVASCRIPT = "not JSON: it looks like what console.log prints of an object; log JSON.stringify(…) of it"


class Read(NamedTuple):
    """A piece, and the line of the file on which it stands."""

    line: int
    piece: Piece


class Odd:
    """Reads the lines of one text that Frame.decode does not take; a line may need those that follow it."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._started = False
        self._in_list = False
        self._copied = False  # the last line was a message, so a browser's length and time may follow
        self._name = ""

    def read(self, line: bytes, reason: str) -> Iterator[Read]:
        """The pieces of a line, and of the following ones that belong to it; `reason` is why it is no frame itself.

        Raises TooLarge.
        """
        first = not self._started
        self._started = True
        text = line.strip(b" \t\r\n\x1e")
        begin = self._lines.number
        copied, self._copied = self._copied, False
        if text in (b"[", b"]", b"],", b",") and self._bracket(text, first):
            return
        if text.startswith((b"```", b"~~~")):
            yield Read(begin, Passed("marks of a code block"))
            return
        if (
            begin == 1
            and text[:1] not in (b"[", b"{")
            and packets(text.decode("utf-8", "replace")) is None
            and (delimiter := self._table(line))
        ):
            for row in tables.rows(self._lines, line, delimiter):
                yield from (Read(row.line, piece) for piece in row.pieces)
            return
        if begin == 1 and text[:1] not in (b"[", b"{") and cdrs.is_table(line):
            for row in cdrs.rows(self._lines, line):
                yield from (Read(row.line, piece) for piece in row.pieces)
            return
        if text[:1] in (b"[", b"{", b'"', b"("):
            found = self._json(text, begin, len(line) - len(line.lstrip()))
            if found is not None:
                yield from found
                return
        shown = text.decode("utf-8", "replace")
        if shown[:1] == ":" or (copied and prefixes.is_copied_column(shown)):
            self._copied = copied
            return  # a comment of an event stream; the columns beside a copied message
        pieces = self._packets(shown)
        if pieces is not None:
            yield from (Read(begin, piece) for piece in pieces)
            return
        if name := prefixes.lone_name(shown):
            self._name = name
            return
        yield from self._prefixed(shown, begin, reason)

    def _bracket(self, text: bytes, first: bool) -> bool:
        """Whether a bracket alone opens or closes the list that the frames of the following lines stand in."""
        if text != b"[":
            return self._in_list
        if not first:
            return False
        following = next(self._lines, b"")
        if following:
            self._lines.push_back(following)
        self._in_list = following.lstrip()[:1] in (b"[", b"{") and not following.strip().startswith(b"[]")
        return self._in_list

    def _table(self, line: bytes) -> str | None:
        following = next(self._lines, b"")
        if not following:
            return None
        self._lines.push_back(following)
        return tables.delimiter_of(line, following)

    def _json(self, text: bytes, begin: int, indent: int) -> list[Read] | None:
        """The pieces of a line that begins as JSON; None if it turns out not to."""
        text = text[:-1] if self._in_list and text.endswith(b",") else text
        if values.opens(text):
            whole = values.assemble(self._lines, text, indent)
            if whole.reason:
                return [Read(begin, Unread(f"{whole.reason} ({whole.lines} lines)"))] if whole.lines > 1 else None
            text = whole.text.removesuffix(b",")
        if text[:2] in (b"{'", b"['", b"('") and (translated := values.of_python(text)):
            text = translated
        try:
            return self._pieces(text, begin)
        except msgspec.DecodeError:
            return self._several(text.decode("utf-8", "replace"), begin)
        except UnicodeDecodeError as error:
            broken = [Read(begin, Unread(f"not UTF-8: {error}"))]
            rest = self._several(text.decode("utf-8", "replace"), begin) or []
            return broken if len(rest) < 2 else broken + rest
        except RecursionError:
            return [Read(begin, Unread("not a frame: nested too deeply"))]

    def _pieces(self, text: bytes, begin: int) -> list[Read]:
        name, self._name = self._name, ""
        pieces = read_value(text, name=name)
        several = len(pieces) > 1
        spread = "pretty-printed JSON" if b"\n" in text else ARRAYS
        read: list[Read] = []
        for piece in pieces:
            if isinstance(piece, Found) and piece.form == ARRAYS:
                piece = piece._replace(form=_BY_LINE if self._in_list else "a JSON array" if several else spread)
            read.append(Read(begin + (0 if isinstance(piece, Passed) else piece.line), piece))
        return read

    def _several(self, text: str, begin: int) -> list[Read] | None:
        """Values that follow each other on one line; None if the line does not consist of them."""
        found: list[Read] = []
        at = 0
        while at < len(text):
            value = values.leading(text, at)
            if value is None:
                return None
            whole, at = value
            try:
                found += self._pieces(whole.encode("utf-8", "replace"), begin)
            except msgspec.DecodeError as error:
                found.append(Read(begin, Unread(values.why_not(error))))
            if prefixes.is_rest(text[at:]):
                break
            while at < len(text) and text[at] in " \t,;\x1e":
                at += 1
        self._copied = True
        return found

    def _packets(self, text: str) -> list[Piece] | None:
        """The pieces of a packet or polling payload, with what browsers and terminals put around it."""
        bare, sent = prefixes.unmarked(text)
        head = bare.split("\t", 1)[0].strip() if "\t" in bare and prefixes.is_rest(bare.split("\t", 1)[1]) else bare
        if head[:1] in "{[" or packets(head) is None:
            return None
        self._copied = True
        return [Passed("sent by the client")] if sent else read_text(head)

    def _prefixed(self, text: str, begin: int, reason: str) -> Iterator[Read]:
        """What stands in a line behind a prefix; if nothing does, why the line is no frame."""
        name, self._name = self._name, ""
        for start in prefixes.starts(text):
            rest = text[start.begin :]
            if values.opens(rest.encode("utf-8", "replace")) and rest[:1] in "{[":
                whole = values.assemble(self._lines, rest.encode("utf-8", "replace"))
                if whole.reason and whole.lines == 1:
                    reason = f"not JSON: what follows the first {start.begin} characters is broken or cut off"
                    break
                if whole.reason:
                    yield Read(begin, Unread(f"{whole.reason} ({whole.lines} lines)"))
                    return
                rest = whole.text.decode("utf-8", "replace")
            pieces = self._behind(rest, start, name)
            if pieces and not all(isinstance(piece, Unread) for piece in pieces):
                self._copied = True
                if start.sent:
                    pieces = [Passed("sent by the client")]
                for piece in pieces:
                    form = "server-sent events" if text.startswith("data:") else "log lines"
                    form = form if start.begin else "JSON lines with something behind"
                    yield Read(begin, piece._replace(form=form) if isinstance(piece, Found) else piece)
                return
            if _VALUE.match(rest):  # nothing inside a broken value is a frame
                if start.begin:
                    reason = f"not JSON: what follows the first {start.begin} characters is broken or cut off"
                break
        yield Read(begin, Unread(_JAVASCRIPT if _CONSOLE.match(text) else reason))

    def _behind(self, text: str, start: prefixes.Start, name: str) -> list[Piece] | None:
        pieces = read_text(text, start.at, start.name or name)
        if pieces is not None:
            return pieces
        at = text.find("[") if text.startswith("4") else 0
        value = values.leading(text, at)
        if value is None or not prefixes.is_rest(text[value[1] :]):
            return None
        if text.startswith('"'):
            return read_text(str(msgspec.json.decode(value[0])), start.at, start.name or name)
        return read_text(text[:at] + value[0], start.at, start.name or name)
