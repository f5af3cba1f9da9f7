"""On a real broker; `python -m tests.kafka.demo` goes on for longer."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from urllib.request import ProxyHandler, build_opener

import pytest

from calltrack import read_recording
from calltrack.kafka.accounts import definitions, put
from calltrack.kafka.cluster import Cluster
from calltrack.kafka.code import code_version
from calltrack.kafka.connecting import Connector
from calltrack.kafka.errors import ClusterError
from calltrack.kafka.metrics import ConnectorFigures, WorkerFigures, serving
from calltrack.kafka.partition import Settings
from calltrack.kafka.points import Point
from calltrack.kafka.working import Worker
from calltrack.live.accounts import Definition
from tests.kafka.broker import missing
from tests.kafka.fleet import SESSION, Fleet

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(missing()), reason=f"NO TEST ON A REAL BROKER: {missing()}"),
]
PARTITIONS = 6


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Six accounts, two workers, two connectors, after every kind of kill; no frame comes any more.

    In every partition is a record that is no frame. They run without what Windows lacks.
    """
    program = "tests.elsewhere"
    folder = tmp_path_factory.mktemp("broker")
    with Fleet(
        folder, accounts=6, partitions=PARTITIONS, workers=2, speed=60.0, point_every=3600.0, program=program
    ) as running:
        running.until_frames(30)
        running.kill("worker", 0)
        running.until_frames(30)
        running.freeze("worker", 1, SESSION + 1.5)
        running.kill("connect", 0)
        running.until_frames(30)
        running.freeze("connect", 1, SESSION + 1.5)
        producer = running.cluster.producer()
        for number in range(PARTITIONS):
            producer.produce(running.cluster.topics.frames, b"not a frame", b"account0", number)
        producer.flush()
        running.kill_broker(1.0)
        running.until_brokers()
        running.kill("worker", 1)
        running.until_frames(60)
        running.end_connectors()
        yield running


def test_ctrl_c_is_for_the_one_who_started_them(fleet: Fleet) -> None:
    """Every process is in a session of its own: `tests.kafka.demo` compares after Ctrl-C, and that needs the broker."""
    processes = [one.pid for one in fleet.workers if one.poll() is None]

    assert processes
    for pid in (*processes, *map(fleet.brokers.pid, fleet.brokers.nodes)):
        assert pid == os.getsid(pid)


class Twin(Worker):
    """It is killed before it stores a point, so far as others can see."""

    def _store(self, number: int, point: Point) -> None:
        pass


def twin(fleet: Fleet, *, read_tail: bool = True, code: str = "") -> int:
    """Records that one more worker writes which takes all partitions over, behind the others' backs."""
    fleet.read()
    group = f"twins-{read_tail}-{code}"
    settings = Settings(code or code_version(1000), group, PARTITIONS, point_s=1e9, point_frames=1 << 30)
    worker = Twin(fleet.cluster, settings, group=group, session_s=SESSION, read_tail=read_tail)
    stop = Event()
    thread = Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    while len(worker.takeovers) < PARTITIONS:
        assert thread.is_alive()
        thread.join(0.05)
    stop.set()
    thread.join()
    return fleet.read()


def test_every_account_is_as_one_process_makes_it(fleet: Fleet) -> None:
    """After kills and zombies of workers, connectors and the broker; no trial is without changes of every account."""
    verdict = fleet.verdict()

    assert [] == verdict.differences
    assert verdict.changes > 100


def test_the_controls_differ(fleet: Fleet) -> None:
    """A worker that reads the tail repeats nothing; without, it repeats, and only a reader with the rule is right."""
    assert [] == fleet.verdict().differences
    fleet.end_workers(9)
    before = fleet.compare(rule=False)

    assert 0 == twin(fleet, read_tail=True)
    assert before == fleet.compare(rule=False)
    assert 0 < twin(fleet, read_tail=False)
    assert [] != fleet.compare(rule=False).differences
    assert [] == fleet.compare().differences


