"""The connector's shell: the group assigns partitions of `accounts`, a supervised socket runs for each account.

One asyncio loop: the sockets' frames, Kafka's answers and the machines in `line.py` never wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from calltrack.kafka.cluster import Cluster, met
from calltrack.kafka.errors import NotARecord, NotDelivered
from calltrack.kafka.line import PATIENCE, Action, Buffer, Claim, Close, Line, Open, Phase, Write
from calltrack.kafka.records import Account, Claimed, account_of, claim_key, partition_of
from calltrack.live import (
    DEFAULT_SERVERS,
    Credentials,
    CredentialsError,
    Endpoints,
    LiveError,
    LoginApi,
    Supervisor,
    Token,
    credentials_from_env,
    credentials_from_file,
)
from calltrack.voicenter.frames import Frame

_log = logging.getLogger("calltrack.kafka")

GROUP = "calltrack.connectors"
SESSION = 6.0

_TICK = 0.02  # s between two looks at Kafka
_RETRY = 30.0  # s between two tries of an account whose login is refused, or whose secret is missing
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
        self.troubles: dict[bytes, str] = {}
        self.counts: Counter[str] = Counter()
        self._cluster, self._owner, self._patience = cluster, owner, patience
        self._buffer = Buffer(buffer)
        self._partitions = cluster.check()
        self._producer: Producer = cluster.producer(timeout_s=_DELIVERY)
        self._consumer: Consumer = cluster.member(group, session_s=session_s, member=member)
        self._accounts: dict[bytes, Account] = {}
        self._read: set[int] = set()
        self._sockets: dict[bytes, asyncio.Task[None]] = {}
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Connect; raises FleetError if Kafka does not let it. What was received is in Kafka when it returns."""
        self._consumer.subscribe(
            [self._cluster.topics.accounts],
            on_assign=lambda _, given: self._take(given),
            on_revoke=lambda _, taken: self._lose(taken),
            on_lost=lambda _, taken: self._lose(taken),
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
            for name, line in list(self.lines.items()):
                self._do(name, line.disown())
            await asyncio.gather(*self._sockets.values(), return_exceptions=True)
            self._producer.flush(_LEAVING)
            self._consumer.close()

    @property
    def ready(self) -> str:
        """Why it is not ready; "" if it is: every account that it owns is connected, or why not is known."""
        waiting = sum(line.phase is not Phase.OPEN for line in list(self.lines.values()))
        return f"{waiting} accounts are not open yet" if waiting else ""

    @property
    def buffered(self) -> int:
        """Bytes that wait for Kafka."""
        return self._buffer.used

    def _take(self, given: list[TopicPartition]) -> None:
        for one in given:
            one.offset = 0
            self._read.discard(one.partition)
        self._consumer.incremental_assign(given)

    def _lose(self, taken: list[TopicPartition]) -> None:
        numbers = {one.partition for one in taken}
        for name in [name for name in self._accounts if partition_of(name, self._partitions) in numbers]:
            self._remove(name)
        self._consumer.incremental_unassign(taken)

    def _remove(self, name: bytes) -> None:
        self._accounts.pop(name, None)
        self.troubles.pop(name, None)
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
                account = Account.of(value)
                if self._accounts.get(name) != account:
                    self._remove(name)
                    self._accounts[name] = account
                    if number in self._read:
                        self._own(name)
        except NotARecord as wrong:
            self.troubles[name] = str(wrong)
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

    async def _attend(self, name: bytes, line: Line, account: Account) -> None:
        """Keep the account's socket; what is wrong with its login is tried again, for someone may mend it."""

        def received(event: str, payload: Any, at: float) -> None:
            self._act(name, line, line.received(Frame.of(event, payload, at).raw))

        while True:
            try:
                self.troubles.pop(name, None)
                await Supervisor(login(account), received).run()
            except LiveError as error:
                self.troubles[name] = str(error)
                _log.error("account not connected: account=%s reason=%r", name.decode(), str(error))
            await asyncio.sleep(_RETRY)

    def _over(self, name: bytes, task: asyncio.Task[None]) -> None:
        with suppress(asyncio.CancelledError):
            error = task.exception()
            if isinstance(error, Exception):
                self._failure = error


def login(account: Account, environ: Mapping[str, str] = os.environ) -> LoginApi:
    """The login of an account, with the secret that its definition points at; raises CredentialsError without one."""
    kind, _, where = account.credentials.partition(":")
    found: Credentials
    if kind == "file":
        found = credentials_from_file(where)
    else:
        names = ("TOKEN", "EMAIL", "USERNAME", "PASSWORD")
        try:
            found = credentials_from_env({f"CALLTRACK_{one}": environ.get(f"{where}_{one}", "") for one in names})
        except CredentialsError as error:
            raise CredentialsError(str(error).replace("CALLTRACK_", f"{where}_")) from None
    if account.servers and not account.login_url and isinstance(found, Token):
        found = Token(found.token, use_login_api=False)
    endpoints = Endpoints.older(account.login_url) if account.login_url else None
    protocol: Any = account.protocol
    return LoginApi(found, endpoints=endpoints, servers=account.servers or DEFAULT_SERVERS, protocol=protocol)
