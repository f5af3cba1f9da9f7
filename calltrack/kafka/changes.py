"""The topic `changes` read to its end by the rule, in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import Message

from calltrack.kafka.cluster import Cluster
from calltrack.kafka.errors import NotARecord
from calltrack.kafka.records import Changed
from calltrack.kafka.rule import Facts

_PIECE = 20_000  # records


class Row(NamedTuple):
    """A change of an account: its number (frame, change), and its JSON."""

    account: str
    frame: int
    change: int
    json: bytes


class Piece(NamedTuple):
    """What is new in the records of a partition from offset `begin` up to `end`.

    removed: records before `begin` that Kafka no longer had when they were to be read.
    """

    partition: int
    begin: int
    end: int
    rows: list[Row]
    removed: int


def pieces(cluster: Cluster, following: Mapping[int, int], facts: Facts) -> Iterator[Piece]:
    """Every partition, from its offset in `following` to what is there when this begins; raises ClusterError."""
    topic = cluster.topics.changes
    for partition, (low, high) in cluster.limits(topic, range(cluster.check())).items():
        begin = max(low, following.get(partition, low))
        removed = begin - following.get(partition, begin)
        while begin < high:
            end, records = min(high, begin + _PIECE), list[tuple[bytes, bytes]]()

            def take(message: Message, records: list[tuple[bytes, bytes]] = records) -> None:
                records.append((message.key() or b"", message.value() or b""))

            cluster.read(topic, {partition: (begin, end)}, take)
            yield Piece(partition, begin, end, list(rows(records, facts)), removed)
            begin, removed = end, 0


def rows(records: Iterable[tuple[bytes, bytes]], facts: Facts) -> Iterator[Row]:
    """What is new in records, account and value, of which `facts` has taken those before."""
    for account, value in records:
        try:
            taken = facts.take(account, Changed.of(value))
        except NotARecord:
            continue  # readers pass over what no worker wrote
        if taken is not None:
            for number, change in enumerate(taken.changes, taken.number.change):
                yield Row(account.decode(), taken.number.frame, number, change)
