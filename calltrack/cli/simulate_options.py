"""The texts that say which call centre is simulated and what goes wrong: `--plan` and `--faults`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from calltrack.simulate.faults import Faults
    from calltrack.simulate.plan import Plan
    from calltrack.simulate.posting import CdrFaults

_MOST = 10_000_000_000  # as UTC epoch s it is the year 2286
_OWN_OPTIONS = ("agents", "queues")
_AnyFaults = TypeVar("_AnyFaults", "Faults", "CdrFaults")


def faults_option(context: click.Context, option: click.Parameter, value: str) -> Faults:
    """The Faults of `none`, `all` and `NAME=RATE,...`."""
    from calltrack.simulate.faults import Faults

    return _faults(Faults, value)


def cdr_faults_option(context: click.Context, option: click.Parameter, value: str | None) -> CdrFaults | None:
    """The CdrFaults of `none`, `all` and `NAME=RATE,...`; None if the option is not given."""
    from calltrack.simulate.posting import CdrFaults

    return None if value is None else _faults(CdrFaults, value)


def _faults(kind: type[_AnyFaults], value: str) -> _AnyFaults:
    defaults = dict.fromkeys(kind.__dataclass_fields__, 0.0)
    try:
        word, said = _read(value, ("none", "all"), defaults, "fault")
        base = kind.all() if word == "all" else kind()
        return kind(**{name: said.get(name, getattr(base, name)) for name in defaults})
    except ValueError as error:
        choices = f"Say none, all, or NAME=RATE,... of: {', '.join(defaults)}."
        raise click.BadParameter(f"{value!r}: {error}. {choices}") from None


def plan_option(context: click.Context, option: click.Parameter, value: str) -> dict[str, Any]:
    """The settings of `orderly`, `captured` and `NAME=VALUE,...`, for `planned`."""
    from calltrack.simulate.plan import Plan

    plan = Plan()
    defaults = {name: getattr(plan, name) for name in Plan.__dataclass_fields__ if name not in _OWN_OPTIONS}
    try:
        word, said = _read(value, ("orderly", "captured"), defaults, "setting")
        Plan(**said)
    except ValueError as error:
        choices = f"Say orderly, captured, or NAME=VALUE,... of: {', '.join(defaults)}."
        raise click.BadParameter(f"{value!r}: {error}. {choices}") from None
    return {"as_captured": word == "captured", **said}


def planned(settings: Mapping[str, Any], agents: int, queues: int) -> Plan:
    """The plan of `--plan`, `--agents` and `--queues`."""
    from dataclasses import replace

    from calltrack.simulate.plan import Plan

    said = dict(settings)
    plan = Plan(agents=agents, queues=queues)
    return replace(plan.as_captured() if said.pop("as_captured") else plan, **said)


def _read(text: str, words: tuple[str, ...], defaults: Mapping[str, Any], what: str) -> tuple[str, dict[str, Any]]:
    """The word that the text begins with, if any, and the values that it names; raises ValueError."""
    first, _, rest = text.partition(",")
    word = first.strip() if first.strip() in words else ""
    said: dict[str, Any] = {}
    for pair in (rest if word else text).split(",") if not word or rest else ():
        name, _, value = (part.strip() for part in pair.partition("="))
        if name not in defaults:
            raise ValueError(f"there is no {what} {name!r}")
        said[name] = _number(name, value, defaults[name])
    return word, said


def _number(name: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return bool(int(text))
        number = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise ValueError(f"{name} needs a number, as {name}={default or 0.01}") from None
    if not abs(number) < _MOST:  # nor is "nan"
        raise ValueError(f"{name} is too large")
    return number
