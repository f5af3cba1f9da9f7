"""The tables of the configuration file: the webhooks."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from calltrack.core.errors import CalltrackError
from calltrack.serve.security.addresses import InternalAddress, InvalidAddress, check_url
from calltrack.serve.security.scope import Scope

EVENTS = ("screen_pop", "call_ended", "queue_threshold")
"""What a webhook can be told of."""

_SHORTEST = 16  # characters of a secret
_ENCODED = "whsec_"  # as Standard Webhooks writes secrets


class ConfigError(CalltrackError):
    """The configuration cannot be used; says where and why, never a secret."""


class Hook(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One webhook; the secret that signs is in an environment variable or a file, never here.

    `waiting` is the number of waiting calls from which on queue_threshold tells of a queue. `queues`, `extensions` and
    `phone_numbers` say what it may see, as a role does. `parallel` is how many deliveries may be under way at once:
    those of one call are in order, with 1 all are.
    """

    name: str
    url: str
    events: frozenset[str] = frozenset(EVENTS)
    secret_env: str = ""
    secret_file: str = ""
    queues: frozenset[str] | None = None
    extensions: frozenset[str] | None = None
    phone_numbers: bool = True
    waiting: int = 5
    parallel: Annotated[int, Meta(ge=1, le=1000)] = 100
    allow_internal: bool = False

    @property
    def scope(self) -> Scope:
        """What it may see."""
        return Scope(self.queues, self.extensions, self.phone_numbers)

    def secret(self) -> bytes:
        """What it is signed with: the text itself, or what stands in base64 behind "whsec_"; raises ConfigError."""
        if bool(self.secret_env) == bool(self.secret_file):
            raise ConfigError(f"webhook {self.name}: give secret_env or secret_file")
        try:
            text = os.environ.get(self.secret_env, "") if self.secret_env else Path(self.secret_file).read_text()
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"webhook {self.name}: {self.secret_file} cannot be read: {error}") from None
        if len(text.strip()) < _SHORTEST:
            place = f"the environment's {self.secret_env}" if self.secret_env else self.secret_file
            raise ConfigError(
                f"webhook {self.name}: its secret, in {place}, is missing or shorter than {_SHORTEST} characters"
            )
        if not text.startswith(_ENCODED):
            return text.strip().encode()
        try:
            return b64decode(text.strip().removeprefix(_ENCODED), validate=True)
        except ValueError:
            raise ConfigError(f"webhook {self.name}: its secret is no base64 behind {_ENCODED}") from None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of the configuration; the options of `calltrack serve` stand in front of them."""

    webhook: list[Hook] = []

    def to_dict(self) -> dict[str, Any]:
        """As TOML has it, defaults included."""
        found = msgspec.to_builtins(self, order="deterministic")
        assert isinstance(found, dict)
        return found


def tables(document: dict[str, Any], file: Path, options: Iterable[str] = ()) -> Config:
    """What the tables of a file say; raises ConfigError. `options` are the names that it could have as well."""
    known = [*sorted(options), *Config.__struct_fields__]
    for name in document:
        if name not in Config.__struct_fields__:
            raise ConfigError(f"{file}: there is no {name}, but {', '.join(known)}")
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {error}") from None
    _unique("webhook", [hook.name for hook in config.webhook], file)
    for hook in config.webhook:
        if unknown := hook.events - set(EVENTS):
            raise ConfigError(
                f"{file}: webhook {hook.name}: no event {', '.join(sorted(unknown))}; there are {', '.join(EVENTS)}"
            )
        _check_url(hook, file)
        try:
            hook.secret()
        except ConfigError as error:
            raise ConfigError(f"{file}: {error}") from None
    return config


def _unique(kind: str, names: Sequence[str], file: Path) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{file}: two tables [[{kind}]] are named {name}")


def _check_url(hook: Hook, file: Path) -> None:
    try:
        check_url(hook.url, allow_internal=hook.allow_internal)
    except (InvalidAddress, InternalAddress) as error:
        raise ConfigError(f"{file}: webhook {hook.name}: {error}") from None
