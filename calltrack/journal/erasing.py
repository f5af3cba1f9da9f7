"""One caller's number and name out of texts and journals, for good, while everything else stays what it was.

A number is replaced by another of the same length and area that was drawn by lot and is kept nowhere; a name by a word
that was. Both are the same wherever they stand, so frames keep their order and calls their figures: who called twice
still called twice, and no one can say who it was. Ids of calls stay: a number inside a longer run of digits is none.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import msgspec

from calltrack.core.errors import CalltrackError, NotASnapshot
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import HISTORY, Tracker
from calltrack.journal import pages
from calltrack.journal.errors import UNREADABLE, named
from calltrack.journal.file import open_for_writing
from calltrack.journal.journal import Journal
from calltrack.journal.lock import WriterLock
from calltrack.journal.packing import Packer
from calltrack.journal.rows import Row, sum_of

_REGION = "IL"  # of a number without a country, the vendor's own
_SHORTEST = 5  # digits of a number; fewer are anybody's
_KEPT = 2  # digits of the area, which decide how a number may be written
_ZEROS = "0\u0660\u06f0\uff10"  # of the scripts that a number is written in: Latin, Arabic, Persian, full width
_BETWEEN = r"[\s().\-/_\u200e\u200f\u2010-\u2015]{0,3}"
_AT_ONCE = 500
_COUNTED = ("figures", "figures-new", "today")  # SQLite beside the journal, by versions up to now: made anew at a start

_FIELD = re.compile(r"\w+", re.ASCII)

_odd = msgspec.json.Decoder(tuple[str, tuple[str, ...]])


class CannotErase(CalltrackError):
    """What is to be erased cannot be looked for, or a file cannot be rewritten; says why, without it."""


class Erased(NamedTuple):
    """How many frames had something of the caller, how many checkpoints were made anew, and other rows that had it."""

    frames: int
    checkpoints: int
    others: int


class Erasure:
    """What is looked for, in every notation, and what stands in its place; raises CannotErase."""

    def __init__(self, numbers: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._ways: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = []
        for number in numbers:
            self._ways.append(_number(number))
        for name in names:
            if len(name.strip()) < 2:
                raise CannotErase("a name has two characters at least")
            self._ways.append((_spelled(name.strip()), partial(_instead_of_a_name, f"erased {secrets.token_hex(4)}")))
        if not self._ways:
            raise CannotErase("say a number or a name")
        self._found: set[int] = set()

    def text(self, text: str) -> str:
        """The text without it."""
        other = text
        for number, (pattern, instead) in enumerate(self._ways):
            if pattern.search(text):  # what another way has replaced already was there as well
                self._found.add(number)
                other = pattern.sub(instead, other)
        return other

    @property
    def unfound(self) -> int:
        """How many of the numbers and names have not been found so far."""
        return len(self._ways) - len(self._found)

    def data(self, data: bytes) -> bytes:
        """The same for UTF-8; what is none stays as it is."""
        text = data.decode(errors="surrogateescape")
        other = self.text(text)
        return data if other == text else other.encode(errors="surrogateescape")

    def finds(self, data: bytes) -> bool:
        """Whether it is in there."""
        text = data.decode(errors="surrogateescape")
        return any(pattern.search(text) for pattern, _ in self._ways)


def erase(path: Path, erasure: Erasure) -> Erased:
    """Erase from a journal that no other process writes, and from what stands beside it; raises JournalError.

    The checkpoints are made anew from what the frames say then; only the one at the beginning, whose frames retention
    has removed, is rewritten. Nothing that was deleted stays in the file: SQLite overwrites it, and it is written anew.
    """
    try:
        with Journal.open(path) as journal:
            begin = journal.tracker(journal.begin)
        with _locked(path) as database:
            database.execute("BEGIN IMMEDIATE")
            frames = _frames(database, erasure, begin)
            stored = _checkpoints(database, erasure)
            database.execute("COMMIT")
        with Journal.open(path) as journal:
            tracker = journal.tracker(journal.begin)
            for position, frame in journal.frames(until=max(stored, default=journal.begin), gaps=True):
                tracker.feed(frame)
                if position in stored:
                    journal.checkpoint(tracker)
        others = _webhooks(path.with_name(f"{path.name}-webhooks"), erasure)
        for name, more in product(_COUNTED, ("", "-wal", "-shm")):
            path.with_name(f"{path.name}-{name}{more}").unlink(missing_ok=True)
        with _locked(path) as database:
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except UNREADABLE as error:
        raise named(error, str(path)) from None
    return Erased(frames, len(stored), others)


@contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection]:
    lock = WriterLock(path)
    try:
        with closing(open_for_writing(path, HISTORY)) as database:
            database.execute("PRAGMA secure_delete = ON")
            yield database
    finally:
        lock.release()


def remains(path: Path, erasure: Erasure) -> int:
    """How many rows of a journal still have it, deleted ones included, page by page and not by what SQLite says."""
    packer, found = Packer(), 0
    for _, values in pages.rows(path):
        for value in values:
            data = value.encode() if isinstance(value, str) else value
            if isinstance(data, bytes):
                with suppress(ValueError):
                    data = packer.unpack(data)
                found += erasure.finds(data)
    return found


def check_text(path: Path) -> bytes:
    """What is in a file of text; raises CannotErase if it is none, or cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotErase(f"{path}: cannot be read: {error.strerror}") from None
    if b"\0" in data or data[:4] == b"\x28\xb5\x2f\xfd":  # zstd may have none
        raise CannotErase(f"{path}: is no text; unpack it, or make the export again from the journal")
    return data


