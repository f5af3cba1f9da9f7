"""The wire classes with loose types, and what they take made as it should be.

A sender may write a number where text belongs, 1.0 for 1, or null for any value. A check of every field of every frame
would cost a plain frame a tenth; a second class costs it nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from calltrack.voicenter.texts import text
from calltrack.voicenter.wire import HIDDEN


class Field(NamedTuple):
    """How one field is read. `nested` is its class, if it is an object or (`many`) a list of objects."""

    name: str
    key: str
    type: Any
    kinds: frozenset[Any]
    nested: type[Struct] | None
    many: bool

    @property
    def hidden(self) -> bool:
        """Whether no key of the wire fills it."""
        return self.key.startswith(HIDDEN)

    @property
    def optional(self) -> bool:
        """Whether None stays None."""
        return type(None) in self.kinds

    @property
    def is_text(self) -> bool:
        """Whether it is text and nothing else."""
        return str in self.kinds and not self.kinds & {int, list}

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number and nothing else."""
        return int in self.kinds and not self.kinds & {str, float}

    @property
    def loose_type(self) -> Any:
        """What it takes at most."""
        if self.is_text:
            return str | int | float | None
        if self.is_whole:
            return int | float | None
        if bool in self.kinds:
            return bool | float | None
        if {int, str} <= self.kinds:
            return int | str | float | None
        return self.type


@cache
def fields(kind: type[Struct]) -> tuple[Field, ...]:
    """Every field of a wire class, in the order of the class."""
    found = []
    hints = get_type_hints(kind, include_extras=True)
    for one in msgspec.structs.fields(kind):
        kinds, nested, many = _kinds(hints[one.name])
        found.append(Field(one.name, one.encode_name, hints[one.name], kinds, nested, many))
    return tuple(found)


def _kinds(hint: Any) -> tuple[frozenset[Any], type[Struct] | None, bool]:
    """The plain types of an annotation, and the class that is nested in it."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        parts = [_kinds(arg) for arg in get_args(hint)]
        nested = next(((kind, many) for _, kind, many in parts if kind is not None), (None, False))
        return frozenset().union(*(kinds for kinds, _, _ in parts)), *nested
    if origin is Annotated:
        return _kinds(get_args(hint)[0])
    if origin is list:
        (inner,) = get_args(hint)
        is_wire = isinstance(inner, type) and issubclass(inner, Struct)
        return frozenset({list}), inner if is_wire else None, is_wire
    if isinstance(hint, type) and issubclass(hint, Struct):
        return frozenset({hint}), hint, False
    return frozenset({origin or hint}), None, False


@cache
def loose(kind: type[Struct]) -> type[Struct]:
    """A subclass of a wire class that takes loose types."""
    looser = []
    for one, declared in zip(fields(kind), msgspec.structs.fields(kind), strict=True):
        if one.hidden:
            continue
        if one.nested is None:
            hint = one.loose_type
        else:
            hint = list[loose(one.nested)] | None if one.many else loose(one.nested) | None  # type: ignore[misc]
        default = (
            msgspec.field(name=one.key, default_factory=declared.default_factory)
            if declared.default_factory is not msgspec.NODEFAULT
            else msgspec.field(name=one.key, default=declared.default)
        )
        looser.append((one.name, hint, default))
    return msgspec.defstruct(
        kind.__name__,
        looser,
        bases=(kind,),
        namespace={"__doc__": kind.__doc__},
        gc=False,
        frozen=kind.__struct_config__.frozen,
    )


class _Group(NamedTuple):
    """Fields that take the same types, so that one look at all of them says whether any came loose."""

    types: frozenset[type[Any]]
    values: Callable[[Any], Any]
    fields: tuple[tuple[str, Callable[[Any], Any]], ...]


class _Plan(NamedTuple):
    """What there is to look at in a loose object."""

    groups: tuple[_Group, ...]
    nested: tuple[tuple[str, bool], ...]


@cache
def _plan(kind: type[Struct]) -> _Plan:
    grouped: dict[frozenset[type[Any]], list[tuple[str, Callable[[Any], Any]]]] = {}
    nested = []
    for one in fields(kind.__mro__[1]):
        if one.hidden:
            continue
        if one.nested is not None:
            nested.append((one.name, one.many))
        elif (made := as_it_should_be(one)) is not None:
            right = _OPTIONAL if type(None) in one.kinds and not one.is_text else one.kinds
            right = _PLAIN if right <= _PLAIN else right
            grouped.setdefault(right, []).append((one.name, made))
    groups = []
    for types, some in grouped.items():
        names = [name for name, _ in some]
        groups.append(_Group(types, attrgetter(*names, names[0]), tuple(some)))  # of one name alone it gives no tuple
    return _Plan(tuple(groups), tuple(nested))


_PLAIN = frozenset({str, bool})  # a text never comes as a flag, nor a flag as text
_OPTIONAL = frozenset({int, str, type(None)})  # ids and whole numbers, which come as either or as a float


def as_it_should_be(one: Field) -> Callable[[Any], Any] | None:
    """What makes a loose value of a field the one that the class declares; None if nothing has to."""
    if one.is_text:
        return (lambda value: None if value is None else text(value)) if one.optional else text
    if one.is_whole:
        return lambda value: None if value is None else int(value)
    if one.kinds == {bool}:
        return _flag
    if {int, str} <= one.kinds:
        return lambda value: int(value) if isinstance(value, float) and value.is_integer() else value
    return None


def _flag(value: bool | float | None) -> bool:
    if value not in (None, 0, 1):
        raise msgspec.ValidationError("not a flag")
    return bool(value)


def tighten(found: Any) -> None:
    """Give every value of an object that was decoded loosely, and of all in it, its declared type; in place.

    Raises msgspec's ValidationError if a flag is neither 0 nor 1.
    """
    plan = _plan(cast("type[Struct]", type(found)))
    for group in plan.groups:
        if not group.types.issuperset(map(type, group.values(found))):
            for name, made in group.fields:
                value = getattr(found, name)
                if type(value) not in group.types:
                    msgspec.structs.force_setattr(found, name, made(value))
    for name, many in plan.nested:
        inner = getattr(found, name)
        if inner is None:
            continue
        for one in inner if many else (inner,):
            tighten(one)
