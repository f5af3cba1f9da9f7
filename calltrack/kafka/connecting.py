"""The connector's shell: the group assigns partitions of `accounts`, a supervised socket runs for each account.

One asyncio loop: the sockets' frames, Kafka's answers and the machines in `line.py` never wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from calltrack.kafka.cluster import Cluster, met
from calltrack.kafka.errors import NotARecord, NotDelivered
from calltrack.kafka.line import PATIENCE, Action, Buffer, Claim, Close, Line, Open, Phase, Write
from calltrack.kafka.records import Claimed, account_of, claim_key, definition_of, partition_of
from calltrack.live import Network, Supervisor
from calltrack.live.accounts import LOGINS_PER_S, AccountLogin, Definition
from calltrack.live.timing import Pace
from calltrack.recordings.writer import line_of
from calltrack.voicenter.frames import Frame

_log = logging.getLogger("calltrack.kafka")

GROUP = "calltrack.connectors"
SESSION = 6.0

_TICK = 0.02  # s between two looks at Kafka
_DELIVERY = 120.0  # s in which Kafka must take a frame; until then it waits in the buffer
_LEAVING = 10.0  # s for what is in the buffer at the end


class Connector:
    """One connector; `run` until cancelled. owner: its unique name. buffer: bytes that may wait for Kafka."""

    def __init__(
        self,
        cluster: Cluster,
        owner: str,
        *,
        group: str = GROUP,
        session_s: float = SESSION,
        member: str | None = None,
        buffer: int = 256 << 20,
        patience: float = PATIENCE,
    ) -> None:
        self.lines: dict[bytes, Line] = {}
        self.counts: Counter[str] = Counter()
        self._cluster, self._owner, self._patience = cluster, owner, patience
        self._buffer = Buffer(buffer)
        self._partitions = cluster.check()
        self._producer: Producer = cluster.producer(timeout_s=_DELIVERY)
        self._consumer: Consumer = cluster.member(group, session_s=session_s, member=member)
        self._accounts: dict[bytes, Definition] = {}
        self._read: set[int] = set()
        self._unusable = set[bytes]()
        self._pace, self._network = Pace(LOGINS_PER_S), Network()
        self._supervisors: dict[bytes, Supervisor] = {}
        self._sockets: dict[bytes, asyncio.Task[None]] = {}
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Connect; raises FleetError if Kafka does not let it. What was received is in Kafka when it returns."""
        self._consumer.subscribe(
            [self._cluster.topics.accounts],
            on_assign=lambda _, given: self._take(given),
            on_revoke=lambda _, taken: self._lose(taken),
            on_lost=lambda _, taken: self._lost(taken),
        )
        try:
            while True:
                for message in self._consumer.consume(500, 0):
                    self._meet(message)
                self._producer.poll(0)
                now = time.monotonic()
                for name, line in list(self.lines.items()):
                    self._do(name, line.tick(now))
                if self._failure is not None:
                    raise self._failure
                await asyncio.sleep(_TICK)
        finally:
            sockets = list(self._sockets.values())
            for name, line in list(self.lines.items()):
                self._do(name, line.disown())
            await asyncio.gather(*sockets, return_exceptions=True)
            self._producer.flush(_LEAVING)
            self._consumer.close()

    @property
    def ready(self) -> str:
        """Why it is not ready; "" if it is: a broker answers, and it holds every account that it was given.

        Asks a broker; to be called from a thread that may wait. An account that cannot be connected, for its login is
        wrong, is held too: `troubled` counts it.
        """
        waiting = sum(line.phase is not Phase.OPEN for line in list(self.lines.values()))
        return self._cluster.unreachable() or (f"{waiting} accounts are not open yet" if waiting else "")

    @property
    def troubled(self) -> int:
        """Accounts that are not connected for a reason that is known."""
        healths = [one.health for one in list(self._supervisors.values())]
        return len(self._unusable) + sum(bool(one.trouble and not one.server) for one in healths)

    @property
    def buffered(self) -> int:
        """Bytes that wait for Kafka."""
        return self._buffer.used

    def _take(self, given: list[TopicPartition]) -> None:
        for one in given:
            one.offset = 0
            self._read.discard(one.partition)
        self._consumer.incremental_assign(given)

    def _lost(self, taken: list[TopicPartition]) -> None:
        _log.warning("accounts given up, the session with the brokers was lost: partitions=%d", len(taken))
        self._lose(taken)

    def _lose(self, taken: list[TopicPartition]) -> None:
        numbers = {one.partition for one in taken}
        for name in [name for name in self._accounts if partition_of(name, self._partitions) in numbers]:
            self._remove(name)
        self._consumer.incremental_unassign(taken)

    def _remove(self, name: bytes) -> None:
        self._accounts.pop(name, None)
        self._unusable.discard(name)
        line = self.lines.get(name)
        if line is not None:
            self._do(name, line.disown())
            for what in ("durable", "lost"):
                self.counts[what] += getattr(line, what)
            del self.lines[name]

    def _meet(self, message: Message) -> None:
        number, error = message.partition() or 0, message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                self._read.add(number)
                for name in [one for one in self._accounts if partition_of(one, self._partitions) == number]:
                    self._own(name)
            else:
                met(self._cluster.topics.accounts, error)
            return
        name, is_claim = account_of(message.key() or b"")
        value = message.value()
        try:
            if is_claim:
                line = self.lines.get(name)
                if line is not None and value:
                    owner = Claimed.of(value).owner
                    self._do(name, line.seen(message.offset() or 0, owner, time.monotonic()))
            elif not value:
                self._remove(name)
            else:
                definition = definition_of(value)
                if self._accounts.get(name) != definition:
                    self._remove(name)
                    self._accounts[name] = definition
                    if number in self._read:
                        self._own(name)
        except NotARecord as wrong:
            self._unusable.add(name)
            _log.error("account not usable: account=%s reason=%r", name.decode(errors="replace"), str(wrong))

    def _own(self, name: bytes) -> None:
        line = self.lines.get(name)
        if line is None:
            line = self.lines[name] = Line(self._owner, self._buffer, patience=self._patience)
            self._do(name, line.own())

    def _do(self, name: bytes, actions: list[Action]) -> None:
        line, topics = self.lines[name], self._cluster.topics
        for action in actions:
            match action:
                case Write(value, lost):
                    settled = partial(self._settled, name, line, len(value), lost)
                    self._produce(topics.frames, name, name, value, settled)
                case Claim(number, value):
                    claimed = partial(self._claimed, name, line, number)
                    self._produce(topics.accounts, name, claim_key(name), value, claimed)
                case Open():
                    task = self._sockets[name] = asyncio.ensure_future(self._attend(name, line, self._accounts[name]))
                    task.add_done_callback(partial(self._over, name))
                case Close():
                    self._supervisors.pop(name, None)
                    task = self._sockets.pop(name)
                    task.cancel()

    def _produce(self, topic: str, name: bytes, key: bytes, value: bytes, settled: Callable[..., None]) -> None:
        try:
            self._producer.produce(topic, value, key, partition_of(name, self._partitions), settled)
        except BufferError:
            self._later(settled, KafkaError(KafkaError._QUEUE_FULL), None)
        except KafkaException as error:
            self._later(settled, error.args[0], None)

    @staticmethod
    def _later(settled: Callable[..., None], *outcome: object) -> None:
        asyncio.get_running_loop().call_soon(settled, *outcome)  # after the actions that this one is among

    def _claimed(self, name: bytes, line: Line, number: int, error: KafkaError | None, message: Message | None) -> None:
        if error is not None or message is None:
            self._act(name, line, line.claim_failed(number, time.monotonic()))
        else:
            self.counts["claims"] += 1
            self._act(name, line, line.claimed(number, message.offset() or 0))

    def _settled(
        self, name: bytes, line: Line, size: int, lost: int, error: KafkaError | None, _: Message | None
    ) -> None:
        if error is None:
            self._act(name, line, line.delivered(size))
        elif error.fatal():
            self._failure = NotDelivered(f"{self._cluster.topics.frames}: {error.str()}")
        elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            _log.error("frame too large for Kafka: account=%s bytes=%d", name.decode(), size)
            self._act(name, line, line.too_large(size))
        else:
            self._act(name, line, line.failed(size, lost))

    def _act(self, name: bytes, line: Line, actions: list[Action]) -> None:
        if self.lines.get(name) is line:  # else it is no longer ours, and has nothing to do but to be counted
            self._do(name, actions)

    async def _attend(self, name: bytes, line: Line, definition: Definition) -> None:
        """Keep the account's socket; what is wrong with its login is tried again, for someone may mend it."""

        def received(frame: Frame) -> None:
            self._act(name, line, line.received(line_of(frame).rstrip()))

        login = AccountLogin(definition, self._pace, self._network)
        account = name.decode(errors="replace")
        supervisor = Supervisor(login, on_frame=received, network=self._network, account=account, patient=True)
        self._supervisors[name] = supervisor
        await supervisor.run()

    def _over(self, name: bytes, task: asyncio.Task[None]) -> None:
        with suppress(asyncio.CancelledError):
            error = task.exception()
            if isinstance(error, Exception):
                self._failure = error
