"""What a client says of brokers that come and go; tests/kafka/test_broker.py has the rest, on a real one."""

from __future__ import annotations

import socket
from concurrent.futures import Future
from typing import NamedTuple

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from calltrack.kafka.cluster import Cluster
from calltrack.kafka.errors import ClusterError


class Answered(NamedTuple):
    """What a broker says of a partition."""

    offset: int


class Failing:
    """A client whose brokers answer as librdkafka was seen to, in this order, while one of three was killed."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)

    def list_offsets(
        self, asked: dict[TopicPartition, OffsetSpec], *, request_timeout: float
    ) -> dict[TopicPartition, Future[Answered]]:
        """One answer for all."""
        answer, future = self._answers.pop(0), Future[Answered]()
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(Answered(answer))
        return dict.fromkeys(asked, future)


class Followed(Cluster):
    """It keeps its client."""

    def __init__(self, client: Failing) -> None:
        super().__init__("127.0.0.1:1")
        self._client = client

    def _admin(self) -> Failing:  # type: ignore[override]
        return self._client


def test_an_offset_that_a_killed_broker_is_said_to_answer_is_asked_for_again() -> None:
    """-1001 comes without an error; a worker that believed it would count frames from there."""
    gone = KafkaException(KafkaError(KafkaError._TIMED_OUT))
    cluster = Followed(Failing(OFFSET_INVALID, gone, 7, OFFSET_INVALID, 9))

    assert {3: (7, 9)} == cluster.limits("frames", [3])


def test_a_broker_that_answers_nothing_is_not_ready() -> None:
    """It takes the connection and is silent, as one that is frozen."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        where = f"127.0.0.1:{frozen.getsockname()[1]}"
        reason = Cluster(where).unreachable()

    assert reason.startswith(f"no broker answers at {where}: ")


def test_a_property_that_kafka_does_not_know_is_said() -> None:
    """It is no broker's fault."""
    with pytest.raises(ClusterError, match=r"the properties for Kafka are not usable: .*foo"):
        Cluster("127.0.0.1:9", config={"foo": "1"}).check()


def test_no_record_since_a_time_is_an_answer() -> None:
    """-1 is what Kafka says then."""
    assert None is Followed(Failing(-1)).offset_at("frames", 0, 1.0)
    assert 5 == Followed(Failing(5)).offset_at("frames", 0, 1.0)
