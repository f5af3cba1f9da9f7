"""What the service of one account is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Self

from calltrack.serve.alerts.alerting import CALM, Alerts
from calltrack.serve.config import Config
from calltrack.serve.engine import Engine
from calltrack.serve.hooks.delivery import PAUSES
from calltrack.serve.hooks.webhooks import Webhooks
from calltrack.serve.intake.addresses import addresses
from calltrack.serve.intake.door import Address


class Parts(NamedTuple):
    """The engine, and what goes out by itself."""

    engine: Engine
    webhooks: Webhooks
    alerts: Alerts
    posted: dict[str, Address]
    """What the vendor may post to."""

    @classmethod
    def of(
        cls,
        engine: Engine,
        config: Config | None = None,
        *,
        account: str = "",
        roles: int = 1,
        pauses: Sequence[float] = PAUSES,
        calm: float = CALM,
    ) -> Self:
        """Those of an engine, and of one `account` among many.

        Of several `roles` none takes all places of the streams. `pauses` are those between two tries of a webhook, s;
        `calm` is when an alert is over, s.
        """
        engine.hub.most_clients = engine.most_clients
        share(engine, roles)
        config = config or Config()
        webhooks = Webhooks(config, engine, engine.beside("webhooks"), pauses=pauses, account=account)
        alerts = Alerts(config.alert, config.notify, engine, engine.beside("alerts.json"), calm, account)
        return cls(engine, webhooks, alerts, addresses(config, engine, account))

    async def run(self) -> None:
        """Work until cancelled, or until the source and all the rest have ended; raises what ends one of them."""
        failure: BaseException
        try:
            async with asyncio.TaskGroup() as tasks:
                for one in (self.engine, self.webhooks, self.alerts):
                    tasks.create_task(one.run())
            return
        except BaseExceptionGroup as group:
            failure = group.exceptions[0]
        raise failure

    async def close(self) -> None:
        """Store the state, and let go of the files; to be called when `run` has ended."""
        self.webhooks.close()
        await self.engine.close()


def share(engine: Engine, roles: int) -> None:
    """Of several roles none takes all places of the streams."""
    engine.hub.most_of_a_role = engine.most_clients // 2 if roles > 1 else engine.most_clients
