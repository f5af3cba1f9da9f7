"""What the commands on the live service share: the options that say where it is, and the login."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

if TYPE_CHECKING:
    from calltrack.live import Account, Endpoints, Token, User

_OPTIONS = (
    click.option(
        "--credentials",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Log in with what this file holds, in lines NAME=value; yours alone (chmod 600). Default: environment.",
    ),
    click.option("--login-url", metavar="URL", help="The login API's host, if it is not the vendor's."),
    click.option(
        "--server",
        "servers",
        metavar="URL",
        multiple=True,
        help="Server if the login names none; without --login-url a token goes there as it is. Repeatable.",
    ),
    click.option("--protocol", type=click.Choice(["3", "4"]), help="Engine.IO's; default: what the login answer says."),
)


class Service(TypedDict):
    """The arguments of LoginApi, `connect` and `listen` that the options stand for."""

    credentials: User | Account | Token
    endpoints: Endpoints | None
    servers: tuple[str, ...]
    protocol: Any


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options credentials, login_url, servers and protocol."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def service(credentials: Path | None, login_url: str | None, servers: tuple[str, ...], protocol: str | None) -> Service:
    """What the options say; raises CredentialsError if there is no usable login."""
    from calltrack.live import DEFAULT_SERVERS, Endpoints, Token, credentials_from_env, credentials_from_file

    login = credentials_from_env() if credentials is None else credentials_from_file(credentials)
    if servers and not login_url and isinstance(login, Token):
        login = Token(login.token, use_login_api=False)
    return {
        "credentials": login,
        "endpoints": Endpoints.older(_host(login_url)) if login_url else None,
        "servers": servers or tuple(DEFAULT_SERVERS),
        "protocol": None if protocol is None else int(protocol),
    }


def _host(login_url: str) -> str:
    """The host's address: the whole of the login API's may be given as well."""
    return login_url.rstrip("/").removesuffix("/Login").removesuffix("/monitorAPI")
