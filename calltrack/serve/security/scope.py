"""What a role may see: everything, or what touched some queues and extensions; with or without numbers and recordings.

Both are taken out before anything else looks at a record, so that no filter can be used to guess one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar, get_args

from msgspec import Struct
from msgspec.structs import fields, replace

from calltrack.core.changes import Change
from calltrack.core.observations import Recording, Statement
from calltrack.core.records import Call, Extension, Leg, Wait
from calltrack.serve.security.numbers import masked

T = TypeVar("T", bound=Struct)


class About(NamedTuple):
    """What a change is about: ids of its call, and every extension, queue and account that the call has touched."""

    call_id: str
    extensions: frozenset[str]
    queues: frozenset[str]
    accounts: frozenset[str]
    everybody: bool = False


class Scope(Struct, frozen=True):
    """A role's view: `queues` and `extensions` None for all; `phone_numbers` False hides all but two digits.

    `recordings` False hides what leads to a recording, and what a machine made of one.
    """

    queues: frozenset[str] | None = None
    extensions: frozenset[str] | None = None
    phone_numbers: bool = True
    recordings: bool = False

    @property
    def sees_all(self) -> bool:
        """Whether no call is left out; numbers and recordings may still be hidden."""
        return self.queues is None and self.extensions is None

    def sees(self, about: About) -> bool:
        """Whether a change about these is for this role."""
        return about.everybody or self.sees_any(about.extensions, about.queues)

    def sees_any(self, extensions: Iterable[str], queues: Iterable[str]) -> bool:
        """Whether any of these is one of the role's."""
        return (
            self.sees_all
            or not (self.extensions or frozenset()).isdisjoint(extensions)
            or not (self.queues or frozenset()).isdisjoint(queues)
        )

    def sees_call(self, call: Call) -> bool:
        """Whether a call ever was at one of the role's extensions or queues."""
        if self.sees_all:
            return True  # what follows takes its time
        legs, waits = (*call.legs, *call.past_legs), (*call.waiting, *call.past_waits)
        queues = {leg.queue_id for leg in legs} | {wait.queue_id for wait in waits}
        return self.sees_any({leg.exten_user for leg in legs}, queues)

    def sees_extension(self, exten_user: str) -> bool:
        """Whether an extension is one of the role's."""
        return self.sees_any((exten_user,), ())

    def sees_queue(self, queue_id: str) -> bool:
        """Whether a queue is one of the role's."""
        return self.sees_any((), (queue_id,))

    def shown(self, record: T) -> T:
        """The record as this role sees it."""
        return record if self.phone_numbers and self.recordings else _hidden(record, self)


EVERYTHING = Scope(recordings=True)


_IDS = frozenset(
    ("call_id", "exten_user", "queue_id", "account_id", "agent_id", "user_id", "related", "key", "position", "zone")
)
"""Fields that are left as they are: what a record is found by."""
_NUMBERS = frozenset(("caller", "did", "dialed_number", "presented_number", "original_caller"))
"""Fields that hold a number by themselves, however short."""
_LINKS: dict[type, tuple[str, ...]] = {
    Recording: ("filename", "options", "url"),
    Statement: ("recording_url", "analysis"),
}
"""What leads to a recording, or was made of one; whether it is muted does not."""


def _hidden(record: T, scope: Scope) -> T:
    """A record without what the role may not see.

    Of phone numbers every text is looked at, those of fields that come later as well, and custom data goes as a whole:
    callers' systems attach what they like.
    """
    kind = type(record)
    links = () if scope.recordings else _LINKS.get(kind, ())
    instead: dict[str, Any] = {name: "" for name in links if getattr(record, name)}
    for name in _leading(kind) if scope.phone_numbers else kind.__struct_fields__:
        if name in _IDS or name in links:
            continue
        value = getattr(record, name)
        if not scope.phone_numbers and name == "custom_data":
            instead[name] = ""
        elif not scope.phone_numbers and name == "number":
            instead[name] = None
        elif (other := _without(value, scope, number=name in _NUMBERS)) is not value:
            instead[name] = other
    return replace(record, **instead) if instead else record


