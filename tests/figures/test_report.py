"""Grouping, intervals and parts."""

from typing import Any

import msgspec
import pytest

from calltrack.core.errors import NotASnapshot
from calltrack.core.records import Gap
from calltrack.core.states import Outcome
from calltrack.figures import CallRow, Checkpoint, Facts, Part, Report, report
from calltrack.figures.checkpoint import Accounts
from tests.figures.made import ANSWERED, facts, status, talk, wait
from tests.figures.test_facts import gathered


def call(ended_at: float | None, direction: str = "Incoming", **more: Any) -> CallRow:
    """A call that ended, answered."""
    base: dict[str, Any] = {"call_id": f"{direction} {ended_at}", "direction": direction, "account_id": 1, "started": 0}
    base |= {"caller": "", "caller_name": "", "did": "", "queue_id": ""}
    base |= {"answered": True, "outcome": ANSWERED, "talk_s": 10, "ended_at": ended_at}
    return CallRow(**{**base, **more})


def test_calls_by_direction() -> None:
    """All of them first; listeners' are none."""
    found = report(
        facts(
            call(10), call(20, answered=False, outcome=Outcome.ABANDONED, talk_s=0), call(30, "Outgoing"),
            call(40, "Internal"), call(50, "Click2call", transferred_by="Lois"), call(60, "Spy", outcome=Outcome.SPIED),
        )
    ).total.calls  # fmt: skip

    assert [("", 5), ("Incoming", 2), ("Outgoing", 1), ("Internal", 1), ("Click2call", 1)] == [
        (one.direction, one.calls) for one in found
    ]
    assert (4, 40, 1) == (found[0].answered, found[0].talk_s, found[0].transferred)


def test_a_queue_has_the_work_of_its_callers() -> None:
    """Not that of legs that are dialed out in its name (seen), and no time of its own."""
    (queue,) = report(
        facts(
            talk(100, 200, queue_id="55"), talk(300, 400, queue_id="55", direction="Outgoing"), queues={"55": "Support"}
        )
    ).queues

    assert ("55", "Support") == (queue.key, queue.name)
    assert queue.work is not None
    assert (1, 100, None, ()) == (queue.work.handled, queue.work.talk_s, queue.work.occupancy, queue.work.statuses)


def test_only_some_groups_are_counted() -> None:
    """They are those of the whole report; contacts are counted only where a group shows them."""
    rows = facts(talk(100, 200, queue_id="55"), talk(300, 400), wait(90, 100, ANSWERED), queues={"55": "Support"})
    whole, some = report(rows), report(rows, only=("queue",))

    assert [queue.work for queue in whole.queues] == [queue.work for queue in some.queues] != []
    assert ((), (), None) == (some.agents, some.accounts, some.total.contacts)
    assert whole.agents == report(rows, only=("agent",)).agents != ()


def test_a_campaign_has_its_calls_with_their_legs_and_waits() -> None:
    """By its name; what no campaign made is of none."""
    made: dict[str, Any] = {"call_id": "1", "campaign_id": "9"}
    (found,) = report(
        facts(
            *(call(200, "Outgoing", **made), call(300)),
            *(talk(100, 200, direction="Outgoing", **made), talk(210, 300)),
            *(wait(50, 90, ANSWERED, call_id="1"), wait(200, 210, ANSWERED)),
            campaigns={"9": "Renewals"},
        )
    ).campaigns

    assert found.work is not None and found.waits is not None
    assert ("9", "Renewals", 1, 1, 1) == (
        *(found.key, found.name, found.calls[0].calls, found.work.handled, found.waits.answered),
    )


def test_an_agent_at_two_extensions_is_one() -> None:
    """And two agents at one extension are two."""
    held = facts(
        status(1, 0, 500), status(3, 500, exten_user="SIP2"), status(1, 500, agent_id=8, agent_name="Clark"),
        talk(100, 200), talk(600, 700, exten_user="SIP2"),
    )  # fmt: skip
    agents = {one.key: one for one in report(held).agents}

    assert {"7": "Lois", "8": "Clark"} == {key: one.name for key, one in agents.items()}
    assert agents["7"].work is not None and agents["8"].work is not None
    assert (2, [(1, 500), (3, 500)]) == (
        agents["7"].work.handled,
        [(one.status, one.seconds) for one in agents["7"].work.statuses],
    )
    assert 0 == agents["8"].work.handled


def test_a_wait_that_rang_nowhere_is_its_queues_accounts() -> None:
    """If all that came from there were of one account; else it is of none."""
    held = facts(
        wait(0, 10, Outcome.ABANDONED),
        wait(0, 20, ANSWERED, account_id=1),
        wait(0, 30, Outcome.ABANDONED, queue_id="56"),
        accounts=Accounts({"55": [1], "56": [1, 2]}, [1, 2]),
    )
    offered = {one.key: one.waits.offered for one in report(held).accounts if one.waits}

    assert {"1": 2, "": 1} == offered


def test_parts_and_their_coverage() -> None:
    """Each counts for itself; before the first frame and after the last nothing was observed."""
    held = facts(wait(10, 50, ANSWERED), wait(10, 150, ANSWERED), first=0, time=200)
    found = report(held, parts=[Part("one", -100, 100), Part("two", 100, 300), Part("none", 50, 50)]).parts

    assert [("one", 1, 0.5), ("two", 1, 0.5), ("none", 0, None)] == [
        (part.name, part.waits.offered, part.coverage) for part in found if part.waits
    ]


def test_gaps_are_those_of_the_interval() -> None:
    """Touching is not enough; one that lasts has no end."""
    held = facts(gaps=(Gap(10, 20, "one"), Gap(30, None, "two")))

    assert ["one", "two"] == [gap.reason for gap in report(held).gaps]
    assert ["two"] == [gap.reason for gap in report(held, 20, 40).gaps]
    assert [] == [gap.reason for gap in report(held, 20, 30).gaps]


def test_a_report_is_json_and_back() -> None:
    """The same value."""
    found = report(gathered("consult-and-transfer"), parts=[Part("all", 0, 2_000_000_000)])

    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Report)


def test_nothing_at_all() -> None:
    """A stream without a time has figures of nothing, and says so."""
    found = report(Facts())

    assert (None, None, 0, None) == (found.since, found.until, found.total.observed_s, found.total.coverage)


@pytest.mark.parametrize("text", ["{}", "x", '{"format": 9}', b"\xff"])
def test_what_is_no_checkpoint(text: str | bytes) -> None:
    """Says so."""
    with pytest.raises(NotASnapshot, match="checkpoint"):
        Checkpoint.from_json(text)


def test_a_checkpoint_of_another_format() -> None:
    """Is not read as if it were this one."""
    text = msgspec.json.encode(msgspec.structs.replace(Facts().checkpoint(), format=1))

    with pytest.raises(NotASnapshot, match="format 1"):
        Checkpoint.from_json(text)
