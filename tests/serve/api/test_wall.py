"""What boards are given beside the records: the day, the last hour, and the limits."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calltrack.figures.account import AccountTable, TeamTable
from calltrack.serve.config import Config
from calltrack.serve.limits import AllQueues, KeptLimits, Limits, QueueLimits
from calltrack.serve.security.access import TokensError, Visitor, access
from calltrack.serve.security.scope import EVERYTHING, Scope
from tests.frames import START, extension, queue, waiting
from tests.live.harness import scenario
from tests.serve.security.test_access import written
from tests.serve.security.test_guard import bearer
from tests.serve.service import Service, service

BOSS, DESK = "boss-" + "b" * 24, "desk-" + "d" * 24
TOKENS = {
    BOSS: Visitor("boss", EVERYTHING, may_set_limits=True),
    DESK: Visitor("desk", Scope(queues=frozenset({"55"}))),
}


async def put(running: Service, body: Any, token: str = BOSS) -> tuple[int, Any]:
    async with running.client.put("api/limits", json=body, headers=bearer(token)) as answer:
        return answer.status, await answer.json(content_type=None)


async def the_wall(running: Service, token: str, query: str = "") -> Any:
    """The answer, once today is counted."""
    while True:
        _, found = await running.get(f"api/wall{query}", headers=bearer(token))
        if found["hour"] is not None:
            return found
        await asyncio.sleep(0)


@scenario
async def test_a_board_that_has_the_figures_is_sent_none() -> None:
    """Until something changes: 304, without a body."""
    async with service(TOKENS) as running:
        running.source.give(queue(0, "JOIN", "c1", [waiting("c1", 0)]))
        await running.reached(1)
        await the_wall(running, BOSS)
        async with running.client.get("api/wall", headers=bearer(BOSS)) as answer:
            tag = answer.headers["etag"]
        asked = {**bearer(BOSS), "if-none-match": tag}
        async with running.client.get("api/wall", headers=asked) as answer:
            assert (304, b"") == (answer.status, await answer.read())
        await put(running, {"queues": {"55": {"waiting": [1, 2]}}})
        async with running.client.get("api/wall", headers=asked) as answer:
            assert (200, True) == (answer.status, answer.headers["etag"] != tag)


@scenario
async def test_figures_are_counted_by_the_account_s_own_words_and_hours() -> None:
    """Of the report, of the board and of its names; a wait outside of the opening hours is in `closed` alone."""
    table = AccountTable(statuses={"1": "Ready"}, open=("00:00-00:01",))
    config = Config(account=table, team=[TeamTable(name="Sales", extensions=("A",))])
    async with service(TOKENS, config=config) as running:
        day = START // 86400 * 86400 - START
        running.source.give(
            extension(day + 86400 + 5, "A", "userStatusUpdate"),
            queue(day + 86400 + 7200, "JOIN", "c1", [waiting("c1", day + 86400 + 7200)]),
            queue(day + 86400 + 7260, "ABANDONED", "c1", []),
        )
        await running.reached(3)
        wall = await the_wall(running, BOSS)
        _, whole = await running.get("api/kpis", headers=bearer(BOSS))
        _, part = await running.get("api/kpis", headers=bearer(DESK))

    assert {"1": "Ready"} == wall["status_names"]
    assert 0 == wall["hour"]["total"]["day"]["ended"]
    found = whole["report"]
    assert (0, 1) == (found["total"]["waits"]["offered"], found["closed"]["waits"]["offered"])
    assert ["Sales"] == [one["name"] for one in found["teams"]]
    assert (None, []) == (part["report"]["closed"], part["report"]["teams"])


@scenario
async def test_a_role_is_given_its_own_queues() -> None:
    """In the sum, in the lines, and in the limits."""
    async with service(TOKENS) as running:
        running.source.give(
            queue(3, "JOIN", "c1", [waiting("c1", 3)]),
            queue(4, "JOIN", "c2", [waiting("c2", 4)], QueueID=56, QueueName="Sales"),
        )
        await running.reached(2)
        await put(running, {"queues": {"55": {"waiting": [1, 2]}, "56": {"waiting": [3, 4]}}})
        whole, part = await the_wall(running, BOSS), await the_wall(running, DESK)
        alone = await the_wall(running, BOSS, "?queues=56")
        foreign, unknown = await the_wall(running, DESK, "?queues=56"), await the_wall(running, DESK, "?queues=57")
        none = await the_wall(running, BOSS, "?queues=57")

    assert {"55", "56"} == whole["hour"]["queues"].keys()
    assert 2 == whole["hour"]["total"]["lines"]["waiting"][-1]
    assert {"55"} == part["hour"]["queues"].keys() == part["limits"]["queues"].keys()
    assert 1 == part["hour"]["total"]["lines"]["waiting"][-1]
    assert {"56"} == alone["hour"]["queues"].keys()
    assert foreign["hour"] == unknown["hour"] != part["hour"]
    assert {} == foreign["hour"]["queues"] == none["hour"]["queues"]
    assert whole["may_set_limits"]
    assert not part["may_set_limits"]
    assert 0 == part["hour"]["on_calls"][-1]


@scenario
async def test_limits_are_set_by_who_may_and_hold_for_everybody() -> None:
    """Another role reads them, and is refused to write."""
    async with service(TOKENS) as running:
        assert 403 == (await put(running, {}, DESK))[0]
        status, answer = await put(running, {"name": "Support", "states": {"Talking": [60, 90]}})
        assert 200 == status
        assert [60, 90] == answer["limits"]["states"]["Talking"]
        _, read = await running.get("api/limits", headers=bearer(DESK))
        assert ("Support", False) == (read["limits"]["name"], read["may_set"])


@scenario
async def test_limits_that_another_has_set_meanwhile_are_not_lost() -> None:
    """With If-Match they are set only as long as those hold that were read; without they are set."""
    async with service(TOKENS) as running:

        async def replace(match: str, body: Any) -> tuple[int, Any, str]:
            headers = {**bearer(BOSS), **({"if-match": match} if match else {})}
            async with running.client.put("api/limits", json=body, headers=headers) as answer:
                return answer.status, await answer.json(content_type=None), answer.headers.get("etag", "")

        async with running.client.get("api/limits", headers=bearer(BOSS)) as answer:
            tag = answer.headers["etag"]
        status, _, named = await replace(tag, {"name": "Support"})
        assert (200, True) == (status, named != tag)
        for stale in (tag, '"old"', "old", f"W/{tag}", f'{tag}, "x"', '""'):
            refused, said, _ = await replace(stale, {"within_s": 30})
            assert (412, "other limits hold by now: read them again") == (refused, said["detail"]), stale
        assert "Support" == running.engine.limits.limits.name
        async with running.client.get("api/limits", headers={**bearer(BOSS), "if-none-match": named}) as answer:
            assert (304, named) == (answer.status, answer.headers["etag"])
        for match in (named, f'"x", W/{named}', "*", ""):
            assert 200 == (await replace(match, {"name": "Support"}))[0]
        assert 403 == (await put(running, {"name": "x"}, DESK))[0]


@scenario
async def test_a_figure_that_is_left_out_has_its_default() -> None:
    """In `queue` too; null there is none."""
    async with service(TOKENS) as running:
        _, answer = await put(running, {"queue": {"level": [0.9, 0.6], "gone": None}})

    expected = {"waiting": [4, 8], "longest_s": [60, 180], "level": [0.9, 0.6], "gone": None}
    assert expected == answer["limits"]["queue"]


@pytest.mark.parametrize(
    "body",
    [
        {"states": {"Talking": [90, 60]}},
        {"states": {"Dancing": [1, 2]}},
        {"queue": {"level": [0.7, 0.8]}},
        {"queues": {"55": {"waiting": [8, 4]}}},
        {"states": {"Talking": [-1, 60]}},
        {"nothing": 1},
        {"name": "a\0b"},
    ],
)
def test_what_cannot_be_meant_is_refused(body: Any) -> None:
    """With the field, and what holds stays."""

    @scenario
    async def refused() -> None:
        async with service(TOKENS) as running:
            before = running.engine.limits.limits
            status, answer = await put(running, body)
            assert 400 == status
            assert answer["parameters"]
            assert before is running.engine.limits.limits

    refused()


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (Limits(name="a\u202eb"), "name: must"),
        (Limits(queues={"5\n5": QueueLimits()}), "queues: an id"),
        (Limits(short_names={"5\n5": "Sales"}), "short_names: an id"),
        (Limits(short_names={"55": "Sup\x1bport"}), "short_names.55: must"),
        (Limits(states={"1" * 24: (1, 2)}), "states.1"),
    ],
)
def test_what_every_board_shows_is_text(limits: Limits, fault: str) -> None:
    """No character of it is obeyed, and a status has the number of one."""
    assert [True] == [said.startswith(fault) for said in limits.faults()]
    assert [] == [*Limits(name="תמיכה \u200f(1)", states={"14": (1, 2)}).faults()]


def test_a_queue_has_the_common_limits_where_it_has_none_of_its_own() -> None:
    """Field by field."""
    limits = Limits(queues={"55": QueueLimits(waiting=(1, 2))})

    assert AllQueues((1, 2), (60, 180), (0.8, 0.7), (0.05, 0.1)) == limits.of("55")
    assert limits.queue == limits.of("56")


def test_they_outlive_the_service(tmp_path: Path) -> None:
    """In a file that is the service's alone; a damaged one is set aside, not lost."""
    path = tmp_path / "journal-limits.json"
    kept = KeptLimits(path)
    assert Limits() == kept.limits
    kept.set(Limits(name="Support"))
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert "Support" == KeptLimits(path).limits.name
    path.write_bytes(b'{"name": 5}')

    assert Limits() == KeptLimits(path).limits
    assert b'{"name": 5}' == (tmp_path / "journal-limits.json.damaged").read_bytes()
    assert not path.exists()


