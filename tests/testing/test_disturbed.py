from collections.abc import Iterable

import pytest

from calltrack.kafka.records import Changed
from calltrack.kafka.rule import Facts
from calltrack.testing import prove_reader
from calltrack.testing.disturbed import Row, disturbed

Records = Iterable[tuple[bytes, bytes]]


def by_the_rule(records: Records) -> list[Row]:
    facts, rows = Facts(), list[Row]()
    for account, value in records:
        taken = facts.take(account, Changed.of(value))
        for number, text in enumerate(taken.changes, taken.number.change) if taken else ():
            rows.append(Row(account.decode(), taken.number.frame if taken else 0, number, text))
    return rows


def test_the_rule_keeps_the_law() -> None:
    """Each change once, in order."""
    prove_reader(by_the_rule)


def test_a_restart_at_any_record_changes_nothing() -> None:
    """What is kept is `last`."""
    records, expected = disturbed(3)
    rows, last = list[Row](), Facts().last
    for account, value in records:
        facts = Facts(last)
        taken = facts.take(account, Changed.of(value))
        for number, text in enumerate(taken.changes, taken.number.change) if taken else ():
            rows.append(Row(account.decode(), taken.number.frame if taken else 0, number, text))
        last = facts.last

    assert expected == sorted(rows, key=lambda row: row.account)


def test_a_table_with_a_key_needs_no_memory() -> None:
    """A sink that writes each change under (account, frame, change)."""

    def upsert(records: Records) -> list[Row]:
        table: dict[tuple[bytes, int, int], bytes] = {}
        for account, value in records:
            record = Changed.of(value)
            table.update(
                ((account, record.frame, number), bytes(one)) for number, one in enumerate(record.changes, record.first)
            )
        return [Row(account.decode(), frame, number, text) for (account, frame, number), text in sorted(table.items())]

    prove_reader(upsert)


def test_a_reader_without_the_rule_breaks_the_law() -> None:
    """It doubles changes."""

    def everything(records: Records) -> list[Row]:
        return [
            Row(account.decode(), record.frame, number, bytes(one))
            for account, value in records
            for record in [Changed.of(value)]
            for number, one in enumerate(record.changes, record.first)
        ]

    with pytest.raises(AssertionError, match=r"of \d+ changes 0 are lost, [1-9]\d* doubled, 0 .*; disturbed\(0\)"):
        prove_reader(everything)


def test_a_reader_that_only_compares_frames_breaks_the_law() -> None:
    """A frame whose changes take several records is cut off."""

    def frames(records: Records) -> list[Row]:
        rows, last = list[Row](), dict[bytes, int]()
        for account, value in records:
            record = Changed.of(value)
            if record.frame > last.get(account, 0):
                last[account] = record.frame
                rows += [Row(account.decode(), record.frame, n, bytes(one)) for n, one in enumerate(record.changes, 1)]
        return rows

    with pytest.raises(AssertionError, match=r"[1-9]\d* are lost"):
        prove_reader(frames)
