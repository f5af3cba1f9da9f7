"""What the commands on the live service share: the options that say where it is, and the login."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import click

if TYPE_CHECKING:
    from calltrack.live import Account, Endpoints, Network, Token, User

_OPTIONS = (
    click.option(
        "--credentials",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Log in with the contents of this file, lines NAME=value; yours alone (chmod 600). Default: environment.",
    ),
    click.option("--login-url", metavar="URL", help="The login API's host, if it is not the vendor's."),
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


class Service(TypedDict):
    """The arguments of LoginApi, `connect` and `listen` that the options stand for."""

    credentials: User | Account | Token
    endpoints: Endpoints | None
    servers: tuple[str, ...]
    protocol: Any
    network: Network


class LiveOptions(NamedTuple):
    """What the options say of the live service."""

    credentials: Path | None
    login_url: str | None
    stack: str
    servers: tuple[str, ...]
    protocol: str | None
    ca: Path | None

    def __bool__(self) -> bool:
        """Whether one was given that only the live service has a use for."""
        return bool(self.credentials or self.login_url or self.servers or self.protocol)

    def service(self) -> Service:
        """Return where to go; raises CredentialsError without a usable login, UsageError for a wrong option."""
        from calltrack.live import (
            DEFAULT_SERVERS,
            Account,
            Network,
            Token,
            credentials_from_env,
            credentials_from_file,
        )

        login = credentials_from_env() if self.credentials is None else credentials_from_file(self.credentials)
        if self.servers and not self.login_url and isinstance(login, Token):
            login = Token(login.token, use_login_api=False)
        if self.stack == "newer" and isinstance(login, Account):
            raise click.UsageError("--stack newer has no account login; use a user or a token")
        return {
            "credentials": login,
            "endpoints": self._endpoints(),
            "servers": tuple(_checked(server, "--server") for server in self.servers) or tuple(DEFAULT_SERVERS),
            "protocol": None if self.protocol is None else int(self.protocol),
            "network": Network(self.ca),
        }

    def _endpoints(self) -> Endpoints | None:
        from calltrack.live import Endpoints

        if self.login_url is None:
            if self.stack == "newer":
                raise click.UsageError("--stack newer needs --login-url: no address of it is published")
            return None
        url = _checked(self.login_url, "--login-url")
        if self.stack == "newer":
            return Endpoints.newer(url)
        # The whole address of the login may be given as well.
        return Endpoints.older(url.removesuffix("/Login").removesuffix("/monitorAPI"))


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, which it gets as its argument `live`."""

    @wraps(command)
    def called(*args: Any, **given: Any) -> Any:
        live = LiveOptions(*(given.pop(name) for name in LiveOptions._fields))
        return command(*args, live=live, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def _checked(url: str, option: str) -> str:
    from calltrack.live.network import checked_url

    try:
        return checked_url(url if option == "--login-url" or "://" in url else f"https://{url}")
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