def erase_file(path: Path, erasure: Erasure) -> bool:
    """Erase from a file of text (a recording, CSV, JSON); whether anything was there. Raises CannotErase.

    An index of a recording goes: it is of another recording then.
    """
    try:
        data = check_text(path)
        other = erasure.data(data)
        if other == data:
            return False
        new = path.with_name(f"{path.name}.new")
        new.write_bytes(other)
        new.chmod(path.stat().st_mode)
        new.replace(path)
        path.with_name(f"{path.name}.index").unlink(missing_ok=True)
    except OSError as error:
        raise CannotErase(f"{path}: cannot be rewritten: {error.strerror}") from None
    return True


def _frames(database: sqlite3.Connection, erasure: Erasure, before: Tracker) -> int:
    """Rewrite the frames; each has to make the same kinds of changes as it did. `before` is the state at the first."""
    packer, count = Packer(), 0
    after = Tracker.restore(_erased(before.snapshot(), erasure))
    for row in _rows(database):
        try:
            raw, was = packer.unpack(row.packed), row.frame(packer)
        except ValueError:  # a damaged row is a gap: what it had cannot be read by anybody
            continue
        other, odd = erasure.data(raw), row.odd
        if odd is not None:
            event, bad = _odd.decode(odd)
            odd = msgspec.json.encode((event, tuple(map(erasure.text, bad))))
        new = row
        if other != raw or odd != row.odd:
            new = row._replace(packed=packer.pack(other), odd=odd)
            new = new._replace(sum=new.real_sum())
            database.execute(
                "UPDATE frames SET packed = ?, odd = ?, sum = ? WHERE position = ?",
                (new.packed, new.odd, new.sum, new.position),
            )
            count += 1
        try:
            same = list(map(type, before.feed(was))) == list(map(type, after.feed(new.frame(packer))))
        except ValueError:
            same = False
        if not same:
            raise CannotErase(
                f"frame {row.position} would say something else: this name is also a word of the protocol"
            )
    return count


def _erased(snapshot: Snapshot, erasure: Erasure) -> Snapshot:
    try:
        return Snapshot.from_json(erasure.data(snapshot.to_json().encode()))
    except NotASnapshot:
        raise CannotErase("this name is also a word of the protocol; give more of it") from None


