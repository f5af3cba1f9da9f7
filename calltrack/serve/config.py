"""The tables of the configuration file: webhooks, alerts and their destinations, the account's words, CDRs and more."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from calltrack.figures import Options
from calltrack.figures.account import AccountTable, TeamTable, options_of
from calltrack.serve.alerts.rules import OPEN, Destination, Rule
from calltrack.serve.intake.settings import CdrTable, PopupTable, Posts
from calltrack.serve.security.addresses import InternalAddress, InvalidAddress, check_url
from calltrack.serve.security.oidc import Oidc, Provider
from calltrack.serve.security.scope import Scope
from calltrack.serve.security.secrets import ConfigError, secret_of

EVENTS = ("screen_pop", "call_ended", "queue_threshold")
"""The events that a webhook can be sent."""

_SHORTEST = 16  # characters of a secret
_ENCODED = "whsec_"  # as Standard Webhooks writes secrets


class Hook(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One webhook; the secret that signs is in an environment variable or a file, never here.

    `waiting` is the number of waiting calls from which on queue_threshold is sent. `queues`, `extensions`,
    `phone_numbers` and `recordings` say what it may see, as a role does. `parallel` is how many deliveries may be under
    way at once: those of one call are in order, with 1 all are.
    """

    name: str
    url: str
    events: frozenset[str] = frozenset(EVENTS)
    secret_env: str = ""
    secret_file: str = ""
    queues: frozenset[str] | None = None
    extensions: frozenset[str] | None = None
    phone_numbers: bool = True
    recordings: bool = False
    waiting: Annotated[int, Meta(ge=1, le=1_000_000)] = 5
    parallel: Annotated[int, Meta(ge=1, le=1000)] = 100
    allow_internal: bool = False

    @property
    def scope(self) -> Scope:
        """What it may see."""
        return Scope(self.queues, self.extensions, self.phone_numbers, self.recordings)

    def secret(self) -> bytes:
        """What it is signed with: the text itself, or what stands in base64 behind "whsec_"; raises ConfigError."""
        text = secret_of(f"webhook {self.name}", "secret", self.secret_env, self.secret_file, _SHORTEST)
        if not text.startswith(_ENCODED):
            return text.encode()
        try:
            return b64decode(text.removeprefix(_ENCODED), validate=True)
        except ValueError:
            raise ConfigError(f"webhook {self.name}: its secret is no base64 behind {_ENCODED}") from None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of the configuration; the options of `calltrack serve` stand in front of them."""

    webhook: list[Hook] = []
    alert: list[Rule] = []
    notify: list[Destination] = []
    cdr: CdrTable | None = None
    popup: PopupTable | None = None
    oidc: Oidc | None = None
    account: AccountTable | None = None
    team: list[TeamTable] = []

    def options(self, zone: str | None) -> Options:
        """How figures are counted; `zone` is the account's IANA name."""
        return options_of(self.account, self.team, zone or "")

    @property
    def posted(self) -> dict[str, Posts]:
        """The tables of what the vendor may post to, by name."""
        both = {"cdr": self.cdr, "popup": self.popup}
        return {name: table for name, table in both.items() if table is not None}

    def check_many(self) -> None:
        """Raise ConfigError if many accounts would share a secret."""
        for name, table in self.posted.items():
            if not table.of_each:
                table.secret(name, "many")

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
    for kind in ("webhook", "alert", "notify", "team"):
        _unique(kind, [one.name for one in getattr(config, kind)], file)
    try:
        fault = next(_faults(config), "")
    except ConfigError as error:
        fault = str(error)
    if fault:
        raise ConfigError(f"{file}: {fault}")
    return config


def _faults(config: Config) -> Iterator[str]:
    """What cannot be meant, in words; raises ConfigError for a secret that is missing."""
    for name, table in config.posted.items():
        if not table.of_each:  # else it is read when its account is opened
            table.secret(name)
    for hook in config.webhook:
        if unknown := hook.events - set(EVENTS):
            yield f"webhook {hook.name}: no event {', '.join(sorted(unknown))}; there are {', '.join(EVENTS)}"
        try:
            check_url(hook.url, allow_internal=hook.allow_internal)
        except (InvalidAddress, InternalAddress) as error:
            yield f"webhook {hook.name}: {error}"
        hook.secret()
    if config.account is not None:
        yield from (f"account: {fault}" for fault in config.account.faults())
    has_hours = config.account is not None and bool(config.account.open or config.account.holidays)
    destinations = [one.name for one in config.notify]
    for rule in config.alert:
        for name in rule.notify:
            if name not in destinations:
                yield f"alert {rule.name}: there is no [[notify]] named {name}"
        yield from (f"alert {rule.name}: {fault}" for fault in rule.faults())
        if rule.while_open and not has_hours:
            yield f"alert {rule.name}: hours are {OPEN!r}, but [account] has no open and no holidays"
    if config.oidc is not None:
        yield from (f"oidc: {fault}" for fault in config.oidc.faults())
        Provider(config.oidc)
    for one in config.notify:
        yield from (f"notify {one.name}: {fault}" for fault in one.faults())


def _unique(kind: str, names: Sequence[str], file: Path) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{file}: two tables [[{kind}]] are named {name}")
