"""For operators of the service: health, and figures for Prometheus."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import PermissionDeniedException, ServiceUnavailableException
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from calltrack.core.table import CALL, EXTENSION, IDLE
from calltrack.serve.api.parameters import Limit, Offset, TheAccounts, TheRole, TheVisitor, TheWebhooks
from calltrack.serve.api.statuses import AccountFigures
from calltrack.serve.hooks.outbox import DeadLetter
from calltrack.serve.parts import Parts
from calltrack.serve.security.scope import EVERYTHING

Asked = Request[Any, Any, Any]
_TEXT = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")  # Litestar adds it to text
_QUEUES = 200  # labels for queues; the rest are in the sum


class Health(Struct, frozen=True):
    """`ok`, or why not."""

    ok: bool
    reason: str = ""


@get("/health/live")
async def live() -> Health:
    """Whether the process runs."""
    return Health(True)


@get("/health/ready")
async def ready(accounts: TheAccounts, request: Asked) -> Response[Health]:
    """Whether what is answered is known to be so: 503 before the service is heard of, and while it is not.

    Of many accounts together it is enough that one is: what is wrong with another is its own.
    """
    account = request.scope["account"]  # type: ignore[typeddict-item]  # set by the guard
    found = [one.status() for one in ([account] if account is not None else accounts.all.values())]
    reason = "" if any(one.ok for one in found) else found[0].trouble
    if len(found) > 1 and reason:
        reason = "none of the accounts is well"
    return Response(Health(not reason, reason), status_code=503 if reason else 200)


@get("/metrics", media_type=_TEXT)
async def metrics(accounts: TheAccounts, role: TheRole, visitor: TheVisitor, request: Asked) -> Response[bytes]:
    """Figures for Prometheus; for roles that see everything."""
    account = request.scope["account"]  # type: ignore[typeddict-item]  # set by the guard
    if not role.sees_all or (account is None and visitor.accounts is not None):
        raise PermissionDeniedException("this role sees a part only, the metrics are of the whole")
    registry = CollectorRegistry(auto_describe=False)
    if account is None:
        registry.register(AccountFigures(accounts))
    elif account.parts is None:
        raise ServiceUnavailableException(account.trouble)
    else:
        registry.register(_Figures(account.parts))
    return Response(generate_latest(registry), media_type=_TEXT)


class DeadLetters(Struct, frozen=True):
    """Deliveries that were given up, the newest first, of `total` ones."""

    total: int
    items: list[DeadLetter]


@get("/api/webhooks/dead")
async def dead_letters(webhooks: TheWebhooks, role: TheRole, limit: Limit = 100, offset: Offset = 0) -> DeadLetters:
    """What webhooks could not deliver; for roles that see everything, numbers and recordings too."""
    if role != EVERYTHING:
        raise PermissionDeniedException("dead letters have everything in them, and this role sees a part only")
    return DeadLetters(0, []) if webhooks.outbox is None else DeadLetters(*await webhooks.outbox.dead(limit, offset))


class _Figures(Collector):
    """Read off when asked. Labels are of sets that strangers cannot widen: never a call, number or name."""

    def __init__(self, parts: Parts) -> None:
        self._engine, self._hooks, self._alerts = parts.engine, parts.webhooks.hooks, parts.alerts

    def collect(self) -> Iterator[Metric]:
        """Every figure."""
        engine = self._engine
        snapshot, hub = engine.view.snapshot, engine.hub
        counters = snapshot.counters
        yield CounterMetricFamily("calltrack_frames", "Frames kept and applied.", snapshot.position)
        yield CounterMetricFamily(
            "calltrack_duplicate_frames", "Frames that repeat the one before.", counters.duplicates
        )
        yield _counter("calltrack_changes", "Changes, by kind.", "kind", counters.changes)
        yield _counter("calltrack_anomalies", "What should not happen, by kind.", "kind", counters.anomalies)
        calls = Counter(call.state for call in snapshot.calls)
        yield _gauge("calltrack_calls", "Live calls.", "state", {state.value: calls[state] for state in CALL})
        doing = Counter(known.state for known in snapshot.extensions)
        yield _gauge(
            "calltrack_extensions", "Extensions.", "state", {state.value: doing[state] for state in (*EXTENSION, IDLE)}
        )
        waiting = {queue.queue_id: len(queue.waiting) for queue in snapshot.queues}
        yield GaugeMetricFamily("calltrack_waiting", "Calls waiting in all queues.", sum(waiting.values()))
        first = dict(list(waiting.items())[:_QUEUES])
        yield _gauge("calltrack_queue_waiting", "Calls waiting in a queue.", "queue", first)
        yield GaugeMetricFamily("calltrack_known", "1 while the state is known.", int(engine.view.known))
        stale = engine.source.stale_for
        text = "Since the telephony server was last heard, be it an answer to a ping; NaN without a connection."
        yield GaugeMetricFamily("calltrack_stale_seconds", text, math.nan if stale is None else stale)
        yield GaugeMetricFamily("calltrack_journal_ok", "1 while frames can be kept.", int(not engine.trouble))
        yield GaugeMetricFamily("calltrack_backlog_frames", "Frames that wait to be kept.", engine.backlog)
        yield GaugeMetricFamily("calltrack_stream_clients", "Clients of the streams.", hub.clients)
        yield CounterMetricFamily("calltrack_stream_resets", "Streams that had to begin anew.", hub.resets)
        yield CounterMetricFamily("calltrack_journal_seconds", "Spent writing frames.", engine.writing_s)
        taken = {hook.name: hook.sender.taken for hook in self._hooks}
        yield _counter("calltrack_webhook_taken", "Deliveries that were taken.", "webhook", taken)
        given_up = {hook.name: hook.sender.given_up for hook in self._hooks}
        yield _counter("calltrack_webhook_given_up", "Deliveries that were given up.", "webhook", given_up)
        failed = {hook.name: hook.sender.failed for hook in self._hooks}
        waiting_hooks = {hook.name: hook.sender.waiting for hook in self._hooks}
        yield _gauge("calltrack_webhook_waiting", "Deliveries that were not taken yet.", "webhook", waiting_hooks)
        yield _gauge("calltrack_webhook_failed", "Tries that failed since the last that did not.", "webhook", failed)
        standing = Counter(one.rule for one in self._alerts.standing)
        rules = {rule.name: standing[rule.name] for rule in self._alerts.rules}
        yield _gauge("calltrack_alerts", "Alerts that hold.", "rule", rules)
        unheard = {one.name: one.failed for one in self._alerts.destinations}
        yield _gauge("calltrack_notify_failed", "Tries since the last message that was taken.", "destination", unheard)


def _counter(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
