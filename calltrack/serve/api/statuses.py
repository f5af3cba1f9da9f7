"""How the accounts are: for `calltrack status`, for the list of boards, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from litestar import get
from msgspec.structs import replace
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from calltrack.serve.accounts import Accounts
from calltrack.serve.api.parameters import TheAccounts, TheVisitor
from calltrack.serve.status import Status


@get("/api/accounts")
async def accounts(accounts: TheAccounts, visitor: TheVisitor) -> list[Status]:
    """How each account is that this role may enter; where there is but one, its name is empty."""
    seen = visitor.scope.sees_all
    found = [one.status() for name, one in accounts.all.items() if visitor.may_enter(name)]
    # How many calls there are is of the whole account.
    return found if seen else [replace(one, calls=0, waiting=0) for one in found]


class AccountFigures(Collector):
    """The health of each account; all that is known of one is under /accounts/NAME/metrics."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def collect(self) -> Iterator[Metric]:
        """Every figure."""
        found = [one.status() for one in self._accounts.all.values()]
        ok = GaugeMetricFamily("calltrack_account_ok", "1 while its state is known and kept.", labels=["account"])
        stale = GaugeMetricFamily(
            "calltrack_account_stale_seconds", "Since its server was last heard, while connected.", labels=["account"]
        )
        frames = CounterMetricFamily("calltrack_account_frames", "Frames kept and applied.", labels=["account"])
        calls = GaugeMetricFamily("calltrack_account_calls", "Live calls.", labels=["account"])
        for one in found:
            ok.add_metric([one.account], int(one.ok))
            if one.stale_for is not None:
                stale.add_metric([one.account], one.stale_for)
            frames.add_metric([one.account], int(one.position))
            calls.add_metric([one.account], one.calls)
        yield GaugeMetricFamily("calltrack_accounts", "Accounts.", len(found))
        yield GaugeMetricFamily("calltrack_accounts_ok", "Those that are ok.", sum(one.ok for one in found))
        yield from (ok, stale, frames, calls)
