"""A snapshot and a moment in, the rows of the board's tables out. Pure: no clock, no terminal.

All text of strangers goes through `safe` here, so whatever shows a row can show it as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, tzinfo
from typing import NamedTuple

from calltrack.core.records import Call, Extension, Leg, Queue
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import AGENT_STATUSES, State
from calltrack.words.values import moment, safe, span

STATES = (
    State.TALKING,
    State.RINGING,
    State.DIALING,
    State.HOLD,
    State.QUEUED,
    State.SPYING,
    State.IDLE,
    State.UNKNOWN,
)
"""The states that a filter can ask for, in the order in which the board names them."""

_STYLES = {
    State.TALKING: "green",
    State.RINGING: "bold yellow",
    State.DIALING: "yellow",
    State.HOLD: "magenta",
    State.QUEUED: "bold cyan",
    State.SPYING: "blue",
    State.IDLE: "dim",
    State.UNKNOWN: "red",
}
_WAYS = {"Incoming": "in", "Outgoing": "out"}
_RANKS = {State.RINGING: 1, State.QUEUED: 2}
_LOGOUT = 2
_LONG_WAIT, _TOO_LONG_WAIT = 30, 120  # s; where a queue's longest wait turns yellow, and red


class Cell(NamedTuple):
    """A text as it is shown, what it is sorted by (one type per column), and a rich style."""

    text: str
    order: str | float
    style: str = ""


class Row(NamedTuple):
    """One line of a table; `key` names it for good, `call_id` is the call that it opens, "" for none.

    `trouble` sorts by how much it needs attention, the most first. `away` is a phone without an agent and without a
    call, which is hidden unless it is asked for.
    """

    key: str
    cells: tuple[Cell, ...]
    state: State | None = None
    call_id: str = ""
    trouble: tuple[int, float, str] = (0, 0, "")
    away: bool = False


class Column(NamedTuple):
    """A column: it is as wide as its texts, but at most `most` cells, and `least` where there is little room."""

    title: str
    least: int
    most: int
    right: bool = False


class Table(NamedTuple):
    """A table of the board; `states` are those its rows can be in. At first it is sorted by trouble."""

    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Snapshot, float | None], list[Row]]
    states: frozenset[State]


BY_TROUBLE = -1
"""In the place of a column: the rows that need attention first, then by name."""


class View(NamedTuple):
    """What of a table is shown: rows with this text, in this state, by this column; with `everyone` all phones."""

    sort: int = BY_TROUBLE
    reverse: bool = False
    text: str = ""
    state: State | None = None
    everyone: bool = False


def agents(snapshot: Snapshot, now: float | None) -> list[Row]:
    """A row per extension: its agent, what it does and since when, the agent's status, and whom it talks to."""
    return [_agent(known, now) for known in snapshot.extensions]


def calls(snapshot: Snapshot, now: float | None) -> list[Row]:
    """A row per live call: who, what and since when, and where: the agents of its legs, the queues it waits in."""
    names = {known.exten_user: known.agent_name or known.exten_user for known in snapshot.extensions}
    queues_by_id = {known.queue_id: known.name for known in snapshot.queues}
    return [_call(call, now, names, queues_by_id) for call in snapshot.calls]


def queues(snapshot: Snapshot, now: float | None) -> list[Row]:
    """A row per queue: how many wait and for how long, and the sums so far; it opens the call that waits longest."""
    return [_queue(queue, now) for queue in snapshot.queues]