def test_what_a_worker_does_is_in_its_metrics(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """And whether it is ready. Where a record is that does not belong there is in its log."""
    settings = Settings(code_version(1000), "metrics", PARTITIONS)
    worker = Twin(fleet.cluster, settings, group="metrics", session_s=SESSION)
    stop = Event()
    thread = Thread(target=worker.run, args=(stop,), daemon=True)
    with serving(("127.0.0.1", 0), WorkerFigures(worker), lambda: worker.ready) as url:
        thread.start()
        while len(worker.takeovers) < PARTITIONS:
            assert thread.is_alive()
            thread.join(0.05)
        producer = fleet.cluster.producer()
        producer.produce(fleet.cluster.topics.frames, b"junk", b"account0", 0)
        assert 0 == producer.flush(30)
        named = "not what belongs there: partition=0 records="  # other tests leave some in the same topic
        while not any(one.startswith(named) for one in caplog.messages):
            assert thread.is_alive()
            thread.join(0.05)
        while "calltrack_worker_lag_frames 0.0\n" not in (shown := get(f"{url}/metrics")):
            assert thread.is_alive()
        ready = get(f"{url}/health/ready")
        stop.set()
        thread.join()

    assert f"calltrack_worker_partitions {PARTITIONS}.0\n" in shown
    assert f'calltrack_worker_takeover_seconds_bucket{{le="+Inf"}} {PARTITIONS}.0\n' in shown
    assert "ok\n" == ready
    assert "calltrack_worker_unreadable_records_total 0.0" not in shown


def test_what_a_connector_does_is_in_its_metrics(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an account is connected; under another prefix, so that it has one of its own."""
    monkeypatch.setenv("SIMULATED_TOKEN", "simulated-account-token")
    cluster = Cluster(fleet.brokers.url, prefix="metrics.")
    cluster.create(1)
    put(cluster, {"acme": Definition("env:SIMULATED", login_url=fleet.vendors.urls["account0"])})
    connector = Connector(cluster, "metrics", group="metrics.connectors", session_s=SESSION)
    loop = asyncio.new_event_loop()
    running = loop.create_task(connector.run())
    thread = Thread(target=lambda: loop.run_until_complete(asyncio.wait([running])), daemon=True)
    with serving(("127.0.0.1", 0), ConnectorFigures(connector), lambda: connector.ready) as url:
        thread.start()
        while (
            not (records := re.search(r"durable_records_total (\d+)", shown := get(f"{url}/metrics")))
            or int(records[1]) < 3
        ):
            assert not running.done()
        ready = get(f"{url}/health/ready")
        loop.call_soon_threadsafe(running.cancel)
        thread.join()
    loop.close()

    assert 'calltrack_connector_accounts{phase="open"} 1.0\n' in shown
    assert "calltrack_connector_troubled_accounts 0.0\n" in shown
    assert "ok\n" == ready


def get(url: str) -> str:
    """The body of an answer."""
    with build_opener(ProxyHandler({})).open(url, timeout=30) as answer:
        body: bytes = answer.read()
    return body.decode()


def test_an_account_reads_as_a_recording(fleet: Fleet) -> None:
    """Its frames by number, and its newest state from the point that a worker has stored."""
    url = f"kafka://{fleet.brokers.url}/account0"
    recording = read_recording(url)
    tracker = recording.tracker()
    for frame in recording:
        tracker.feed(frame)
    near = read_recording(url)
    near.whole = False
    newest = near.tracker()
    for frame in near:
        newest.feed(frame)

    assert 0 < recording.frames == near.frames == tracker.snapshot().position
    assert tracker.snapshot().to_json() == newest.snapshot().to_json()


def calltrack(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process."""
    command = [sys.executable, "-m", "calltrack", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "100"})


def test_the_commands_read_an_account(fleet: Fleet, tmp_path: Path) -> None:
    """`replay`, `snapshot`, `explain`, `export`; tables are by its name, as in the archive."""
    url = f"kafka://{fleet.brokers.url}/account0"
    replayed, shown = calltrack("replay", url), calltrack("snapshot", url)
    exported = calltrack("export", url, "--table", "calls")
    call = exported.stdout.split('"call_id":"')[1].split('"')[0]

    assert [0, 0, 0] == [replayed.returncode, shown.returncode, exported.returncode]
    assert "CallStarted" in replayed.stdout or "call" in replayed.stdout
    assert "After " in shown.stdout
    assert call in calltrack("explain", url, call).stdout
    assert 0 == calltrack("export", url, "-o", str(tmp_path)).returncode
    assert ["account=account0"] == [path.name for path in tmp_path.glob("calls/*")]
    assert "After 3 frames" in calltrack("snapshot", url, "--line", "3").stdout


def test_the_changes_are_archived_once(fleet: Fleet, tmp_path: Path) -> None:
    """As many as one process makes; a second run finds nothing new."""
    command = ("cluster", "archive", "--kafka", fleet.brokers.url, "-o", str(tmp_path))
    first, second = calltrack(*command), calltrack(*command)

    assert f"{fleet.verdict().changes} changes of 6 accounts" in first.stderr
    assert "0 changes of 6 accounts" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("snapshot", "kafka://{url}/a/b"), "use kafka://HOST:PORT/ACCOUNT"),
        (("worker", "--kafka", "{url}", "--prefix", "none."), "run: calltrack cluster init"),
        (("connect", "--kafka", "{url}", "--prefix", "none."), "run: calltrack cluster init"),
        (("cluster", "init", "--kafka", "{url}", "--partitions", "7"), "every topic must have 7 partitions"),
        (("cluster", "init", "--kafka", "{url}", "--replication", "2", "--min-insync", "3"), "can never be met"),
        (("explain", "kafka://{url}/acount1", "x"), "no such account, and no frames of it; there are: account1"),
        (("cluster", "account", "a b", "--kafka", "{url}", "--remove"), "is not a name"),
        (("cluster", "account", "a", "--kafka", "{url}", "--credentials", "hunter2"), "file:PATH or env:PREFIX"),
        (("cluster", "account", "a", "--kafka", "{url}", "--credentials", "file:a"), "use an absolute path"),
    ],
)
def test_what_is_wrong_is_said(fleet: Fleet, arguments: tuple[str, ...], reason: str) -> None:
    """On standard error, with exit code 2."""
    done = calltrack(*(one.format(url=fleet.brokers.url) for one in arguments))

    assert 2 == done.returncode
    assert reason in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_accounts_are_added_and_removed(fleet: Fleet, tmp_path: Path) -> None:
    """Under another prefix; one by one, or those of a file."""
    where = ("--kafka", fleet.brokers.url, "--prefix", "other.")
    calltrack("cluster", "init", *where, "--partitions", "3")
    calltrack("cluster", "account", "acme", *where, "--credentials", "env:ACME")
    file = tmp_path / "accounts.toml"
    file.write_text('[[account]]\nname = "globex"\ncredentials = "file:/run/globex"\n')
    listed = calltrack("cluster", "accounts", *where, "--add", str(file))
    calltrack("cluster", "account", "acme", *where, "--remove")
    typo = calltrack("cluster", "account", "globx", *where, "--remove")

    assert (1, "calltrack: there is no account globx; did you mean globex?\n") == (typo.returncode, typo.stderr)
    assert "acme  env:ACME\nglobex  file:/run/globex\n" == listed.stdout
    assert {"globex": Definition("file:/run/globex")} == definitions(Cluster(fleet.brokers.url, prefix="other."))


