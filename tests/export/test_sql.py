"""SQL over the exported tables gives the figures of the report: anybody can check them, with DuckDB and docs/kpi.md."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from calltrack import Tracker, read_recording
from calltrack.figures import Facts, Figures, Options, Report, report
from calltrack.figures.days import days
from calltrack.simulate import Plan, write_recording

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Jerusalem")
OPTIONS = Options(service_level_s=20, short_abandon_s=5)

WAITS = """
    select {by} as key,
        count(*) as offered,
        count(*) filter (outcome in ('answered', 'picked up')) as answered,
        count(*) filter (outcome = 'picked up') as picked_up,
        count(*) filter (outcome = 'abandoned') as abandoned,
        count(*) filter (outcome = 'abandoned' and wait_s < 5) as abandoned_short,
        count(*) filter (outcome = 'lost') as lost,
        avg(wait_s) filter (outcome in ('answered', 'picked up')) as asa_s,
        avg(wait_s) filter (outcome = 'abandoned') as average_abandon_s,
        max(wait_s) as longest_wait_s,
        count(*) filter (outcome = 'abandoned') / nullif(count(*) filter (outcome <> 'lost'), 0) as abandonment_rate,
        sum(rings) as rings,
        sum(greatest(0, rounds - 1)) as re_rings,
        max(rounds) as most_rings
    from queue_entries where outcome is not null group by all
"""
LEVELS = """
    with waits as (
        select {by} as key,
            count(*) filter (outcome in ('answered', 'picked up') and wait_s <= 20) as a,
            count(*) filter (outcome = 'abandoned' and wait_s <= 20) as b,
            count(*) filter (outcome in ('answered', 'picked up')) as answered,
            count(*) filter (outcome in ('answered', 'picked up', 'abandoned')) as presented
        from queue_entries where outcome is not null and wait_s is not null group by all
    )
    select key, a as answered_within, b as abandoned_within,
        a / nullif(answered, 0) as handled_only, a / nullif(presented - b, 0) as ignoring_abandons,
        a / nullif(presented, 0) as negative, (a + b) / nullif(presented, 0) as positive
    from waits
"""
WORK = """
    with ended as (
        select *, {by} as key, answered and c2c <> 1 and direction <> 'Spy' and outcome <> 'spied' as handled
        from legs where outcome is not null
    )
    select key,
        count(*) filter (rang) as rang,
        count(*) filter (rang and answered) as answered,
        count(*) filter (rang and not answered and outcome <> 'answered elsewhere') as not_answered,
        count(*) filter (rang and outcome = 'answered elsewhere') as answered_elsewhere,
        count(*) filter (picked_up) as picked_up,
        count(*) filter (direction = 'Outgoing' or c2c = 2) as dialed,
        count(*) filter ((direction = 'Outgoing' or c2c = 2) and answered) as reached,
        count(*) filter (handled) as handled,
        coalesce(sum(talk_s) filter (handled), 0) as talk_s,
        coalesce(sum(hold_s) filter (handled), 0) as hold_s,
        avg(talk_s) filter (handled) as att_s
    from ended group by all
"""
CALLS = """
    select {by} as key, count(*) as calls, count(*) filter (answered) as answered, sum(talk_s) as talk_s,
        count(*) filter (transferred_by is not null) as transferred
    from calls where outcome is not null and direction <> 'Spy' group by all
"""
BUSY = """
    with spells as (
        select exten_user as key, unnest(spells, recursive := true) from legs where c2c <> 1 -- state, since, until
    ), moments as (
        select key, greatest(epoch(since), {begin}) as moment, 1 as step from spells where state in ('Talking', 'Hold')
        union all
        select key, coalesce(epoch(until), {end}), -1 from spells where state in ('Talking', 'Hold')
    ), depths as (
        select key, moment, lead(moment) over by_time as next, sum(step) over by_time as depth
        from moments window by_time as (partition by key order by moment, step desc)
    )
    select key, sum(next - moment) filter (depth > 0) as busy_s from depths group by all
