"""What the service is made of, for whoever needs more than one part of it."""

from __future__ import annotations

from typing import NamedTuple

from calltrack.serve.alerts.alerting import Alerts
from calltrack.serve.engine import Engine
from calltrack.serve.hooks.webhooks import Webhooks
from calltrack.serve.security.access import Access
from calltrack.serve.security.audit import Audit
from calltrack.serve.security.oidc import Provider


class Parts(NamedTuple):
    """The engine, who may come in, and what goes out by itself."""

    engine: Engine
    access: Access
    webhooks: Webhooks
    alerts: Alerts
    audit: Audit
    provider: Provider | None
