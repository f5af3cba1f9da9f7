"""Find calls by the words that people have: an id or a part of it, a number, a name, an extension, a time.

A call has to match every word. A word is looked for as an id first, then as a time, an extension, a phone number and a
name; the first that finds a call decides what the word means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

import msgspec
from msgspec import Struct

from calltrack.core.changes import CallEnded, CallRevised, CallStarted, Change
from calltrack.core.records import Call, Seconds
from calltrack.words import numbers

_SHORTEST = 4  # characters of a part that may stand for a whole id
_COMPARED = 4  # last digits of a number that are compared first
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


class Traits(Struct, frozen=True, gc=False):
    """What of a call people know; `begins` is the position of its first frame, 0 if that is not known."""

    call_id: str
    numbers: frozenset[str]
    names: frozenset[str]
    extensions: frozenset[str]
    queues: frozenset[str]
    started: Seconds | None
    ended_at: Seconds | None
    begins: int = 0

    def lived(self, since: Seconds, until: Seconds) -> bool:
        """Whether it lived in [since, until), as far as is known (UTC epoch s)."""
        return (self.started is None or self.started < until) and (self.ended_at is None or self.ended_at >= since)


def traits(call: Call, begins: int = 0) -> Traits:
    """The traits of a call and of the legs and waits that it keeps."""
    legs, waits = (*call.past_legs, *call.legs), (*call.past_waits, *call.waiting)
    numbers, names = {call.caller, call.did}, {call.caller_name}
    for leg in legs:
        numbers |= {leg.caller, leg.did, leg.presented_number, leg.original_caller, leg.dialed_number}
        names |= {leg.agent_name, leg.caller_name, leg.original_caller_name}
    for wait in waits:
        numbers.add(wait.caller)
        names |= {wait.agent_name, wait.caller_name}
    return Traits(
        call.call_id,
        frozenset(numbers - {""}),
        frozenset(names - {""}),
        frozenset(leg.exten_user for leg in legs),
        frozenset({leg.queue_id for leg in legs} | {wait.queue_id for wait in waits}) - {""},
        call.started,
        call.ended_at,
        begins,
    )


class Calls:
    """The traits of every call of a stream, gathered from its changes; a few hundred bytes for each.

    packed: what `pack` returned for the beginning of the stream, in order.
    """

    def __init__(self, packed: Iterable[bytes] = ()) -> None:
        self._ended = {one.call_id: one for part in packed if part for one in _decoder.decode(part)}
        self._begun: dict[str, int] = {}
        self._unpacked: dict[str, Traits] = {}

    def see(self, changes: Iterable[Change]) -> None:
        """Take note of calls that start and end."""
        for change in changes:
            if isinstance(change, CallStarted):
                known = self._ended.get(change.call_id)  # it rings again
                self._begun.setdefault(change.call_id, known.begins if known is not None else change.position)
            elif isinstance(change, CallEnded | CallRevised):
                known = self._ended.get(change.call_id)
                begins = self._begun.pop(change.call_id, known.begins if known is not None else 0)
                self._ended[change.call_id] = self._unpacked[change.call_id] = traits(change.call, begins)

    def news(self) -> list[Traits]:
        """What was noted since the last call of this or `pack`."""
        found = [*self._unpacked.values()]
        self._unpacked.clear()
        return found

    def pack(self) -> bytes:
        """The same as JSON."""
        return msgspec.json.encode(self.news())

    def all(self, live: Iterable[Call]) -> list[Traits]:
        """Those of ended calls, and of the ones that live, oldest first."""
        known = self._ended | {call.call_id: traits(call, self._begun.get(call.call_id, 0)) for call in live}
        return sorted(known.values(), key=lambda one: (one.started or 0, one.call_id))


def find(
    calls: Iterable[Traits], words: Iterable[str], zone: tzinfo, now: Seconds | None, *, by_number: bool = True
) -> list[Traits]:
    """The calls that match every word; a time of day is on the clock of `zone`.

    `now` is up to when live calls are known, UTC epoch s. `by_number` False: no word is taken for a phone number.
    """
    found, ways = list(calls), _ways(by_number)
    for word in words:
        found = next((some for way in ways if (some := [one for one in found if way(one, word, zone, now)])), [])
    return found


def may_be(one: Traits, word: str, zone: tzinfo, now: Seconds | None, *, by_number: bool = True) -> bool:
    """Whether a word can name a call, whatever it turns out to mean; of any others `find` needs to know nothing."""
    return any(way(one, word, zone, now) for way in _ways(by_number))


def is_number(word: str) -> bool:
    """Whether a word can be meant as a phone number."""
    return numbers.is_number(word) and not _TIME.fullmatch(word)


def _is(one: Traits, word: str, zone: tzinfo, now: Seconds | None) -> bool:
    return one.call_id == word


def _has_id(one: Traits, word: str, zone: tzinfo, now: Seconds | None) -> bool:
    return len(word) >= _SHORTEST and (one.call_id.startswith(word) or one.call_id.endswith(word))


def _lived_at(one: Traits, word: str, zone: tzinfo, now: Seconds | None) -> bool:
    """Whether a call lived in the minute or second that a time of day names, on any day of its life."""
    when = _TIME.fullmatch(word)
    if when is None or one.started is None:
        return False
    begin = datetime.fromtimestamp(one.started, zone)
    at = begin.replace(hour=int(when[1]), minute=int(when[2]), second=int(when[3] or 0), microsecond=0)
    last = 1 if when[3] else 60
    if (at + timedelta(seconds=last)).timestamp() <= one.started:
        at += timedelta(days=1)
    until = now if one.ended_at is None else one.ended_at
    return until is None or at.timestamp() <= until


def _was_at(one: Traits, word: str, zone: tzinfo, now: Seconds | None) -> bool:
    return any(word.casefold() == name.casefold() for name in one.extensions)


def _has_number(one: Traits, word: str, zone: tzinfo, now: Seconds | None) -> bool:
    if not is_number(word):
        return False
    end = _digits(word)[-_COMPARED:]  # no notation changes the last digits, and few numbers share them
    return any(_digits(number).endswith(end) and _same(number, word) for number in one.numbers)


def _named(one: Traits, word: str, zone: tzinfo, now: Seconds | None) -> bool:
    return any(word.casefold() in name.casefold() for name in one.names)


_decoder = msgspec.json.Decoder(list[Traits])
_digits = lru_cache(maxsize=65_536)(numbers.digits)
_same = lru_cache(maxsize=65_536)(numbers.same)
_Way = Callable[[Traits, str, tzinfo, Seconds | None], bool]
_WAYS: tuple[_Way, ...] = (_is, _has_id, _lived_at, _was_at, _has_number, _named)


def _ways(by_number: bool) -> tuple[_Way, ...]:
    return _WAYS if by_number else tuple(way for way in _WAYS if way is not _has_number)