def _rows(database: sqlite3.Connection) -> Iterator[Row]:
    after = -1
    while rows := database.execute(
        "SELECT * FROM frames WHERE position > ? ORDER BY position LIMIT ?", (after, _AT_ONCE)
    ).fetchall():
        yield from (Row(*row) for row in rows)
        after = rows[-1][0]


def _checkpoints(database: sqlite3.Connection, erasure: Erasure) -> list[int]:
    """Where there are some that can be made anew, which are removed; the one at the beginning is rewritten."""
    packer = Packer()
    (begin,) = database.execute("SELECT begin FROM journal").fetchone()
    stored = [one for (one,) in database.execute("SELECT position FROM checkpoints WHERE position > ?", (begin,))]
    database.execute("DELETE FROM checkpoints WHERE position > ?", (begin,))
    for position, version, packed in database.execute("SELECT position, version, packed FROM checkpoints").fetchall():
        packed = packer.pack(erasure.data(packer.unpack(packed)))
        database.execute(
            "UPDATE checkpoints SET packed = ?, sum = ? WHERE position = ?",
            (packed, sum_of(position, version, data=packed), position),
        )
    return stored


def _webhooks(path: Path, erasure: Erasure) -> int:
    """The deliveries that wait, and the dead letters."""
    if not path.exists():
        return 0
    count = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = ON")
        for table, columns in (("pending", ("body",)), ("dead", ("body", "reason"))):
            for column in columns:
                for rowid, value in database.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                    data = value.encode() if isinstance(value, str) else value
                    other = erasure.data(data)
                    if other != data:
                        new = other.decode() if isinstance(value, str) else other
                        database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, rowid))
                        count += 1
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return count


def _number(number: str) -> tuple[re.Pattern[str], Callable[[re.Match[str]], str]]:
    """A number in any notation, national and international."""
    from phonenumbers import NumberParseException, is_possible_number, national_significant_number, parse

    proper, country = "".join(str(int(one)) for one in number if one.isdecimal()), ""
    for spelled in (number, proper, f"+{proper}"):
        with suppress(NumberParseException):
            parsed = parse(spelled, _REGION)
            if is_possible_number(parsed):
                proper, country = national_significant_number(parsed), str(parsed.country_code)
                break
    if len(proper) < _SHORTEST:
        raise CannotErase(f"a number has {_SHORTEST} digits at least")
    digits, zero = _BETWEEN.join(map(_in_scripts, proper)), _in_scripts("0")
    abroad = rf"(?:\+|{zero}{zero})?{''.join(map(_in_scripts, country))}"
    before = rf"(?:(?:{abroad}{_BETWEEN})?{zero}?{_BETWEEN})" if country else ""
    while True:
        drawn = proper[:_KEPT] + "".join(secrets.choice("0123456789") for _ in proper[_KEPT:])
        if drawn != proper:
            break

    def instead(found: re.Match[str]) -> str:
        left, text = list(drawn), []
        for char in reversed(found[0]):
            text.append(left.pop() if char.isdecimal() and left else char)
        return "".join(reversed(text))

    return re.compile(rf"(?<!\d){before}{digits}(?!\d)"), instead


def _in_scripts(digit: str) -> str:
    return f"[{''.join(chr(ord(zero) + int(digit)) for zero in _ZEROS)}]"


def _instead_of_a_name(word: str, _: re.Match[str]) -> str:
    return word


def _spelled(name: str) -> re.Pattern[str]:
    """A name, also with the escapes of JSON in JSON."""
    letters = [re.escape(char) if char.isascii() else rf"(?:{re.escape(char)}|\\+u{ord(char):04x})" for char in name]
    no_field = r"(?!\\*\"\s*:)" if _FIELD.fullmatch(name) else ""  # who is called Caller is no field of that name
    return re.compile(rf"(?:(?<!\w)|(?<=\\[nrtbf])){''.join(letters)}(?!\w){no_field}", re.IGNORECASE)
