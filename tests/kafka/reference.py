"""What must come out: the changes of one process that is given the same log, and how readers find them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from calltrack import Frame, Tracker
from calltrack.kafka.partition import CLAIMED
from calltrack.kafka.records import Changed
from calltrack.kafka.rule import Facts, States
from tests.kafka.world import Log, Topics

Line = tuple[int, int, bytes]  # frame, change, JSON
Moments = dict[tuple[bytes, int], bytes]  # the state of an account after a frame


class OneProcess(NamedTuple):
    """What one process makes of a log.

    lines: the changes of every account. states: after the frames that were asked for. causes: the offset of the record
    that each frame was. fenced: frames of an older lease.
    """

    lines: dict[bytes, list[Line]]
    states: Moments
    causes: dict[tuple[bytes, int], int]
    fenced: int


def one_process(frames: Log, wanted: set[tuple[bytes, int]]) -> OneProcess:
    """One tracker for each account, fed the log; written anew here, so as not to share the worker's mistakes."""
    trackers: dict[bytes, Tracker] = {}
    leases: dict[bytes, int] = {}
    counts: dict[bytes, int] = {}
    lines: dict[bytes, list[Line]] = {}
    states: Moments = {}
    causes: dict[tuple[bytes, int], int] = {}
    fenced = 0
    for offset, record in enumerate(frames.records):
        assert record is not None
        account, kind, lease = record.key, record.value[:1], int.from_bytes(record.value[1:9], "big")
        if kind not in (b"F", b"C"):  # a marker, or what does not belong there
            continue
        tracker = trackers.setdefault(account, Tracker())
        if account not in counts:
            states[account, 0] = tracker.snapshot().to_json().encode()
        if kind == b"C":
            before, leases[account] = leases.get(account, 0), max(lease, leases.get(account, 0))
            if before == 0 or lease <= before:
                continue
            frame = Frame.of("disconnect", {"reason": CLAIMED})
        elif lease < leases.get(account, 0):
            fenced += 1
            continue
        else:
            leases[account] = lease
            frame = Frame.decode(record.value[9:])
        for number, change in enumerate(tracker.feed(frame), 1):
            lines.setdefault(account, []).append((change.position, number, msgspec.json.encode(change)))
        number = counts[account] = counts.get(account, 0) + 1
        causes[account, number] = offset
        if (account, number) in wanted:
            states[account, number] = tracker.snapshot().to_json().encode()
    return OneProcess(lines, states, causes, fenced)


def as_read(changes: Log, *, rule: bool = True) -> tuple[dict[bytes, list[Line]], int]:
    """The changes of every account as a reader gets them, and how many it drops.

    Without the rule it takes everything, and only begins again with each generation.
    """
    facts = Facts()
    generations: dict[bytes, int] = {}
    lines: dict[bytes, list[Line]] = {}
    for stored in changes.records:
        assert stored is not None
        account, changed = stored.key, Changed.of(stored.value)
        mine = lines.setdefault(account, [])
        taken = (facts if rule else Facts()).take(account, changed)
        if taken is not None:
            mine += [(taken.number.frame, number, one) for number, one in enumerate(taken.changes, taken.number.change)]
        elif len(changed.snapshot) and not rule and changed.generation > generations.get(account, -1):
            generations[account] = changed.generation
            mine[:] = [line for line in mine if line[0] <= changed.frame]
    return lines, facts.dropped


def wrong_states(changes: Log, lines: dict[bytes, list[Line]], states: Moments) -> Iterator[str]:
    """Where a reader that follows the state is led astray: resets to another state, changes missing after them."""
    reader = States()
    since: dict[bytes, tuple[int, list[bytes]]] = {}
    for stored in changes.records:
        assert stored is not None
        moved = reader.take(stored.key, Changed.of(stored.value))
        if moved is not None and moved.reset:
            since[stored.key] = moved.position.frame, []
            if states.get((stored.key, moved.position.frame)) != moved.reset:
                yield f"{stored.key.decode()}: the reset after frame {moved.position.frame} is another state"
        elif moved is not None:
            since[stored.key][1].extend(moved.changes)
    for account, (frame, followed) in since.items():
        if followed != [line[2] for line in lines.get(account, ()) if line[0] > frame]:
            yield f"{account.decode()}: the state after frame {frame} is followed by other changes"


def compared(topics: Topics, *, rule: bool = True) -> tuple[list[str], int, int, int]:
    """What differs, how many changes there are, were dropped by the reader, and how many frames were fenced."""
    resets = {(stored.key, Changed.of(stored.value).frame) for stored in topics.changes.records if stored}
    expected, states, _, fenced = one_process(topics.frames, resets if rule else set())
    found, dropped = as_read(topics.changes, rule=rule)
    differences = [
        f"{account.decode()}: {len(found.get(account, []))} changes, not these {len(lines)}"
        for account, lines in sorted(expected.items())
        if found.get(account, []) != lines
    ]
    if rule:
        differences += wrong_states(topics.changes, expected, states)
    return differences, sum(map(len, expected.values())), dropped, fenced
