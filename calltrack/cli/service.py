"""What the commands on the live service share: the options that say where it is, and the login."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from calltrack.cli.terminal import ParamType

if TYPE_CHECKING:
    from calltrack.live import Network
    from calltrack.live.accounts import Definition, Service, Stack


class AddressParam(ParamType[str]):
    """An http or https address that may be shown; without a scheme it is https, or else there has to be one."""

    name = "url"

    def __init__(self, *, scheme: bool = True) -> None:
        self._scheme = scheme

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns it as it is written."""
        from calltrack.live.network import checked_url

        url = str(value)
        try:
            if url:
                checked_url(url if self._scheme or "://" in url else f"https://{url}")
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return url


_OPTIONS = (
    click.option(
        "--credentials",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Log in with the contents of this file, lines NAME=value; yours alone (chmod 600). Default: environment.",
    ),
    click.option(
        "--login-url", metavar="URL", type=AddressParam(), help="The login API's host, if it is not the vendor's."
    ),
    click.option(
        "--stack",
        type=click.Choice(["older", "newer"]),
        default="older",
        show_default=True,
        envvar="CALLTRACK_STACK",
        show_envvar=True,
        help="Of the login API. The newer one needs --login-url.",
    ),
    click.option(
        "--server",
        "servers",
        metavar="URL",
        type=AddressParam(scheme=False),
        multiple=True,
        help="Server if the login names none; without --login-url a token goes there as it is. Repeatable.",
    ),
    click.option("--protocol", type=click.Choice(["3", "4"]), help="Engine.IO's; default: as the login answer says."),
    click.option(
        "--ca",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="CALLTRACK_CA",
        show_envvar=True,
        help="Certificates (PEM) to trust besides the system's, of a proxy or server of your own.",
    ),
)


accounts_option = click.option(
    "--accounts",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Many accounts in one process, in TOML (docs/accounts.md).",
)

PROTOCOLS: dict[str | None, Literal[3, 4]] = {"3": 3, "4": 4}


class LiveOptions(NamedTuple):
    """What the options say of the live service."""

    credentials: Path | None
    login_url: str | None
    stack: Stack
    servers: tuple[str, ...]
    protocol: str | None
    ca: Path | None

    def __bool__(self) -> bool:
        """Whether one was given that only the live service has a use for."""
        return bool(self.credentials or self.login_url or self.servers or self.protocol)

    def network(self) -> Network:
        """The way out; raises CannotUseCA."""
        from calltrack.live import Network

        return Network(self.ca)

    def accounts(self, file: Path) -> dict[str, Definition]:
        """The accounts of a file; raises AccountsError, and UsageError if there is a login beside it."""
        from calltrack.live.accounts import read_accounts

        if self:
            raise click.UsageError(
                "--accounts says all of each account: leave out --credentials, --login-url, --server, --protocol"
            )
        return read_accounts(file)

    def service(self) -> Service:
        """Return where to go; raises CredentialsError without a usable login, UsageError for a wrong option."""
        from calltrack.live import credentials_from_env, credentials_from_file
        from calltrack.live.accounts import service_of

        login = credentials_from_env() if self.credentials is None else credentials_from_file(self.credentials)
        protocol = PROTOCOLS.get(self.protocol)
        if self.stack == "newer" and not self.login_url:
            raise click.UsageError("--stack newer needs --login-url: no address of it is published")
        try:
            return service_of(login, self.login_url or "", self.servers, protocol, self.stack, self.network())
        except ValueError as error:
            raise click.UsageError(f"--stack newer: {error}") from None


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, which it gets as its argument `live`."""

    @wraps(command)
    def called(*args: Any, **given: Any) -> Any:
        live = LiveOptions(*(given.pop(name) for name in LiveOptions._fields))
        return command(*args, live=live, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
