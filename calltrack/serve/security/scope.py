"""What a role may see: everything, or what touched some queues and extensions; with or without phone numbers.

Numbers are taken out before anything else looks at a record, so that no filter can be used to guess one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core.changes import Change
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
    """A role's view: `queues` and `extensions` None for all; `phone_numbers` False hides all but two digits."""

    queues: frozenset[str] | None = None
    extensions: frozenset[str] | None = None
    phone_numbers: bool = True

    @property
    def sees_all(self) -> bool:
        """Whether nothing is left out; numbers may still be hidden."""
        return self.queues is None and self.extensions is None

    def sees(self, about: About) -> bool:
        """Whether a change about these is for this role."""
        return self.sees_all or about.everybody or self._touches(about.extensions, about.queues)

    def sees_call(self, call: Call) -> bool:
        """Whether a call ever was at one of the role's extensions or queues."""
        if self.sees_all:
            return True
        legs, waits = (*call.legs, *call.past_legs), (*call.waiting, *call.past_waits)
        queues = {leg.queue_id for leg in legs} | {wait.queue_id for wait in waits}
        return self._touches({leg.exten_user for leg in legs}, queues)

    def sees_extension(self, exten_user: str) -> bool:
        """Whether an extension is one of the role's."""
        return self.sees_all or self._touches((exten_user,), ())

    def sees_queue(self, queue_id: str) -> bool:
        """Whether a queue is one of the role's."""
        return self.sees_all or self._touches((), (queue_id,))

    def shown(self, record: T) -> T:
        """The record as this role sees it."""
        return record if self.phone_numbers else _hidden(record)

    def _touches(self, extensions: Iterable[str], queues: Iterable[str]) -> bool:
        return not (self.extensions or frozenset()).isdisjoint(extensions) or not (
            self.queues or frozenset()
        ).isdisjoint(queues)


EVERYTHING = Scope()


_IDS = frozenset(
    ("call_id", "exten_user", "queue_id", "account_id", "agent_id", "user_id", "related", "key", "position", "zone")
)
"""Fields that are left as they are: what a record is found by."""
_NUMBERS = frozenset(("caller", "did"))
"""Fields that hold a number by themselves, however short."""


def _hidden(record: T) -> T:
    """A record without phone numbers: every text in it is looked at, those of fields that come later as well.

    Custom data goes as a whole: callers' systems attach what they like.
    """
    instead: dict[str, Any] = {}
    for name in type(record).__struct_fields__:
        if name in _IDS:
            continue
        value = getattr(record, name)
        if name == "custom_data":
            instead[name] = ""
        elif name == "number":
            instead[name] = None
        elif (other := _without(value, number=name in _NUMBERS)) is not value:
            instead[name] = other
    return replace(record, **instead) if instead else record


def _without(value: Any, *, number: bool = False) -> Any:
    """A field's value without phone numbers; the same object if there are none."""
    if type(value) is str:
        return masked(value, number=number) if value else value
    if isinstance(value, Struct):
        return _hidden(value)
    if type(value) in (list, tuple):
        found = [_without(one, number=number) for one in value]
        same = all(one is other for one, other in zip(found, value, strict=True))
        return value if same else type(value)(found)
    if isinstance(value, dict):
        return {_without(one): _without(other, number=number) for one, other in value.items()}
    return value


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
        return About(call_id, extensions, queues, accounts, everybody=hasattr(change, "gap"))
