"""Names and numbers out of frames, so that a capture can be shared; the tracker sees the same story in what is left.

What is kept: the vendor's field names, events, times, flags and statuses, and his own words where they belong ("HANGUP"
as a reason, "Talking" as a callstatus). Every other text and number is replaced, the unknown ones too:

* a number keeps its length, punctuation, leading zeros and 972, so that 050-… and +97250-… stay the same person;
* a word becomes another word in the same case, one with digits (SIP names, ids) another of the same shape.

Replacing is a function of key and text, one to one: the same person has the same pseudonym in every file that was
redacted with the same key, and two that differ still differ. With the key the numbers can be computed back: it is as
secret as the capture. Numbers of one or two digits stay, they are anybody's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import shake_256
from ipaddress import IPv4Address
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from calltrack.cdr.table import KINDS, STATUSES
from calltrack.voicenter import spellings
from calltrack.voicenter.spellings import EVENT_ALIASES, EVENTS
from calltrack.voicenter.unknown import KNOWN_KEYS

LEAST_KEY = 16
"""Bytes that a key has at least."""

_STATUSES = frozenset(word.lower() for word in STATUSES)  # of a CDR
# By field, in lower case: the words that name no person.
_NO_ONE = frozenset({"anonymous", "unknown", "unavailable", "restricted", "private"})
_WORDS: dict[str, frozenset[str]] = {
    "reason": frozenset(
        {word.lower() for word in (*spellings.EXTENSION_REASONS, *spellings.QUEUE_REASONS)}
        # Of our own `disconnect` (calltrack.live).
        | {"closeme", "transport closed", "namespace closed by the server", "closed by us", "no event for 120 s"}
        | {"no answer to a ping for 4 s", "no heartbeat of the server", "back to the preferred server"}
    ),
    "cause": frozenset({*spellings.CAUSES, "normal hangup", "unknown"}),
    "dialstatus": frozenset({*spellings.DIAL_STATUSES, *_STATUSES}),
    "status": _STATUSES,
    "callstatus": frozenset(spellings.STATES),
    "direction": frozenset({*spellings.DIRECTIONS, "internal"}),
    "eventname": frozenset({"extension", "queue", "dialer"}),
    "errordesc": frozenset({"ok"}),
    "peerstatus": frozenset({"ok", "unknown", "unreachable", "lagged"}),
    "type": frozenset({*spellings.CAMPAIGN_KINDS, *(kind.name.lower() for kind in KINDS.values())}),
    "callername": _NO_ONE,
    "callerphone": _NO_ONE,
    "callerid": _NO_ONE,
}
# Fields, in lower case, whose numbers say when, or how long, in what state or whether, but not who: if they can be.
_TIMES = frozenset(
    {
        *("servertime", "telephonyservertime", "callstarted", "callanswered", "answered", "calldurationinterval"),
        *("jointimestamp", "lastcalleventepoch", "lastansweredcalleventepoch", "lasthangupcallepoch"),
        *("representativeupdated", "time", "date", "dateepoch"),
    }
)
_PLAIN = frozenset(
    {
        *("servertimeoffset", "representativestatus", "c2cdirection", "ismuted"),
        *("isinternal", "isspyed", "isopensips", "isdistributedqueue", "errorcode", "isok", "typeid", "blcserverid"),
        *(name.lower() for name in spellings.STATISTICS),
        "elapsed_s",
        *("duration", "actualcallduration", "actualcalldialtime", "dialtime", "ringtime", "isanswer", "price"),
        *("seconds_waiting_in_queue", "cdrtype"),
    }
)
# Objects, by field in lower case, whose fields the vendor names; in any other (customdata, what is new) they may be
# people's names or numbers, so they are replaced as well.
_OBJECTS = frozenset(
    {
        *("", "data", "calls", "currentcall", "summery", "recording", "extensions", "queues", "dialers", "users"),
        *("callstatistics", "dialerstrategy", "statistics"),
    }
)
_FIELD = re.compile(r"[A-Za-z_]{1,40}")
# Shorter than a phone number, or the seconds or milliseconds of a moment from 2001 to 2039.
_SMALL = re.compile(r"-?\d{1,6}(\.\d+)?|true|false", re.ASCII | re.IGNORECASE)
_MOMENT = re.compile(
    r"(1\d|2[01])\d{8}(\d{3})?(\.\d+)?|"
    r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d:[0-6]\d(\.\d+)?Z?",
    re.ASCII | re.IGNORECASE,
)
_DECIMAL = re.compile(r"-?\d+\.\d+", re.ASCII)
_EDGE = r"[^\x00-/:-@\[-`{-\x7f]"  # what a word is made of: all but ASCII's punctuation and spaces
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d|\d)"
_PIECE = re.compile(
    rf"(?<!{_EDGE})(?:"
    rf"(?P<address>{_OCTET}(?:\.{_OCTET}){{3}})(?!\.|{_EDGE})|"
    rf"(?P<phone>[0-9](?:[ ().-]{{0,2}}[0-9]){{6,}})(?!{_EDGE}))|"
    rf"{_EDGE}+",
    re.ASCII,
)
_WORD = re.compile(rf"{_EDGE}+")
_DIALED = re.compile(r"(?:0|972(?=0*[1-9]))*")  # what precedes a number, at home or from abroad
_TECHNICAL = frozenset({"SIP", "PJSIP", "mp3", "wav", "http", "https"})  # in channels, file names and addresses
_LONGEST = 64  # characters of a word that keeps its shape
_ROUNDS = 10
_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


class Redactor:
    """Replaces what identifies anybody; made from a key, which decides the pseudonyms.

    Raises ValueError if the key is shorter than LEAST_KEY bytes.
    """

    def __init__(self, key: bytes):
        if len(key) < LEAST_KEY:
            raise ValueError(f"a key of {len(key)} bytes is too short, it takes {LEAST_KEY}")
        self._key = shake_256(key).digest(32)
        self.text = lru_cache(1 << 16)(self._text)
        """Text → the same with every word and number replaced; "" and punctuation stay."""
        self._number = lru_cache(1 << 16)(self._replaced_number)

    def frame(self, event: str, payload: Any) -> tuple[str, Any]:
        """An event's name and its JSON, redacted; what it was given stays as it is."""
        if event not in EVENTS and event not in EVENT_ALIASES and not _FIELD.fullmatch(event):
            event = self.text(event)
        try:
            return event, self._value("", payload, free=False)
        except RecursionError:
            return event, None  # nested deeper than anything the vendor sends: nothing of it is safe to keep

    def _value(self, name: str, value: Any, *, free: bool) -> Any:
        """A field's value; `name` in lower case, `free` inside an object whose fields are anybody's."""
        if isinstance(value, dict):
            free = free or name not in _OBJECTS
            return {self._field(key, free): self._value(key.lower(), item, free=free) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(name, item, free=free) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if not free and _is_plain(name, value):
            return value
        if isinstance(value, str):
            return value if not free and value.lower() in _WORDS.get(name, ()) else self.text(value)
        if isinstance(value, int | float):
            return self._numeral(value)
        return None  # binary, which socket.io can carry and cannot be checked

    def _field(self, name: str, free: bool) -> str:
        return name if not free and (name in KNOWN_KEYS or _FIELD.fullmatch(name)) else self.text(name)

    def _numeral(self, value: int | float) -> int | float:
        if isinstance(value, float):
            if value.is_integer() and abs(value) < 1 << 53:
                return float(self._numeral(int(value)))  # 70003.0 is who 70003 is
            shown = repr(value)
            return float(self.text(shown)) if _DECIMAL.fullmatch(shown) else 0.0
        found = value
        while True:
            found = int(self._number(str(abs(found)))) * (-1 if value < 0 else 1)
            if abs(found) < 1 << 63 or abs(value) >= 1 << 63:  # what a JSON reader takes as a whole number stays one
                return found

    def _text(self, text: str) -> str:
        return _PIECE.sub(self._piece, text)

    def _piece(self, found: re.Match[str]) -> str:
        piece = found[0]
        if found["address"]:
            return str(IPv4Address(self._moved(int(IPv4Address(piece)), 1 << 32)))
        if found["phone"] and 7 <= sum(map(str.isdigit, piece)) <= 15:
            number = iter(self._number("".join(filter(str.isdigit, piece))))
            return "".join(next(number) if char.isdigit() else char for char in piece)
        return _WORD.sub(lambda word: self._token(word[0]), piece)

    def _token(self, token: str) -> str:
        if token in _TECHNICAL:
            return token
        if token.isascii() and len(token) <= _LONGEST:
            if token.isdigit():
                return self._number(token)
            if not token.isalpha():
                return self._shaped(token)
        return self._word(token)

    def _replaced_number(self, number: str) -> str:
        """Digits → as many digits; what precedes the number proper stays."""
        start = _DIALED.match(number).end()  # type: ignore[union-attr]  # it matches the empty string
        proper = number[start:]
        if len(proper) < 3:
            return number
        least = 10 ** (len(proper) - 1)
        found = int(proper)
        while True:
            found = least + self._moved(found - least, 9 * least)
            # Until it does not begin as if it had more before it: else two numbers could meet.
            if not _DIALED.match(str(found)).end():  # type: ignore[union-attr]
                return number[:start] + str(found)

    def _shaped(self, token: str) -> str:
        """Letters and digits → as many, of the same kinds at the same places."""
        alphabets = [
            next(kind for kind in (digits, ascii_lowercase, ascii_uppercase) if char in kind) for char in token
        ]
        number, size = 0, 1
        for char, alphabet in zip(token, alphabets, strict=True):
            number, size = number * len(alphabet) + alphabet.index(char), size * len(alphabet)
        number = self._moved(number, size)
        shaped = []
        for alphabet in reversed(alphabets):
            number, place = divmod(number, len(alphabet))
            shaped.append(alphabet[place])
        return "".join(reversed(shaped))

    def _word(self, word: str) -> str:
        """Any word → one that can be spoken, in the same case if that is a usual one."""
        for style in (str.lower, str.upper, str.capitalize):
            if word == style(word):
                return style(self._spoken(word.lower()))
        return self._spoken(word)

    def _spoken(self, word: str) -> str:
        number = self._hashed(f"word {word}".encode("utf-8", "surrogatepass"), 8)
        syllables = []
        for _ in range(6):  # 38 bits: of ten thousand words two meet in one capture of 5,000
            number, place = divmod(number, len(_SYLLABLES))
            syllables.append(_SYLLABLES[place])
        return "".join(syllables)

    def _moved(self, number: int, size: int) -> int:
        """Another number below `size` for this one, one to one.

        Shuffle, take the next, shuffle back: the numbers stand in one ring, so that none stays what it is.
        """
        return self._shuffled((self._shuffled(number, size, range(_ROUNDS)) + 1) % size, size, range(_ROUNDS)[::-1])

    def _shuffled(self, number: int, size: int, rounds: range) -> int:
        """A Feistel network over the next even number of bits, walked until the result is below `size`."""
        half = max(1, ((size - 1).bit_length() + 1) // 2)
        mask = (1 << half) - 1
        forth = rounds.step > 0
        while True:
            left, right = number >> half, number & mask
            for turn in rounds:
                if forth:
                    left, right = right, left ^ self._hashed(b"%d %d %d" % (turn, size, right), half // 8 + 1) & mask
                else:
                    left, right = right ^ self._hashed(b"%d %d %d" % (turn, size, left), half // 8 + 1) & mask, left
            number = left << half | right
            if number < size:
                return number

    def _hashed(self, what: bytes, length: int) -> int:
        return int.from_bytes(shake_256(self._key + what).digest(length), "big")


def _is_plain(name: str, value: object) -> bool:
    """Whether the value of a field is what it should be there, and no one's number."""
    is_time = name in _TIMES
    if not (is_time or name in _PLAIN) or not isinstance(value, str | int | float):
        return False
    shown = str(value)
    return bool(_SMALL.fullmatch(shown) or (is_time and _MOMENT.fullmatch(shown)))