def _without(value: Any, scope: Scope, *, number: bool = False) -> Any:
    """A field's value without what the role may not see; the same object if there is nothing of it."""
    if type(value) is str:
        return masked(value, number=number) if value and not scope.phone_numbers else value
    if isinstance(value, Struct):
        return _hidden(value, scope)
    if type(value) in (list, tuple):
        found = [_without(one, scope, number=number) for one in value]
        same = all(one is other for one, other in zip(found, value, strict=True))
        return value if same else type(value)(found)
    if isinstance(value, dict):
        return {_without(one, scope): _without(other, scope, number=number) for one, other in value.items()}
    return value


@cache
def _leading(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a record in which a recording can be named, however deep."""
    return tuple(field.name for field in fields(kind) if _leads(field.type))


def _leads(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind in _LINKS or bool(_leading(kind))
    return any(map(_leads, get_args(kind)))


class Reach:
    """Which extensions, queues and accounts each live call has touched, kept up from the changes."""

    def __init__(self, calls: Iterable[Call] = (), extensions: Iterable[Extension] = ()) -> None:
        self._accounts = {known.exten_user: str(known.account_id) for known in extensions}
        self._extensions: dict[str, frozenset[str]] = {}
        self._queues: dict[str, frozenset[str]] = {}
        for call in calls:
            for leg in (*call.legs, *call.past_legs):
                self._leg(leg)
            for wait in (*call.waiting, *call.past_waits):
                self._wait(wait)

    def abouts(self, changes: Iterable[Change]) -> list[About]:
        """What each of one frame's changes is about; a call is about all that the frame brought it to."""
        changes = tuple(changes)
        for change in changes:
            if (leg := getattr(change, "leg", None)) is not None:
                self._leg(leg)
            elif (wait := getattr(change, "wait", None)) is not None:
                self._wait(wait)
            elif (known := getattr(change, "extension", None)) is not None:
                self._accounts[known.exten_user] = str(known.account_id)
            elif isinstance(call := getattr(change, "call", None), Call):
                for leg in call.past_legs:
                    self._leg(leg)
                for wait in call.past_waits:
                    self._wait(wait)
        found = list(map(self._about, changes))
        for change in changes:
            if getattr(change, "call", None) is not None:
                self._extensions.pop(change.call.call_id, None)  # type: ignore[attr-defined]
                self._queues.pop(change.call.call_id, None)  # type: ignore[attr-defined]
        return found

    def _leg(self, leg: Leg) -> None:
        self._extensions[leg.call_id] = self._extensions.get(leg.call_id, frozenset()) | {leg.exten_user}
        if leg.queue_id:
            self._queues[leg.call_id] = self._queues.get(leg.call_id, frozenset()) | {leg.queue_id}

    def _wait(self, wait: Wait) -> None:
        self._queues[wait.call_id] = self._queues.get(wait.call_id, frozenset()) | {wait.queue_id}

    def _about(self, change: Change) -> About:
        call_id = getattr(change, "call_id", "")
        extensions = self._extensions.get(call_id, frozenset())
        queues = self._queues.get(call_id, frozenset())
        if exten_user := getattr(change, "exten_user", ""):
            extensions |= {exten_user}
        if queue_id := getattr(change, "queue_id", ""):
            queues |= {queue_id}
        if (campaign := getattr(change, "campaign", None)) is not None and campaign.queue_id:
            queues |= {campaign.queue_id}
        accounts = frozenset(self._accounts[name] for name in extensions if name in self._accounts)
        return About(call_id, _one(extensions), _one(queues), _one(accounts), everybody=hasattr(change, "gap"))


@lru_cache(4096)
def _one(names: frozenset[str]) -> frozenset[str]:
    """The same for all that are equal: few sets are named, by thousands of changes in memory."""
    return names
