"""What `calltrack serve --accounts` serves: for each account a journal, an engine, and what goes out by itself."""

from __future__ import annotations

import asyncio
import logging
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from calltrack.cli.service import LiveOptions

if TYPE_CHECKING:
    from calltrack.journal import Journal
    from calltrack.serve.accounts import ManyAccounts
    from calltrack.serve.config import Config
    from calltrack.serve.engine import Retention
    from calltrack.serve.parts import Parts

_FILES = 12  # open files of one account: its journal with what stands beside it, its socket, a login

_WRITES_PER_S = 400.0
"""Writes of all accounts together; with each goes what came since the account's last one."""

_log = logging.getLogger("calltrack.serve")


def many_accounts(
    live: LiveOptions,
    file: Path,
    folder: Path,
    retention: Retention,
    zone: tzinfo | None,
    config: Config,
    roles: int,
) -> ManyAccounts:
    """The accounts of a file, whose journals are NAME.journal in the folder.

    Raises LiveError, ConfigError and OSError.
    """
    from calltrack.feed.source import Live
    from calltrack.journal import open_repaired
    from calltrack.live.accounts import LOGINS_PER_S, AccountLogin
    from calltrack.live.timing import Pace
    from calltrack.serve.accounts import ManyAccounts
    from calltrack.serve.engine import Engine
    from calltrack.serve.files import many_files
    from calltrack.serve.parts import Parts

    config.check_many()
    definitions, network, pace = live.accounts(file), live.network(), Pace(LOGINS_PER_S)
    writes = Pace(_WRITES_PER_S)
    many_files(len(definitions) * _FILES)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def journal_of(name: str) -> Journal:
        journal = open_repaired(folder / f"{name}.journal", _log.error)
        try:
            journal.rebuild()
        except BaseException:
            journal.close()
            raise
        return journal

    async def opened(name: str) -> Parts:
        journal = await asyncio.to_thread(journal_of, name)
        try:
            source = Live(AccountLogin(definitions[name], pace, network), name)
            anew, options = journal.position > 0, config.options(str(zone or ""))
            engine = Engine(source, journal, anew=anew, retention=retention, zone=zone, turns=writes, options=options)
            return Parts.of(engine, config, account=name, roles=roles)
        except BaseException:
            journal.close()
            raise

    return ManyAccounts(definitions, opened, config.posted)
