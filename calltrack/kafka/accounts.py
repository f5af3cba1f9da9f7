"""The definitions in the topic `accounts`, for people who add and remove them."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import KafkaError, Message

from calltrack.kafka.cluster import Cluster
from calltrack.kafka.errors import NotARecord, NotDelivered
from calltrack.kafka.records import account_of, definition_of, definition_record, partition_of
from calltrack.live.accounts import Definition

_PATIENCE = 30.0  # s for a record to be in Kafka


def put(cluster: Cluster, accounts: Mapping[str, Definition | None]) -> None:
    """Store the definitions of accounts, by name; None removes one. Raises FleetError if Kafka does not take one."""
    partitions, failures = cluster.check(), list[str]()
    producer = cluster.producer(timeout_s=_PATIENCE)

    def settled(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    for name, definition in accounts.items():
        key, value = name.encode(), None if definition is None else definition_record(definition)
        producer.produce(cluster.topics.accounts, value, key, partition_of(key, partitions), settled)
    if producer.flush(2 * _PATIENCE) or failures:
        raise NotDelivered(f"{cluster.topics.accounts}: cannot be written: {failures[0] if failures else 'no answer'}")


def definitions(cluster: Cluster) -> dict[str, Definition]:
    """Every account; a definition that cannot be read is left out, connectors report it."""
    found: dict[str, Definition] = {}

    def take(message: Message) -> None:
        key, is_claim = account_of(message.key() or b"")
        name, value = key.decode(errors="replace"), message.value()
        if is_claim:
            return
        found.pop(name, None)
        if value:
            try:
                found[name] = definition_of(value)
            except NotARecord:
                return

    topic = cluster.topics.accounts
    cluster.read(topic, cluster.limits(topic, range(cluster.check())), take)
    return found
