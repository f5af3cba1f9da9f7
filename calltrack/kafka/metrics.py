"""Metrics and health of a connector or a worker, over HTTP: /metrics, /health/live, /health/ready."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from calltrack.kafka.connecting import Connector
from calltrack.kafka.errors import ClusterError
from calltrack.kafka.line import Phase
from calltrack.kafka.working import Worker

_BUCKETS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class WorkerFigures(Collector):
    """What a worker does."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        worker = self._worker
        owned = list(worker.owned.values())
        yield _gauge("worker_partitions", "Partitions that this worker owns.", len(owned))
        yield _gauge("worker_accounts", "Accounts in them.", sum(one.accounts for one in owned))
        yield _gauge("worker_lag_frames", "Records of frames that wait in them.", worker.lag)
        yield _gauge(
            "worker_pending_records", "Records written and not yet in Kafka.", sum(one.pending for one in owned)
        )
        yield _counter("worker_frames", "Frames tracked.", worker.total("frames"))
        yield _counter("worker_fenced_frames", "Frames of an older lease, dropped.", worker.total("dropped"))
        yield _counter(
            "worker_unreadable_records", "Records that are not what belongs there.", worker.total("unreadable")
        )
        yield _counter("worker_points", "Points stored.", worker.counts["points"])
        took = list(worker.takeovers)
        counts = [(str(limit), float(sum(one <= limit for one in took))) for limit in (*_BUCKETS, float("inf"))]
        buckets = [("+Inf" if limit == "inf" else limit, count) for limit, count in counts]
        name = "calltrack_worker_takeover_seconds"
        help_text = "From being given a partition until it is where its log ended."
        yield HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=sum(took))


class ConnectorFigures(Collector):
    """What a connector does."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        connector = self._connector
        lines = list(connector.lines.values())
        phases = GaugeMetricFamily("calltrack_connector_accounts", "Accounts by phase.", labels=["phase"])
        for phase in Phase:
            phases.add_metric([phase.name.lower()], sum(line.phase is phase for line in lines))
        yield phases
        yield _gauge("connector_buffer_bytes", "Bytes that wait for Kafka.", connector.buffered)
        yield _gauge("connector_troubled_accounts", "Accounts that cannot be connected.", connector.troubled)
        written = connector.counts["durable"] + sum(line.durable for line in lines)
        yield _counter("connector_durable_records", "Records of frames that Kafka has.", written)
        lost = connector.counts["lost"] + sum(line.lost for line in lines)
        yield _counter("connector_lost_frames", "Frames that Kafka did not take; each is part of a gap.", lost)
        yield _counter("connector_claims", "Accounts claimed.", connector.counts["claims"])


@contextmanager
def serving(address: tuple[str, int] | None, figures: Collector, ready: Callable[[], str]) -> Iterator[str]:
    """Serve meanwhile, in a thread; yields the URL, "" without an address. Raises ClusterError if the port is taken.

    ready: why the process is not ready, or "".
    """
    if address is None:
        yield ""
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            if self.path == "/metrics":
                self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif self.path == "/health/live":
                self._answer(200, b"ok\n")
            elif self.path == "/health/ready":
                reason = ready()
                self._answer(503 if reason else 200, f"{reason or 'ok'}\n".encode())
            else:
                self._answer(404, b"there are /metrics, /health/live and /health/ready\n")

        def log_message(self, format: str, *args: object) -> None:
            """No line for each request."""

        def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    is_6 = ":" in address[0]
    host = f"[{address[0]}]" if is_6 else address[0]

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if is_6 else socket.AF_INET

    try:
        server = Server(address, Handler)
    except OSError as error:
        raise ClusterError(f"{host}:{address[1]}: cannot listen: {error.strerror}") from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"calltrack_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"calltrack_{name}", text, value=value)
