"""Recordings in: JSON lines in the three notations, or any other form that people hold events in; and journals.

A line in one of the three notations is decoded as it is. Whatever else there is goes through `forms`, which says what
it recognised. Compressed files and archives are unpacked and UTF-16 is recoded, all of it as a stream.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

import msgspec
from msgspec import Raw, Struct

from calltrack.core.errors import BadLine, NotAFrame, RecordingError
from calltrack.recordings.forms import archives
from calltrack.recordings.forms.lines import LARGEST, Lines, TooLarge, Unusable
from calltrack.recordings.forms.pieces import BARE, SENT, Found, Passed
from calltrack.voicenter.frames import Frame
from calltrack.voicenter.texts import or_mended

if TYPE_CHECKING:
    from calltrack.core.tracker import Tracker
    from calltrack.recordings.forms.reading import Odd, Read

_SHOWN = 10  # bad lines kept and reported in full; the rest are counted
_SOURCES = {"kafka": ("calltrack.kafka.history", "KafkaRecording")}  # what is no file; each needs its extra


class Place(NamedTuple):
    """How far a reading has come, after a whole line: bytes and lines of the file, frames, and which were bad."""

    offset: int = 0
    line: int = 0
    frames: int = 0
    bad: int = 0
    first_bad: tuple[tuple[int, str], ...] = ()


class Recording:
    """The frames of one recording; iterate it, as often as you like (standard input: once).

    Set `start` to a `place` of an earlier reading to begin there; what was bad before it is reported all the same.
    While iterating, `line` is the number of the last line read. Afterwards `frames` and `bad` are how many frames there
    were and how much could not be read, and `first_bad` the first of it, each with file, line and reason; `forms` has
    the frames by the form in which they stood, `passed` counts what is known to be no event, such as heartbeats.
    Of a journal (`is_journal`), the lines are its frames, by position; bad are those that are damaged. With `gaps`
    these are lost connections as well, as a service has them.
    Set `whole` to False before `tracker` if only the state at the end matters: what keeps states then skips the rest.
    """

    whole = True
    account = ""
    """The name of the account whose it is, where recordings have one."""

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        strict: bool = False,
        on_bad: Callable[[BadLine], None] | None = None,
    ):
        self.path = fspath(path)
        self.name = "standard input" if self.path == "-" else self.path
        self.size: int | None = None
        self.compressed = False
        self.start = Place()
        self.line = 0
        self.frames = 0
        self.bad = 0
        self.first_bad: list[BadLine] = []
        self._forms: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self._where = self.name
        self._strict = strict
        self._on_bad = on_bad
        self._file: BinaryIO | None = None
        self._share = 1.0
        self.is_journal = False
        self.gaps = False
        if self.path != "-":
            with self._open() as file:
                if file.seekable():
                    head = file.read(archives.HEAD)
                    self.is_journal = archives.is_journal(head)
                    self.compressed = not archives.is_plain(head)
                    self.size = file.seek(0, io.SEEK_END)
        if self.is_journal:
            from calltrack.journal import Journal

            Journal.open(self.path, read_only=True).close()

    def __iter__(self) -> Iterator[Frame]:
        self.bad, self.first_bad = 0, []
        self._forms, self.passed, self._where = Counter(), Counter(), self.name
        for line_number, reason in self.start.first_bad:
            self.line = line_number
            self._report(reason)
        offset, self.line, self.frames, self.bad, _ = self.start
        if self.is_journal:
            yield from self._journaled()
            return
        with self._open() as file:
            self._file = file
            if offset:
                file.seek(offset)
                yield from self._read(Lines(file, self.line))
            else:
                yield from self._unpacked(file)
        self._file = None

    def _unpacked(self, file: BinaryIO) -> Iterator[Frame]:
        """The frames of every text in the file; what else an archive holds is reported."""
        try:
            for member in archives.members(file):
                self._where = f"{self.name}/{member.name}" if member.name else self.name
                self.line = 0
                if member.stream is not None:
                    yield from self._read(Lines(member.stream))
                elif member.name:
                    self.line = 1
                    self._report(f"is {member.refused}")
                else:
                    raise archives.refuse(self.name, member.refused)
        except archives.BROKEN as error:
            self.line += 1
            self._report(f"the compression is broken here: {error}")

    def _read(self, lines: Lines) -> Iterator[Frame]:
        """The frames of one text."""
        decode, odd = Frame.decode, _Later(lines)
        while True:
            try:
                for line in lines:
                    try:
                        frame = decode(line)
                        if frame.body.stamp is not None or _has_payload(frame):
                            self.line = lines.number
                            self.frames += 1
                            yield frame
                            continue
                        reason = "not a frame: an event without a payload"
                    except NotAFrame as error:
                        reason = str(error)
                    if not line.endswith(b"\n"):
                        reason += " (the last line is cut off)"
                    yield from self._odd(odd.read(line, reason))
                    self.line = lines.number
                return
            except Unusable as error:
                self.line = lines.number
                self._report(str(error))
            except TooLarge:
                raise RecordingError(
                    f"{self._where}:{lines.number}: a document of more than {LARGEST >> 20} MiB is not read whole; "
                    "turn it into lines, for example with jq -c '.[]'"
                ) from None

    def _odd(self, pieces: Iterator[Read]) -> Iterator[Frame]:
        """The frames among what was made of a line that is none by itself; the rest is counted or reported."""
        for self.line, piece in pieces:
            if isinstance(piece, Found):
                try:
                    frame = Frame.decode(piece.as_line())
                except NotAFrame as error:
                    self._report(str(error))
                    continue
                self.frames += 1
                self._forms[piece.form] += 1
                yield frame
            elif isinstance(piece, Passed):
                self.passed[piece.what] += 1
            else:
                self._report(piece.reason)

    @property
    def forms(self) -> dict[str, int]:
        """The frames so far by the form in which they stood."""
        plain = self.frames - self._forms.total()
        name = "journal" if self.is_journal else "JSON lines"
        return ({name: plain} if plain else {}) | dict(self._forms.most_common())

    @property
    def bytes_read(self) -> int:
        """How far into the file the reading is; compare with `size`."""
        return self._file.tell() if self._file is not None else int((self.size or 0) * self._share)

    def tracker(self) -> Tracker:
        """The tracker to feed the frames to; of a journal it knows what was before the first frame that is kept."""
        from calltrack.core.tracker import Tracker

        if not self.is_journal:
            return Tracker()
        from calltrack.journal import Journal

        with Journal.open(self.path, read_only=True) as journal:
            return journal.tracker(journal.begin)

    def _journaled(self) -> Iterator[Frame]:
        from calltrack.journal import Journal

        with Journal.open(self.path, read_only=True) as journal:
            begin, end = journal.begin, journal.position
            journal.on_damaged = lambda error: self.damaged(error.position or 0, error.reason)
            for position, frame in journal.frames(begin, end, gaps=True):
                is_damaged = self.line == position  # reported just now
                self.line = position
                self.frames += not is_damaged
                self._share = (position - begin) / (end - begin)
                if self.gaps or not is_damaged:
                    yield frame

    def damaged(self, position: int, reason: str) -> None:
        """Report a frame of a journal that does not read."""
        self.line = position
        self._report(reason)

    @property
    def place(self) -> Place:
        """Where the reading of a recording that is not compressed stands."""
        bad = tuple((bad.line, bad.reason) for bad in self.first_bad)
        return Place(self.bytes_read, self.line, self.frames, self.bad, bad)

    def _open(self) -> BinaryIO:
        if self.path == "-":
            if sys.stdin is None:
                raise RecordingError("standard input is closed")
            return cast(BinaryIO, open(sys.stdin.fileno(), "rb", closefd=False))
        try:
            return Path(self.path).open("rb")
        except FileNotFoundError:
            raise RecordingError(f"{self.path}: no such file") from None
        except IsADirectoryError:
            raise RecordingError(f"{self.path}: is a directory, not a recording") from None
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be read: {error.strerror}") from None

    def _report(self, reason: str) -> None:
        bad = BadLine(self._where, self.line, reason)
        if self._strict:
            raise bad
        self.bad += 1
        if len(self.first_bad) < _SHOWN:
            self.first_bad.append(bad)
        if self._on_bad is not None:
            self._on_bad(bad)
        elif self.bad <= _SHOWN:
            warnings.warn(str(bad), stacklevel=4)


def read_recording(
    path: str | PathLike[str], *, strict: bool = False, on_bad: Callable[[BadLine], None] | None = None
) -> Recording:
    """The frames of a recording in any form that docs/recordings.md lists; "-" is standard input, and
    kafka://HOST/ACCOUNT an account in Kafka.

    The form, and how it is compressed, is recognised by content. What is no frame goes to `on_bad` (default: a warning
    for the first ten) and is counted; the rest is processed. With strict=True it raises BadLine. Raises RecordingError
    at once if the file cannot be opened, and while reading if it holds something else, such as a picture.
    """
    scheme, slashes, _ = fspath(path).partition("://")
    if slashes and scheme in _SOURCES:
        module, name = _SOURCES[scheme]
        kind: type[Recording] = getattr(import_module(module), name)
        return kind(path, strict=strict, on_bad=on_bad)
    return Recording(path, strict=strict, on_bad=on_bad)


class _Object(Struct):
    data: Raw = Raw(b"")


_either = msgspec.json.Decoder(list[Raw] | _Object)


def _has_payload(frame: Frame) -> bool:
    """Whether a frame whose server time is not where it usually stands has a payload, and is the server's."""
    if frame.event in SENT or "[" in frame.event or "{" in frame.event:  # a list of texts begins with a frame as text
        return False
    item = or_mended(_either.decode, frame.raw)
    there = len(item) > 1 if isinstance(item, list) else bool(bytes(item.data))
    return there or frame.event in BARE


class _Later:
    """The reader of odd lines, loaded when there is one: most recordings have none."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._odd: Odd | None = None

    def read(self, line: bytes, reason: str) -> Iterator[Read]:
        """As Odd.read."""
        if self._odd is None:
            from calltrack.recordings.forms.reading import Odd

            self._odd = Odd(self._lines)
        return self._odd.read(line, reason)
