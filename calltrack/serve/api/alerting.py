"""The endpoint of alerts: the alerts that hold now."""

from __future__ import annotations

from litestar import get
from msgspec import Struct

from calltrack.serve.alerts.alerting import Alert
from calltrack.serve.api.parameters import TheAlerts, TheRole


class Standing(Struct, frozen=True):
    """The alerts that hold now, the oldest first."""

    items: list[Alert]


@get("/api/alerts")
async def alerts(alerts: TheAlerts, role: TheRole) -> Standing:
    """The alerts that hold now: those of this role's queues and extensions; of the whole for roles that see it."""
    seen = [
        one
        for one in alerts.standing
        if role.sees_all
        or (one.queue_id and role.sees_queue(one.queue_id))
        or (one.exten_user and role.sees_extension(one.exten_user))
    ]
    return Standing(sorted(seen, key=lambda one: one.since))