def test_a_topic_with_another_number_of_partitions_is_refused(fleet: Fleet) -> None:
    """Whichever version made it."""
    cluster = Cluster(fleet.brokers.url, prefix="uneven.")
    cluster.create(2)
    with pytest.raises(ClusterError, match=r"uneven.accounts has 2"):
        cluster.check(3)


def test_it_is_said_what_one_copy_means(fleet: Fleet) -> None:
    """Of the topics, and of the groups' own; and what is not as asked for."""
    said = calltrack("cluster", "init", "--kafka", fleet.brokers.url, "--replication", "3")

    assert 0 == said.returncode
    assert "calltrack.points, __consumer_offsets: copies: 1; a record counts as written with: 1" in said.stdout
    assert "warning: not 3 copies" in said.stderr
    assert "warning: min.insync.replicas is 1, not 2" in said.stderr
    assert "warning: one copy: while its broker is away nothing is tracked" in said.stderr


def test_no_broker_is_said() -> None:
    """Within seconds."""
    done = calltrack("worker", "--kafka", "127.0.0.1:9")

    assert 2 == done.returncode
    assert "no broker answers at 127.0.0.1:9" in done.stderr


def test_corrupt_points_and_another_version_change_nothing_for_readers(fleet: Fleet) -> None:
    """The other version begins a generation from the newest point that it can read."""
    producer, topics = fleet.cluster.producer(), fleet.cluster.topics
    for number in range(PARTITIONS):
        producer.produce(topics.points, b"junk", b"0/0", number)
    producer.flush()

    assert 0 < twin(fleet, code="another")
    assert [] == fleet.compare().differences
