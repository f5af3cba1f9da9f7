from msgspec.structs import replace

from calltrack import Frame, Snapshot, State, Tracker
from calltrack.tui.model import TABLES, Row, Table, View, agents, calls, lost_since, queues, seen, totals
from tests.frames import all_extensions, call, extension, queue, utc, waiting


def after(*frames: Frame) -> Snapshot:
    tracker = Tracker()
    for frame in frames:
        tracker.feed(frame)
    return tracker.snapshot()


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


TALKING = (
    extension(0, "SIP1", "userStatusUpdate"),
    extension(10, "SIP1", "NEWCALL", call("c1", "Ringing", 10)),
    extension(14, "SIP1", "ANSWER", call("c1", "Talking", 10, 14)),
)


def test_an_agent_has_its_state_its_status_and_their_timers() -> None:
    """And whom it talks to; the row opens that call."""
    (row,) = agents(after(*TALKING), utc(75))

    assert ["Clark Kent", "SIP1", "Talking", "1:01", "Login", "2:15", "0501234567 Caller"] == texts(row)
    assert ("SIP1", State.TALKING, "c1") == (row.key, row.state, row.call_id)


def test_a_call_has_its_state_its_age_and_its_agents() -> None:
    """The time in the state, and the time since the start."""
    (row,) = calls(after(*TALKING), utc(75))

    assert ["0501234567", "Talking", "1:01", "1:05", "in", "Clark Kent"] == texts(row)
    assert "c1" == row.call_id


def test_a_queue_has_its_longest_wait() -> None:
    """By the clock, not by the last frame; it opens the call that waits longest."""
    snapshot = after(
        queue(1, "JOIN", "c1", [waiting("c1", 1)]), queue(5, "JOIN", "c2", [waiting("c1", 1), waiting("c2", 5)])
    )

    (row,) = queues(snapshot, utc(131))

    assert ["Support", "2", "2:10", "0", "0", "0"] == texts(row)
    assert ("c1", "bold red") == (row.call_id, row.cells[2].style)
    assert "2 waiting, longest 2:10  │  2 calls  │  0 agents  │  0 answered, 0 abandoned" == totals(snapshot, utc(131))
    assert ["Queued", "queue Support"] == [texts(calls(snapshot, utc(131))[0])[index] for index in (1, 5)]


def test_a_lost_connection_is_reported() -> None:
    """Since when and why; what was known is marked, and then it is known again."""
    lost = (*TALKING, Frame.of("disconnect", {"reason": "gone\x1b[2J"}))
    snapshot = after(*lost)

    assert "unknown since 2026-01-01 07:00:14Z: gone\\x1b[2J" == lost_since(snapshot)
    assert ["Unknown", "0:06", "Login?"] == texts(agents(snapshot, utc(20))[0])[2:5]
    assert "" == lost_since(after(*lost, all_extensions(30, SIP1=[])))


def test_nothing_known_is_nothing_shown() -> None:
    """Before the first frame there is no time and no row."""
    empty = after()

    assert [] == [row for table in TABLES.values() for row in table.rows(empty, None)]
    assert ("0 waiting  │  0 calls  │  0 agents", "") == (totals(empty, None), lost_since(empty))


def test_a_stranger_cannot_command_the_terminal() -> None:
    """Control and direction characters are spelled out, markup is text."""
    evil = call("c\x1b1", "Ringing", 10, callername="\x1b]0;owned\x07[red]", callerphone="\u202e1")
    snapshot = after(
        extension(10, "SIP\x071", "NEWCALL", evil, summery={"representative": "\x9b1mEve[bold]"}),
        queue(11, "JOIN", "c2", [waiting("c2")], QueueName="Q\n[link=x]"),
    )
    shown = "".join(cell.text for table in TABLES.values() for row in table.rows(snapshot, 0) for cell in row.cells)

    assert shown.isprintable()
    assert "[red]" in shown


def rows_of(table: Table, snapshot: Snapshot, view: View) -> list[str]:
    return [row.key for row in seen(table.rows(snapshot, utc(60)), table, view)]


def test_a_view_filters_and_sorts() -> None:
    """By text in words but not in timers, by state where there is such a state, by any column both ways."""
    snapshot = after(
        extension(0, "SIP2", "userStatusUpdate", summery={"representative": "Lois Lane"}),
        *TALKING,
        extension(20, "SIP3", "NEWCALL", call("c3", "Ringing", 20)),
        extension(30, "SIP3", "HANGUP", call("c3", "Ringing", 20)),
    )
    table = TABLES["agents"]

    assert ["SIP1", "SIP2", "SIP3"] == rows_of(table, snapshot, View(1, False))
    assert ["SIP3", "SIP2", "SIP1"] == rows_of(table, snapshot, View(1, True))
    assert ["SIP2"] == rows_of(table, snapshot, View(0, False, text="LOIS"))
    assert [] == rows_of(table, snapshot, View(0, False, text="0:"))
    assert ["SIP1"] == rows_of(table, snapshot, View(0, False, state=State.TALKING))
    assert 3 == len(rows_of(table, snapshot, View(0, False, state=State.QUEUED)))
    assert "SIP1" == rows_of(table, snapshot, View(3, True))[0]
    assert ["c1"] == rows_of(TABLES["calls"], snapshot, View(0, False, text="c1"))


def test_trouble_comes_first() -> None:
    """What may be over, then what rings and waits, the longest first, then the others by name."""
    snapshot = after(
        extension(0, "SIP1", "userStatusUpdate", summery={"representative": "Zoe"}),
        extension(1, "SIP2", "userStatusUpdate", summery={"representative": "Amos"}),
        extension(5, "SIP3", "NEWCALL", call("c3", "Ringing", 5)),
        extension(10, "SIP4", "NEWCALL", call("c4", "Ringing", 10)),
        extension(12, "SIP5", "NEWCALL", call("c5", "Dialing", 12), summery={"representative": "Ben"}),
        queue(20, "JOIN", "c6", [waiting("c6", 20)]),
    )
    assert ["SIP3", "SIP4", "SIP2", "SIP5", "SIP1"] == rows_of(TABLES["agents"], snapshot, View())
    assert ["c3", "c4", "c6", "c5"] == rows_of(TABLES["calls"], snapshot, View())

    doubted = [
        replace(one, legs=tuple(replace(leg, doubtful="why") for leg in one.legs)) for one in snapshot.extensions
    ]
    last = replace(snapshot, extensions=(*snapshot.extensions[:4], doubted[4]))
    assert "SIP5" == rows_of(TABLES["agents"], last, View())[0]
    assert "Dialing?" == agents(last, utc(60))[4].cells[2].text
    assert totals(last, utc(60)).startswith("1 doubtful  │  1 waiting, longest 0:40")