"""
STATUSES = """
    select exten_user || ' ' || status as key,
        sum(coalesce(epoch(until), {end}) - greatest(epoch(since), {begin})) as seconds
    from agent_states group by all
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated evening and night in Israel, and its tables as the command writes them."""
    path = tmp_path_factory.mktemp("sql")
    plan = Plan(agents=8, queues=3, start=1_704_740_400.0)  # 21:00 there
    write_recording(path / "night.jsonl", plan, seed=11, hours=6, truth=False)
    subprocess.run(
        [sys.executable, "-m", "calltrack", "export", path / "night.jsonl", "-o", path, "--tz", str(ZONE)],
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture(scope="module")
def found(folder: Path) -> Report:
    """What `report` counts."""
    tracker, facts = Tracker(), Facts()
    for frame in read_recording(folder / "night.jsonl"):
        facts.apply(tracker.feed(frame), tracker.time)
    assert facts.first is not None and facts.time is not None
    return report(facts, None, None, OPTIONS, days(facts.first, facts.time, ZONE))


class Tables:
    """The exported tables, to be asked by SQL."""

    def __init__(self, folder: Path, report: Report):
        self._begin, self._end = report.since, report.until
        self._base = duckdb.connect()
        for table in ("calls", "legs", "queue_entries", "agent_states"):
            files = f"{folder}/{table}/**/*.parquet"
            self._base.execute(
                f"create view {table} as select * from read_parquet('{files}', hive_partitioning = true, "
                "hive_types = {'account': varchar, 'day': varchar})"
            )

    def ask(self, sql: str, by: str = "") -> dict[str, dict[str, Any]]:
        """Each row by its key, without it."""
        result = self._base.execute(sql.format(by=by, begin=self._begin, end=self._end))
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        return {row.pop("key") or "": row for row in rows}


@pytest.fixture(scope="module")
def tables(folder: Path, found: Report) -> Tables:
    return Tables(folder, found)


def same(expected: dict[str, Any], figures: object) -> None:
    """Every column of SQL is the figure of that name."""
    assert expected == {name: pytest.approx(getattr(figures, name)) for name in expected}


def named(groups: tuple[Figures, ...]) -> dict[str, Figures]:
    return {one.key: one for one in groups}


@pytest.mark.parametrize(("by", "group"), [("queue_id", "queues"), ("day", "parts"), ("account_id", "accounts")])
def test_waits(tables: Tables, found: Report, by: str, group: str) -> None:
    """Offered, answered, abandoned, ASA and rings, and the service level in its variants."""
    figures = named(getattr(found, group))
    asked, levels = tables.ask(WAITS, by), tables.ask(LEVELS, by)

    assert sum(row["offered"] for row in asked.values()) > 100
    assert asked.keys() == {key for key, one in figures.items() if one.waits and one.waits.offered}
    for key, row in asked.items():
        waits = figures[key].waits
        assert waits is not None
        same(row, waits)
        same(levels[key], waits.service_level)


@pytest.mark.parametrize(("by", "group"), [("exten_user", "extensions"), ("day", "parts"), ("account_id", "accounts")])
def test_work(tables: Tables, found: Report, by: str, group: str) -> None:
    """Rung, answered, missed, dialed, handled, and the time of conversations."""
    figures = named(getattr(found, group))
    asked = tables.ask(WORK, by)

    assert sum(row["handled"] for row in asked.values()) > 100
    for key, row in asked.items():
        same(row, figures[key].work)


@pytest.mark.parametrize(("by", "group"), [("day", "parts"), ("account_id", "accounts")])
def test_calls(tables: Tables, found: Report, by: str, group: str) -> None:
    """All directions together, and apart."""
    figures = named(getattr(found, group))
    apart = tables.ask(CALLS, f"coalesce({by}, '') || ' ' || direction")

    for key, row in tables.ask(CALLS, by).items():
        same(row, figures[key].calls[0])
        for one in figures[key].calls[1:]:
            same(apart[f"{key} {one.direction}"], one)


def test_time_of_extensions(tables: Tables, found: Report) -> None:
    """Busy, where overlapping conversations count once, and the time in each status."""
    busy, statuses = tables.ask(BUSY), tables.ask(STATUSES)

    assert sum(row["busy_s"] for row in busy.values()) > 10_000
    for key, one in named(found.extensions).items():
        assert one.work is not None
        assert busy.get(key, {"busy_s": 0})["busy_s"] == pytest.approx(one.work.busy_s)
        for spent in one.work.statuses:
            assert statuses[f"{key} {spent.status}"]["seconds"] == pytest.approx(spent.seconds)


def test_days_are_local(tables: Tables, found: Report) -> None:
    """A call that ended at 00:10 in Israel, which is 22:10 UTC of the day before, is in the later day."""
    rows = tables.ask("select call_id as key, ended_at, day from calls where day = '2024-01-09'")

    assert rows
    assert all(row["ended_at"].astimezone(ZONE).strftime("%Y-%m-%d") == row["day"] for row in rows.values())
    assert any(row["ended_at"].astimezone(UTC) < datetime(2024, 1, 9, tzinfo=UTC) for row in rows.values())