TABLES = {
    "agents": Table(
        "Agents",
        (
            Column("Agent", 8, 24),
            Column("Ext", 6, 16),
            Column("State", 7, 8),
            Column("For", 7, 8, right=True),
            Column("Status", 6, 16),
            Column("For", 7, 8, right=True),
            Column("With", 6, 34),
        ),
        agents,
        frozenset(STATES) - {State.QUEUED},
    ),
    "queues": Table(
        "Queues",
        (
            Column("Queue", 8, 26),
            Column("Wait", 4, 6, right=True),
            Column("Longest", 7, 8, right=True),
            Column("Answ", 4, 7, right=True),
            Column("Aband", 5, 7, right=True),
            Column("Lost", 4, 7, right=True),
        ),
        queues,
        frozenset(),
    ),
    "calls": Table(
        "Calls",
        (
            Column("Caller", 8, 20),
            Column("State", 7, 8),
            Column("For", 7, 8, right=True),
            Column("Total", 7, 8, right=True),
            Column("Way", 3, 8),
            Column("Where", 8, 40),
        ),
        calls,
        frozenset(STATES) - {State.IDLE},
    ),
}
"""The tables by name, in the order of their keys."""


def seen(rows: Iterable[Row], table: Table, view: View) -> list[Row]:
    """The rows that a view lets through, in its order; a state that the table's rows cannot be in hides none."""
    text = view.text.casefold()
    wanted = view.state if view.state in table.states else None
    found = [
        row
        for row in rows
        if (view.everyone or text or not row.away)
        and (wanted is None or row.state is wanted)
        and (not text or row.key.casefold().startswith(text) or any(text in words for words in _words(row)))
    ]
    # Twice, for rows that are equal in the one column are to stay where they are from frame to frame.
    found.sort(key=lambda row: row.key)
    if view.sort == BY_TROUBLE:
        found.sort(key=lambda row: row.trouble, reverse=view.reverse)
    else:
        found.sort(key=lambda row: row.cells[view.sort].order, reverse=view.reverse)
    return found


def lost_since(snapshot: Snapshot, zone: tzinfo = UTC) -> str:
    """ "unknown since T: reason" while the connection is lost, else ""."""
    gap = snapshot.gaps[-1] if snapshot.gaps else None
    if gap is None or gap.until is not None:
        return ""
    return f"unknown since {moment(gap.since, zone)}: {safe(gap.reason)}"


def totals(snapshot: Snapshot, now: float | None) -> str:
    """The whole centre in one line, the most urgent first; the sums are since the source began."""
    states = Counter(known.state for known in snapshot.extensions)
    doing = ", ".join(f"{states[state]} {state.lower()}" for state in STATES if states[state])
    waiting = sum(len(queue.waiting) for queue in snapshot.queues)
    longest = max((_longest(queue, now) for queue in snapshot.queues), default=-1)
    answered = sum(queue.answered + queue.picked_up for queue in snapshot.queues)
    abandoned, lost = (sum(getattr(queue, name) for queue in snapshot.queues) for name in ("abandoned", "lost"))
    parts = [
        f"{waiting} waiting" + (f", longest {span(longest)}" if longest >= 0 else ""),
        f"{len(snapshot.calls)} call{'s' * (len(snapshot.calls) != 1)}",
        f"{len(snapshot.extensions)} agents" + (f": {doing}" if doing else ""),
    ]
    if snapshot.queues:
        sums = (("answered", answered), ("abandoned", abandoned), ("lost", lost))
        parts.append(", ".join(f"{count} {name}" for name, count in sums if count or name != "lost"))
    if doubtful := len(snapshot.doubtful()):
        parts.insert(0, f"{doubtful} doubtful")
    return "  │  ".join(parts)


def _agent(known: Extension, now: float | None) -> Row:
    leg = next((leg for leg in known.legs if leg.state is known.state), known.legs[0] if known.legs else None)
    doubtful = any(leg.doubtful for leg in known.legs)
    number, dim = known.agent_status, "dim" if known.unknown else ""
    status = known.agent_status_name or AGENT_STATUSES.get(number or 0) or ("" if number is None else str(number))
    return Row(
        known.exten_user,
        (
            _text(known.agent_name) if known.agent_name else Cell("no agent", "\uffff", "dim"),
            _text(known.exten_user),
            _state(known.state, doubtful),
            _timer(known.since, now, _STYLES.get(known.state, "")),
            _text(f"{status}?" if known.unknown and status else status, dim),
            _timer(known.agent_status_since, now, dim),
            _text(_party(leg) if leg else ""),
        ),
        known.state,
        leg.call_id if leg else "",
        _trouble(known.state, known.since, (known.agent_name or f"\uffff{known.exten_user}").casefold(), doubtful),
        away=not known.legs and (known.agent_id is None or known.agent_status == _LOGOUT),
    )


