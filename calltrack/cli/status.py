"""`calltrack status`: how the accounts of a running service are."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import click

from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.serve.status import Status

_VARIABLE = "CALLTRACK_SERVE_TOKEN"
_PATIENCE = 10.0  # s


@click.command("status", short_help="How the accounts of a running service are.")
@click.argument("accounts", metavar="[ACCOUNT]...", nargs=-1)
@click.option("--url", default="http://127.0.0.1:8078", show_default=True, help="Where `calltrack serve` listens.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per account.")
def command(accounts: tuple[str, ...], url: str, as_json: bool) -> None:
    """Say how each account of a running `calltrack serve` is, those in trouble first.

    A service with tokens wants one of them, from the environment: CALLTRACK_SERVE_TOKEN.

    \b
    Exit codes: 0 all are well; 1 one is not, or there is no such account; 2 the service cannot be
    asked.
    \b
    Examples:
      calltrack status
      calltrack status acme globex --url http://127.0.0.1:8078 --json
    """
    from rich.table import Table

    from calltrack.cli.terminal import console

    found = {one.account: one for one in _asked(url)}
    for missing in [name for name in accounts if name not in found]:
        click.echo(f"calltrack: there is no account {safe(missing)}", err=True)
    shown = [one for name, one in found.items() if not accounts or name in accounts]
    shown.sort(key=lambda one: (one.ok, one.account))
    if as_json:
        import msgspec

        for one in shown:
            click.echo(msgspec.json.encode(one))
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("account", "well", "calls", "waiting", "frames", "connection"):
            table.add_column(name, justify="right" if name in ("calls", "waiting", "frames") else "left")
        for one in shown:
            how = "; ".join(filter(None, (one.source, one.trouble)))
            numbers = (str(one.calls), str(one.waiting), one.position)
            table.add_row(safe(one.account) or "(only one)", "yes" if one.ok else "no", *numbers, safe(how))
        console().print(table)
    if not all(one.ok for one in shown) or len(shown) < len(accounts):
        sys.exit(1)


def _asked(url: str) -> list[Status]:
    import msgspec

    from calltrack.serve.status import Status

    token = os.environ.get(_VARIABLE, "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        if not url.startswith(("http://", "https://")):
            raise URLError("use http://host:port")
        with urlopen(Request(f"{url.rstrip('/')}/api/accounts", headers=headers), timeout=_PATIENCE) as answer:
            return msgspec.json.decode(answer.read(), type=list[Status])
    except HTTPError as error:
        reason = f"a token is needed: set {_VARIABLE}" if error.code == 401 else _detail(error)
    except URLError as error:
        reason = str(getattr(error.reason, "strerror", None) or error.reason)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        reason = str(error)
    click.echo(f"calltrack: {safe(url)}: {safe(reason)}", err=True)
    sys.exit(2)


def _detail(error: HTTPError) -> str:
    try:
        found: Any = json.loads(error.read())
        return str(found["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"HTTP {error.code}"
