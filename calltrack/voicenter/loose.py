"""The wire classes with loose types, and what they take made as it should be.

A sender may write a number where text belongs, 1.0 for 1, or null for any value. A check of every field of every frame
would cost a plain frame a tenth; a second class costs it nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from calltrack.voicenter.texts import text
from calltrack.voicenter.wire import HIDDEN, Stamp


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
    def is_id(self) -> bool:
        """Whether it is a whole number or text."""
        return {int, str} <= self.kinds and list not in self.kinds

    def is_wrong(self, value: str) -> str:
        """The expression that says whether a value of the loose type is not of the declared one."""
        if self.is_text:
            return f"type({value}) is not str" + f" and {value} is not None" * self.optional
        return f"type({value}) is {'float' if self.is_whole or self.is_id else 'not bool'}"

    @property
    def loose_type(self) -> Any:
        """What it takes at most."""
        if self.is_text:
            return str | int | float | None
        if self.is_whole:
            return Stamp  # within bounds: "nan" is not a number, though it reads as one
        if bool in self.kinds:
            return bool | float | None
        if self.is_id:
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


@cache
def _tightener(kind: type[Struct]) -> Callable[[Any], None]:
    """The function that looks at each field of a loose class in turn.

    It is written out as source, as dataclasses write `__init__`: a loop over names with `getattr` takes four times as
    long, and a frame with one number for a text would cost three plain ones. The names are those of our own classes.
    """
    lines, names = ["def tighten(found):", "    pass"], dict[str, Any](force_setattr=msgspec.structs.force_setattr)
    for one in fields(kind.__mro__[1]):
        made, value = as_it_should_be(one), f"found.{one.name}"
        if one.hidden:
            continue
        if one.nested is not None:
            names[f"tighten_{one.name}"] = _tightener(loose(one.nested))
            each = f"for one in {value}: tighten_{one.name}(one)" if one.many else f"tighten_{one.name}({value})"
            lines += [f"    if {value}:", f"        {each}"]
        elif made is not None:
            names[f"made_{one.name}"] = made
            lines += [f"    if {one.is_wrong(value)}:"]
            lines += [f"        force_setattr(found, {one.name!r}, made_{one.name}({value}))"]
    exec("\n".join(lines), names)
    found: Callable[[Any], None] = names["tighten"]
    return found


def as_it_should_be(one: Field) -> Callable[[Any], Any] | None:
    """What makes a loose value of a field the one that the class declares; None if nothing has to."""
    if one.is_text:
        return (lambda value: None if value is None else text(value)) if one.optional else text
    if one.is_whole:
        return lambda value: None if value is None else int(value)
    if bool in one.kinds:
        return _flag
    return _id if one.is_id else None


def _id(value: int | str | float | None) -> int | str | None:
    """A fraction is no number of anything, but it may be an id."""
    return value if not isinstance(value, float) else int(value) if value.is_integer() else str(value)


def _flag(value: bool | float | None) -> bool:
    if value not in (None, 0, 1):
        raise msgspec.ValidationError("not a flag")
    return bool(value)


def tighten(found: Any) -> None:
    """Give every value of an object that was decoded loosely, and of all in it, its declared type; in place.

    Raises msgspec's ValidationError if a flag is neither 0 nor 1.
    """
    _tightener(cast("type[Struct]", type(found)))(found)