def test_a_disk_that_refuses_changes_nothing(tmp_path: Path) -> None:
    """What held before holds still."""
    kept = KeptLimits(tmp_path / "missing" / "limits.json")
    with pytest.raises(OSError, match="limits"):
        kept.set(Limits(name="Support"))

    assert "" == kept.limits.name


def test_the_tokens_file_says_who_may_set_them(tmp_path: Path) -> None:
    """Who sees a part of the queues cannot: the limits of the others would be lost."""
    entry = f'[[token]]\nname = "boss"\ntoken = "{BOSS}"\nlimits = true\n'
    visitor = access(written(tmp_path, entry)).by_token(BOSS)

    assert visitor is not None
    assert visitor.may_set_limits
    with pytest.raises(TokensError, match="boss cannot set limits"):
        access(written(tmp_path, f'{entry}queues = ["55"]\n'))


def test_what_is_kept_is_what_was_set(tmp_path: Path) -> None:
    """Every field of it."""
    limits = Limits("x", False, 30, AllQueues((1, 2)), {"55": QueueLimits()}, {"55": "Bills"}, {"Hold": (0, 9)})
    KeptLimits(tmp_path / "file").set(limits)

    assert limits == KeptLimits(tmp_path / "file").limits
    assert limits == msgspec.json.decode((tmp_path / "file").read_bytes(), type=Limits)
