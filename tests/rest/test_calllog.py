"""The Call Log against the simulated vendor: limits, halving, refusals; and the backfill of a journal."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack import Frame
from calltrack.cdr.shapes import CallLogRefused
from calltrack.cli import commands
from calltrack.core.records import Gap
from calltrack.journal import Journal
from calltrack.rest.backfill import DAY_S, NotProgress, Part, Progress, parts
from calltrack.rest.calllog import CallLog
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from calltrack.simulate.server.others import CODE, Others

DAY = 1_704_697_200


def simulator(**more: object) -> Simulator:
    """A centre with a past of two hours, whose world stands still while it is asked."""
    found = Simulator(Plan(agents=8), speed=0.001, others=Others(**more))  # type: ignore[arg-type]
    for change in found.world.changes(found.world.now + 7200):
        found.others.see(change)
    return found


async def asked(it: Simulator, code: str = CODE, waits: list[str] | None = None) -> list[str]:
    """The ids of all records of the past."""
    log = CallLog(code, f"{it.url}/hub/cdr/", pause_s=0, on_wait=lambda why, _: (waits or []).append(why))
    return [json.loads(record)["CallID"] async for record in log.records(DAY - DAY_S, DAY + DAY_S)]


def test_every_record_once_however_few_fit() -> None:
    """A range with more records than an answer holds is halved."""

    async def main() -> None:
        async with simulator() as it:
            everything = await asked(it)
        async with simulator(most=7, a_minute=1000) as it:
            assert sorted(await asked(it)) == sorted(everything)
        assert len(everything) > 50

    asyncio.run(main())


def test_half_a_character_spoils_no_answer() -> None:
    """It is a "?" in its record; the others are there too."""

    async def main() -> None:
        async with simulator() as it:
            everything = await asked(it)
            it.others._parts[0] = it.others._parts[0]._replace(ivrid="a\ud83d")
            assert ["a?", *everything[1:]] == await asked(it)

    asyncio.run(main())


def test_a_wrong_code_is_refused() -> None:
    """At once: another try would not help."""

    async def main() -> None:
        async with simulator() as it:
            with pytest.raises(CallLogRefused, match="the code was refused"):
                await asked(it, "wrong")

    asyncio.run(main())


def test_gaps_become_days() -> None:
    """With a margin before, because a record has the beginning of its call; what overlaps is one."""
    gaps = (Gap(DAY, DAY + 100, "x"), Gap(DAY + 200, DAY + 300, "y"), Gap(DAY + 3 * DAY_S, None, "z"))
    found = parts(gaps, DAY - DAY_S, DAY + 4 * DAY_S, margin_s=3600)

    assert found[0] == Part(DAY - 3600, DAY + 300)
    assert sum(part.until - part.since + 1 for part in found) == (3600 + 300 + 1) + (DAY_S + 3600 + 1)
    assert all(part.since // DAY_S == part.until // DAY_S for part in found)
    assert parts((), DAY, DAY + 1) == []


def test_progress_survives(tmp_path: Path) -> None:
    """And a file that is none is named."""
    path = tmp_path / "progress.json"
    progress = Progress(path)
    progress.note(Part(1, 2))
    assert Part(1, 2) in Progress(path)
    path.write_text("{")
    with pytest.raises(NotProgress):
        Progress(path)


def test_backfill_fills_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that saw nothing of two hours gets their records, once, and its calls appear."""
    path = tmp_path / "journal"
    login = Frame.of("loginSuccess", {"servertime": DAY + 7200, "servertimeoffset": 120, "errorCode": 0}, float(DAY))
    later = Frame.of(
        "loginSuccess", {"servertime": DAY + 7200 + 8000, "servertimeoffset": 120, "errorCode": 0}, DAY + 8e3
    )
    with Journal.open(path) as journal:
        journal.append([login, Frame.of("disconnect", {"reason": "lost"}, DAY + 1.0), later])
    monkeypatch.setenv("CALLTRACK_CODE", CODE)
    found: list[str] = []

    async def main() -> None:
        async with simulator() as it:
            arguments = ["backfill", str(path), "--url", f"{it.url}/hub/cdr/"]
            for _ in range(2):
                result = await asyncio.to_thread(CliRunner().invoke, commands, arguments)
                assert result.exit_code == 0, result.output
                found.append(result.stdout.splitlines()[-1])

    asyncio.run(main())
    with Journal.open(path, read_only=True) as journal:
        snapshot = journal.tracker().snapshot()
    assert len(snapshot.ended) > 20
    assert all(call.statements for call in snapshot.ended)
    assert found[1] == "0 records were added"


def test_the_code_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the message says how to give it."""
    monkeypatch.delenv("CALLTRACK_CODE", raising=False)
    Journal.open(tmp_path / "journal").close()
    result = CliRunner().invoke(commands, ["backfill", str(tmp_path / "journal")])

    assert result.exit_code == 2
    assert "CALLTRACK_CODE" in result.output