def _trouble(state: State, since: float | None, name: str, doubtful: bool) -> tuple[int, float, str]:
    """May be over, rings, waits, each the longest first; then all others by name."""
    rank = 0 if doubtful else _RANKS.get(state, len(_RANKS) + 1)
    return rank, (since or 0) if rank <= len(_RANKS) else 0, name


def _party(leg: Leg) -> str:
    return " ".join(filter(None, [leg.caller or "unknown", leg.caller_name if leg.caller_name != leg.caller else ""]))


def _call(call: Call, now: float | None, names: dict[str, str], queues_by_id: dict[str, str]) -> Row:
    waits = [f"queue {queues_by_id.get(wait.queue_id) or wait.queue_id}" for wait in call.waiting]
    doubtful = any(leg.doubtful for leg in call.legs) or any(wait.doubtful for wait in call.waiting)
    where = ", ".join([*(names.get(leg.exten_user, leg.exten_user) for leg in call.legs), *waits])
    return Row(
        call.call_id,
        (
            _text(call.caller or "unknown"),
            _state(call.state, doubtful),
            _timer(call.since, now, _STYLES.get(call.state, "")),
            _timer(call.started, now),
            _text(_WAYS.get(call.direction, call.direction)),
            _text(where),
        ),
        call.state,
        call.call_id,
        _trouble(call.state, call.since, f"{call.started or 0:020.3f}", doubtful),
    )


def _queue(queue: Queue, now: float | None) -> Row:
    waiting, longest = len(queue.waiting), _longest(queue, now)
    style = "bold" if waiting else "dim"
    if queue.unknown:
        style = "red"
    alarm = "red" if longest >= _TOO_LONG_WAIT else "yellow" if longest >= _LONG_WAIT else ""
    first = min(queue.waiting, key=lambda wait: wait.joined_at or 0, default=None)
    return Row(
        queue.queue_id,
        (
            _text(queue.name or queue.queue_id),
            Cell(f"{waiting}{'?' * queue.unknown}", waiting, style),
            Cell(span(longest) if longest >= 0 else "", longest, f"bold {alarm}" if alarm else ""),
            *(Cell(str(count), count) for count in (queue.answered + queue.picked_up, queue.abandoned, queue.lost)),
        ),
        call_id=first.call_id if first else "",
        trouble=(0, -longest, (queue.name or queue.queue_id).casefold()),
    )


def _longest(queue: Queue, now: float | None) -> float:
    """How long the first of a queue waits, s; -1 if none waits, or it is not known."""
    joined = [wait.joined_at for wait in queue.waiting if wait.joined_at is not None]
    return max(0, now - min(joined)) if joined and now is not None else -1


def _words(row: Row) -> Iterator[str]:
    """What a text is looked for in: not in timers and counts, which would come and go."""
    return (cell.text.casefold() for cell in row.cells if isinstance(cell.order, str))


def _text(text: str, style: str = "") -> Cell:
    return Cell(safe(text), text.casefold(), style)


def _state(state: State, doubtful: bool) -> Cell:
    return Cell(f"{state.value}{'?' * doubtful}", state.value, "bold red" if doubtful else _STYLES.get(state, ""))


def _timer(since: float | None, now: float | None, style: str = "") -> Cell:
    if since is None or now is None:
        return Cell("?", -1, "dim")
    seconds = max(0, now - since)
    return Cell(span(seconds), seconds, style)
