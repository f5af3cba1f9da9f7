"""What `calltrack serve --kafka` serves: one account that workers track, or every account of an installation."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.serve.accounts import Accounts
    from calltrack.serve.config import Config
    from calltrack.serve.parts import Parts
    from calltrack.serve.security.access import Access


def kafka_accounts(url: str, folder: Path, config: Config, zone: tzinfo | None, doors: Access) -> Accounts:
    """The account of `kafka://HOST:PORT/ACCOUNT`, or without ACCOUNT all that are defined now.

    What is set in the service, such as limits, is kept in the folder. Raises FleetError, RecordingError, and
    TokensError for a role that is of other accounts.
    """
    from calltrack.kafka.accounts import definitions
    from calltrack.kafka.history import at
    from calltrack.serve.accounts import ManyAccounts, OnlyAccount
    from calltrack.serve.engine import Engine
    from calltrack.serve.fleet.account import KafkaAccount
    from calltrack.serve.fleet.past import ChangesReader
    from calltrack.serve.parts import Parts

    def parts(one: str, account: KafkaAccount, name: str) -> Parts:
        options, reader = config.options(str(zone or "")), partial(ChangesReader, one)
        engine = Engine(account, account, anew=False, zone=zone, reader=reader, options=options)
        return Parts.of(engine, config, account=name, roles=doors.roles)

    cluster, only = at(url)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if only:
        doors.check([""])
        return OnlyAccount(parts(url, KafkaAccount(url, folder / only), ""))
    names = definitions(cluster)
    if not names:
        raise click.UsageError("no account is defined in Kafka; add one with calltrack cluster account")
    doors.check(names)
    config.check_many()

    async def opened(name: str) -> Parts:
        one = cluster.url(name)
        return parts(one, await asyncio.to_thread(KafkaAccount, one, folder / name), name)

    return ManyAccounts(names, opened, config.posted)
