"""Facts made of rows, without a stream: what a test is about and no more."""

from typing import Any

from calltrack.core.records import Gap
from calltrack.core.states import Outcome, State
from calltrack.figures import AgentStateRow, CallRow, Checkpoint, Facts, LegRow, QueueEntryRow, Rows
from calltrack.figures.checkpoint import Accounts, Names, Presence
from calltrack.figures.rows import Spell

ANSWERED, PICKED_UP, ABANDONED, LOST = Outcome.ANSWERED, Outcome.PICKED_UP, Outcome.ABANDONED, Outcome.LOST


def facts(*rows: Any, first: float = 0, time: float = 1000, gaps: tuple[Gap, ...] = (), **more: Any) -> Facts:
    """Facts that hold these rows, observed from `first` to `time`; extensions are there all along."""
    kinds: dict[type, list[Any]] = {CallRow: [], LegRow: [], QueueEntryRow: [], AgentStateRow: []}
    for row in rows:
        kinds[type(row)].append(row)
    done = Rows(*(tuple(found) for found in kinds.values()))
    accounts = more.pop("accounts", Accounts())
    names = {row.exten_user for row in rows if isinstance(row, LegRow | AgentStateRow)}
    there = more.pop("presences", tuple(Presence(name, first) for name in sorted(names)))
    return Facts.restore(Checkpoint(first, time, None, gaps, there, Names(**more), accounts, done))


def wait(joined: float, left: float | None = None, outcome: Outcome | None = None, **more: Any) -> QueueEntryRow:
    """A stay in queue 55."""
    took = left - joined if left is not None and outcome is not LOST else None
    base = {"queue_id": "55", "call_id": f"at {joined}", "account_id": None, "wait_s": took}
    return QueueEntryRow(**{**base, "joined_at": joined, "left_at": left, "outcome": outcome, **more})


def talk(since: float, until: float | None, hold: float = 0, **more: Any) -> LegRow:
    """A conversation of agent 7 at SIP1, that rang for a second before and was on hold at its end."""
    last = since if until is None else until
    spells = [Spell(State.TALKING, since, last - hold if hold else until)]
    if hold:
        spells.append(Spell(State.HOLD, last - hold, until))
    base = {
        "call_id": f"at {since}",
        "exten_user": "SIP1",
        "attempt": 1,
        "account_id": 1,
        "agent_id": 7,
        "agent_name": "Lois",
        "queue_id": "",
        "direction": "Incoming",
        "internal": False,
        "c2c": 0,
        "picked_up": False,
        "rang": True,
        "answered": True,
        "spells": tuple(spells),
        "started": since - 1,
        "answered_at": since,
        "ended_at": until,
        "outcome": None if until is None else ANSWERED,
        "ring_s": 1,
        "talk_s": last - since - hold,
        "hold_s": hold,
    }
    return LegRow(**{**base, **more})


def status(number: int | None, since: float, until: float | None = None, **more: Any) -> AgentStateRow:
    """A status of agent 7 at SIP1."""
    base = {"exten_user": "SIP1", "account_id": 1, "agent_id": 7, "agent_name": "Lois", "status_name": ""}
    return AgentStateRow(**{**base, "status": number, "since": since, "until": until, **more})
